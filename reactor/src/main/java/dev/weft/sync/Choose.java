// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static java.lang.invoke.MethodType.methodType;

import dev.weft.Awaitable;
import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.routine.NonSuspendingMethod;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.SelectCase;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitCompletion;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import dev.weft.routine.Suspends;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Select over channels and events: waits until one of several operations is possible, and performs
 * only that one.
 *
 * <p>
 *
 * {@snippet :
 * String winner =
 *     Choose.<String>create()
 *         .receive(left, word -> "left: " + word)
 *         .receive(right, word -> "right: " + word)
 *         .timeout(Deadline.after(Duration.ofSeconds(1)), () -> "none")
 *         .await();
 * }
 *
 * <p>If several are possible, a select of {@link #create} takes a random one, so that none starves,
 * and a select of {@link #inOrder} takes the one that was added first. A select may be awaited
 * repeatedly, by one fiber at a time; this allocates nothing.
 *
 * @param <R> the type of the result
 */
public final class Choose<R extends @Nullable Object> {
  /**
   * Maps the received value to the result. It runs in the selecting fiber, after the select.
   *
   * @param <T> the type of the value
   * @param <R> the type of the result
   */
  @FunctionalInterface
  public interface Handler<T, R extends @Nullable Object> {
    /**
     * Computes the result. May suspend.
     *
     * @param value the received value
     * @return the result of the select
     */
    @Suspends
    R handle(T value);
  }

  /**
   * Computes the result of a case without a value. It runs in the selecting fiber, after the
   * select.
   *
   * @param <R> the type of the result
   */
  @FunctionalInterface
  public interface Outcome<R extends @Nullable Object> {
    /**
     * Computes the result. May suspend.
     *
     * @return the result of the select
     */
    @Suspends
    R get();
  }

  /** A case, and what computes the result from its value. */
  private abstract static class Branch<R extends @Nullable Object> {
    final SelectCase operation;

    /** Whether the firing of its node completes it, and its handler is known not to suspend. */
    final boolean completesWhenFired;

    Branch(SelectCase operation, boolean isNonSuspending) {
      this.operation = operation;
      completesWhenFired = isNonSuspending && operation.completesWhenFired();
    }

    /** Returns what the user's handler makes of {@code got}. May suspend. */
    abstract R result(Object got);

    /** As {@link #result}, for a branch that {@link #completesWhenFired}. */
    abstract @Nullable Object plainResult(Object got);
  }

  private static final class ValueBranch<T, R extends @Nullable Object> extends Branch<R> {
    private final Handler<? super T, ? extends R> handler;

    ValueBranch(SelectCase operation, Handler<? super T, ? extends R> handler) {
      super(operation, HANDLE.isThatOf(handler));
      this.handler = handler;
    }

    @Override
    @SuppressWarnings("unchecked") // the value of its operation
    R result(Object got) {
      return handler.handle((T) got);
    }

    @Override
    @Nullable Object plainResult(Object got) {
      return HANDLE.call(handler, got);
    }
  }

  /** Of an operation without a value. */
  private static final class SignalBranch<R extends @Nullable Object> extends Branch<R> {
    private final Outcome<? extends R> outcome;

    SignalBranch(SelectCase operation, Outcome<? extends R> outcome) {
      super(operation, GET.isThatOf(outcome));
      this.outcome = outcome;
    }

    @Override
    R result(Object got) {
      return outcome.get();
    }

    @Override
    @Nullable Object plainResult(Object got) {
      return GET.call(outcome);
    }
  }

  private static final NonSuspendingMethod HANDLE =
      NonSuspendingMethod.of(Handler.class, "handle", methodType(Object.class, Object.class));
  private static final NonSuspendingMethod GET =
      NonSuspendingMethod.of(Outcome.class, "get", methodType(Object.class));

  private static final int WAITING = 0;

  @SuppressWarnings("rawtypes") // empty, so of any type
  private static final Branch[] NONE = {};

  private final EventLoop loop = EventLoop.require("choose");
  private final boolean fair;

  @SuppressWarnings("unchecked") // empty, so of any type
  private Branch<R>[] branches = NONE;

  private Deadline timeout = Deadline.NEVER;
  private @Nullable Outcome<R> onTimeout;
  private @Nullable Outcome<R> otherwise;
  private WaitNode[] nodes = {};

  /** Whether each case completes the select when its node is fired, without suspending again. */
  private boolean completesWhenFired = true;

  private boolean waiting;

  /** The index of the case that was performed last. */
  private int chosen;

  private Choose(boolean fair) {
    this.fair = fair;
  }

  /**
   * Creates a fair select: of several possible operations it takes a random one.
   *
   * @param <R> the type of the result
   * @return a select of the current reactor, without cases yet
   */
  public static <R extends @Nullable Object> Choose<R> create() {
    return new Choose<>(true);
  }

  /**
   * Creates a select that prefers cases that were added earlier.
   *
   * @param <R> the type of the result
   * @return a select of the current reactor, without cases yet
   */
  public static <R extends @Nullable Object> Choose<R> inOrder() {
    return new Choose<>(false);
  }

  // ---- cases

  /**
   * Adds receiving a value. The end of the channel selects this case too, and {@link #await} throws
   * a {@link dev.weft.error.ChannelClosedException}, unless a {@link #closed} case of the channel
   * exists.
   *
   * @param <T> the type of the value
   * @param channel the source; of this reactor
   * @param handler computes the result
   * @return this
   */
  public <T> Choose<R> receive(Channel<T> channel, Handler<? super T, ? extends R> handler) {
    return add(owned(channel).receiveCase(), handler);
  }

  /**
   * Adds sending a value. The end of the channel selects this case too, and {@link #await} throws a
   * {@link dev.weft.error.ChannelClosedException}, unless a {@link #closed} case of the channel
   * exists.
   *
   * @param <T> the type of the value
   * @param channel the destination; of this reactor
   * @param value not null; the same each time the select is awaited
   * @param outcome computes the result
   * @return this
   */
  public <T> Choose<R> send(Channel<T> channel, T value, Outcome<? extends R> outcome) {
    return add(owned(channel).sendCase(Objects.requireNonNull(value, "value")), outcome);
  }

  /**
   * Adds the end of a channel, once nothing is left in it.
   *
   * @param channel the channel; of this reactor
   * @param outcome computes the result
   * @return this
   */
  public Choose<R> closed(Channel<?> channel, Outcome<? extends R> outcome) {
    return add(owned(channel).closedCase(), outcome);
  }

  /**
   * Adds receiving a value from a mailbox.
   *
   * @param <T> the type of the value
   * @param mailbox the source; of this reactor
   * @param handler computes the result
   * @return this
   */
  public <T> Choose<R> receive(Mailbox<T> mailbox, Handler<? super T, ? extends R> handler) {
    requireOwn(mailbox.loop(), mailbox);
    return add(mailbox.receiveCase(), handler);
  }

  /**
   * Adds waiting for an object to become ready: a {@link dev.weft.Task} ends, a {@link Latch}
   * opens, an {@link AsyncEvent} is signalled (and consumed thereby).
   *
   * @param awaitable the object; of this reactor
   * @param outcome computes the result
   * @return this
   */
  public Choose<R> ready(Awaitable awaitable, Outcome<? extends R> outcome) {
    Selectable event = Selectable.IN.of(awaitable);
    if (event == null) {
      throw new IllegalArgumentException("not an Awaitable of Weft: " + awaitable);
    }
    requireOwn(event.loop(), awaitable);
    return add(SelectCase.of(event), outcome);
  }

  /**
   * Adds a timeout. Of several, the earliest applies.
   *
   * @param deadline when to stop waiting for the other cases; if it has passed, they are still
   *     attempted once
   * @param outcome computes the result
   * @return this
   */
  public Choose<R> timeout(Deadline deadline, Outcome<R> outcome) {
    requireNotWaiting();
    Objects.requireNonNull(deadline, "deadline");
    Objects.requireNonNull(outcome, "outcome");
    if (onTimeout == null || deadline.compareTo(timeout) < 0) {
      timeout = deadline;
      onTimeout = outcome;
      completesWhenFired &= GET.isThatOf(outcome);
    }
    return this;
  }

  /**
   * Adds a default case: the select does not wait, and takes this if no other case is possible.
   *
   * @param outcome computes the result
   * @return this
   */
  public Choose<R> otherwise(Outcome<R> outcome) {
    requireNotWaiting();
    otherwise = Objects.requireNonNull(outcome, "outcome");
    return this;
  }

  private <T> Choose<R> add(SelectCase operation, Handler<? super T, ? extends R> handler) {
    return add(new ValueBranch<>(operation, Objects.requireNonNull(handler, "handler")));
  }

  private Choose<R> add(SelectCase operation, Outcome<? extends R> outcome) {
    return add(new SignalBranch<>(operation, Objects.requireNonNull(outcome, "outcome")));
  }

  private Choose<R> add(Branch<R> added) {
    requireNotWaiting();
    branches = Arrays.copyOf(branches, branches.length + 1);
    branches[branches.length - 1] = added;
    completesWhenFired &= added.completesWhenFired;
    for (Branch<R> one : branches) {
      for (Branch<R> other : branches) {
        one.operation.linkClosedCase(other.operation);
      }
    }
    return this;
  }

  private void requireNotWaiting() {
    if (waiting) {
      throw new IllegalStateException("a fiber is waiting in " + this);
    }
  }

  private <T> Channel<T> owned(Channel<T> channel) {
    requireOwn(channel.loop(), channel);
    return channel;
  }

  private void requireOwn(EventLoop owner, Object subject) {
    if (owner != loop) {
      throw owner.wrongThread("choose", subject);
    }
  }

  // ---- selecting

  /**
   * Waits until a case is possible, and performs it. Suspends unless one is possible immediately.
   *
   * @return what the handler of that case returns
   * @throws dev.weft.error.ChannelClosedException if the case sends to or receives from a channel
   *     that has ended
   */
  public R await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until a case is possible, at most until {@code deadline}, and performs it. Suspends
   * unless one is possible immediately.
   *
   * @param deadline when to stop waiting
   * @return what the handler of that case returns
   * @throws dev.weft.error.ChannelClosedException if the case sends to or receives from a channel
   *     that has ended
   * @throws dev.weft.error.DeadlineExceededException if no case was possible in time
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // null only if R allows it
  public R await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "choose", this);
    requireNotWaiting();
    StackReserve.check(); // what has been taken must be returned, and what was enlisted withdrawn
    strand.checkBeforeWait("choose", this, deadline.nanoTime(), WaitMode.INTERNAL);
    Object got = attempt();
    if (got != null) {
      return branches[chosen].result(got);
    }
    if (otherwise != null) {
      return otherwise.get();
    }
    if (onTimeout != null && timeout.hasPassed()) {
      return onTimeout.get();
    }
    strand.waiting.requireTime("choose", this, deadline.nanoTime());
    if (completesWhenFired && !strand.isHosted()) {
      enlist(strand, deadline);
      return (R) strand.awaitAny(nodes, "choose", this, earliest(deadline), RESULT);
    }
    return awaitAndRetry(strand, deadline);
  }

  /** Waits until a case has fired and is still possible, and performs it. Suspends. */
  private R awaitAndRetry(Strand strand, Deadline deadline) {
    while (true) {
      enlist(strand, deadline);
      Object got = strand.awaitAny(nodes, "choose", this, earliest(deadline), CHOSEN);
      if (got == null) {
        if (onTimeout != null && endsBy(deadline) && timeout.hasPassed()) {
          return onTimeout.get();
        }
        strand.checkBeforeWait("choose", this, deadline.nanoTime(), WaitMode.INTERNAL);
        got = attempt();
      }
      if (got != null) {
        return branches[chosen].result(got);
      }
    }
  }

  private long earliest(Deadline deadline) {
    return Math.min(deadline.nanoTime(), timeout.nanoTime());
  }

  /** Whether the timeout comes no later than {@code deadline}; both may have passed. */
  private boolean endsBy(Deadline deadline) {
    return timeout.compareTo(deadline) <= 0;
  }

  /** Performs one of the cases that are possible now; null if there is none. */
  private @Nullable Object attempt() {
    Branch<R>[] all = branches;
    int index = fair && all.length > 1 ? loop.random(all.length) : 0;
    for (int n = 0; n < all.length; n++) {
      Object got = all[index].operation.attempt();
      if (got != null) {
        chosen = index;
        return got;
      }
      index = index + 1 == all.length ? 0 : index + 1;
    }
    return null;
  }

  /** Adds a wait node for each case. */
  private void enlist(Strand strand, Deadline deadline) {
    bind(strand);
    strand.waiting.prepareSelect(earliest(deadline));
    try {
      for (int i = 0; i < nodes.length; i++) {
        nodes[i].outcome = WAITING;
        branches[i].operation.enlist(nodes[i]);
      }
    } catch (Throwable e) { // a list could not grow
      strand.waiting.withdraw(nodes);
      throw e;
    }
    waiting = true;
  }

  /** Returns the value of the selected case, or null if it has not been performed. */
  private static final WaitCompletion CHOSEN =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          return ((Choose<?>) strand.waiting.subject()).chosenBy(strand, suspended);
        }
      };

  /** Returns the result of the select. */
  private static final WaitCompletion RESULT =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          return ((Choose<?>) strand.waiting.subject()).resultBy(strand, suspended);
        }
      };

  private @Nullable Object chosenBy(Strand strand, boolean suspended) {
    waiting = false;
    WaitNode fired = strand.waiting.chosen(suspended);
    if (fired == null) {
      return null;
    }
    chosen = fired.index;
    return branches[chosen].operation.accept(fired);
  }

  private @Nullable Object resultBy(Strand strand, boolean suspended) {
    Object got = chosenBy(strand, suspended);
    if (got != null) {
      return branches[chosen].plainResult(got);
    }
    if (onTimeout != null && strand.waiting.ownDeadline() == timeout.nanoTime()) {
      return GET.call(onTimeout);
    }
    throw strand.waiting.expired();
  }

  private void bind(Strand strand) {
    int size = branches.length;
    if (nodes.length == size && (size == 0 || nodes[0].strand() == strand)) {
      return;
    }
    nodes = new WaitNode[size];
    for (int i = 0; i < size; i++) {
      nodes[i] = new WaitNode(strand);
      nodes[i].index = i;
    }
  }

  @Override
  public String toString() {
    return "choice of " + branches.length;
  }
}
