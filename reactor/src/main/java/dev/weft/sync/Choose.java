// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Awaitable;
import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
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
 * Waits for the first of several things, and does that one alone.
 *
 * <p>
 *
 * {@snippet :
 * String winner =
 *     Choose.<String>create()
 *         .receive(left, word -> "left: " + word)
 *         .receive(right, word -> "right: " + word)
 *         .timeout(Deadline.after(Duration.ofSeconds(1)), () -> "nobody")
 *         .await();
 * }
 *
 * <p>If several are possible at once, {@link #create} takes any of them, so that none is neglected,
 * and {@link #inOrder} the one that was named first. A choice may be awaited again and again, by
 * one fiber at a time; it allocates nothing then.
 *
 * @param <R> what the choice results in
 */
public final class Choose<R extends @Nullable Object> {
  /**
   * Makes a result of what was received. It runs in the fiber that chooses, after the choice.
   *
   * @param <T> the type of the value
   * @param <R> the type of the result
   */
  @FunctionalInterface
  public interface Handler<T, R extends @Nullable Object> {
    /**
     * Makes the result. May suspend.
     *
     * @param value what was received
     * @return the result of the choice
     */
    @Suspends
    R handle(T value);
  }

  /**
   * Makes a result where nothing was received. It runs in the fiber that chooses, after the choice.
   *
   * @param <R> the type of the result
   */
  @FunctionalInterface
  public interface Outcome<R extends @Nullable Object> {
    /**
     * Makes the result. May suspend.
     *
     * @return the result of the choice
     */
    @Suspends
    R get();
  }

  private static final int WAITING = 0;

  @SuppressWarnings("rawtypes") // of no type: it is empty
  private static final Case[] NONE = {};

  private final EventLoop loop = EventLoop.require("choose");
  private final boolean fair;

  @SuppressWarnings("unchecked") // of each type
  private Case<R>[] cases = NONE;

  private Deadline timeout = Deadline.NEVER;
  private @Nullable Outcome<R> onTimeout;
  private @Nullable Outcome<R> otherwise;
  private WaitNode[] clauses = {};

  /** Whether nothing is left to do once a wait has ended but what does not suspend. */
  private boolean settled = true;

  private boolean waiting;

  /** Which of the cases has been done last. */
  private int chosen;

  private Choose(boolean fair) {
    this.fair = fair;
  }

  /**
   * Makes a choice that is fair: of several possible things it takes any.
   *
   * @param <R> what it results in
   * @return a choice of the current reactor, with nothing to choose yet
   */
  public static <R extends @Nullable Object> Choose<R> create() {
    return new Choose<>(true);
  }

  /**
   * Makes a choice that prefers what is named earlier.
   *
   * @param <R> what it results in
   * @return a choice of the current reactor, with nothing to choose yet
   */
  public static <R extends @Nullable Object> Choose<R> inOrder() {
    return new Choose<>(false);
  }

  // ---- what to choose from

  /**
   * Adds the receipt of a value. If the channel ends, it is chosen as well, and {@link #await}
   * throws a {@link dev.weft.error.ChannelClosedException}, unless {@link #closed} is there too.
   *
   * @param <T> the type of the value
   * @param channel where from; of this reactor
   * @param handler makes the result
   * @return this
   */
  public <T> Choose<R> receive(Channel<T> channel, Handler<? super T, ? extends R> handler) {
    return add(new Case.Receive<>(owned(channel), handler));
  }

  /**
   * Adds the sending of a value. If the channel ends, it is chosen as well, and {@link #await}
   * throws a {@link dev.weft.error.ChannelClosedException}, unless {@link #closed} is there too.
   *
   * @param <T> the type of the value
   * @param channel where to; of this reactor
   * @param value not null; the same each time the choice is awaited
   * @param outcome makes the result
   * @return this
   */
  public <T> Choose<R> send(Channel<T> channel, T value, Outcome<? extends R> outcome) {
    return add(new Case.Send<>(owned(channel), Objects.requireNonNull(value, "value"), outcome));
  }

  /**
   * Adds the end of a channel, once nothing is left in it.
   *
   * @param channel which; of this reactor
   * @param outcome makes the result
   * @return this
   */
  public Choose<R> closed(Channel<?> channel, Outcome<? extends R> outcome) {
    return add(new Case.Closed<>(owned(channel), outcome));
  }

  /**
   * Adds the receipt of a value from another thread.
   *
   * @param <T> the type of the value
   * @param mailbox where from; of this reactor
   * @param handler makes the result
   * @return this
   */
  public <T> Choose<R> receive(Mailbox<T> mailbox, Handler<? super T, ? extends R> handler) {
    requireOwn(mailbox.loop(), mailbox);
    return add(new Case.FromMailbox<>(mailbox, handler));
  }

  /**
   * Adds that something becomes ready: a {@link dev.weft.Task} ends, a {@link Latch} opens, an
   * {@link AsyncEvent} is signalled (and consumed thereby).
   *
   * @param awaitable what; of this reactor
   * @param outcome makes the result
   * @return this
   */
  public Choose<R> ready(Awaitable awaitable, Outcome<? extends R> outcome) {
    Selectable event = Selectable.IN.of(awaitable);
    if (event == null) {
      throw new IllegalArgumentException("not an Awaitable of Weft: " + awaitable);
    }
    requireOwn(event.loop(), awaitable);
    return add(new Case.EventCase<>(event, outcome));
  }

  /**
   * Adds the end of patience. Of several, the nearest counts.
   *
   * @param deadline until when to wait for the other things; if it has passed, they are still
   *     looked at
   * @param outcome makes the result
   * @return this
   */
  public Choose<R> timeout(Deadline deadline, Outcome<R> outcome) {
    requireNotWaiting();
    Objects.requireNonNull(deadline, "deadline");
    Objects.requireNonNull(outcome, "outcome");
    if (onTimeout == null || deadline.compareTo(timeout) < 0) {
      timeout = deadline;
      onTimeout = outcome;
      settled &= NonSuspendingHandlers.does(outcome);
    }
    return this;
  }

  /**
   * Has the choice not wait at all: if nothing is possible, it is this.
   *
   * @param outcome makes the result
   * @return this
   */
  public Choose<R> otherwise(Outcome<R> outcome) {
    requireNotWaiting();
    otherwise = Objects.requireNonNull(outcome, "outcome");
    return this;
  }

  private Choose<R> add(Case<R> added) {
    requireNotWaiting();
    cases = Arrays.copyOf(cases, cases.length + 1);
    cases[cases.length - 1] = added;
    settled &= added.isSettled();
    for (Case<R> one : cases) {
      for (Case<R> other : cases) {
        one.linkClosedCase(other);
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
      throw owner.stranger("choose", subject);
    }
  }

  // ---- choosing

  /**
   * Waits for the first of the things, and does it. Suspends unless one is possible at once.
   *
   * @return what its handler makes of it
   * @throws dev.weft.error.ChannelClosedException if it is a receipt or sending on a channel that
   *     has ended
   */
  public R await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits for the first of the things, but not for ever, and does it. Suspends unless one is
   * possible at once.
   *
   * @param deadline until when
   * @return what its handler makes of it
   * @throws dev.weft.error.ChannelClosedException if it is a receipt or sending on a channel that
   *     has ended
   * @throws dev.weft.error.DeadlineExceededException if none came in time
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // SETTLED makes the result, null if R allows it
  public R await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "choose", this);
    requireNotWaiting();
    strand.checkBeforeWait("choose", this, deadline.nanoTime(), WaitMode.INTERNAL);
    Object got = attempt();
    if (got != null) {
      return cases[chosen].result(got);
    }
    if (otherwise != null) {
      return otherwise.get();
    }
    if (onTimeout != null && timeout.hasPassed()) {
      return onTimeout.get();
    }
    if (settled && !strand.isGuest()) {
      enlist(strand, deadline);
      return (R) strand.awaitAny(clauses, "choose", this, earliest(deadline), SETTLED);
    }
    return awaitUnsettled(strand, deadline);
  }

  /** Waits until there is something to do that is still possible then, and does it. Suspends. */
  private R awaitUnsettled(Strand strand, Deadline deadline) {
    while (true) {
      enlist(strand, deadline);
      Object got = strand.awaitAny(clauses, "choose", this, earliest(deadline), CHOSEN);
      if (got == null) {
        if (onTimeout != null && endsBy(deadline) && timeout.hasPassed()) {
          return onTimeout.get();
        }
        strand.checkBeforeWait("choose", this, deadline.nanoTime(), WaitMode.INTERNAL);
        got = attempt();
      }
      if (got != null) {
        return cases[chosen].result(got);
      }
    }
  }

  private long earliest(Deadline deadline) {
    return Math.min(deadline.nanoTime(), timeout.nanoTime());
  }

  /** Whether patience is not to outlast {@code deadline}; both may have passed. */
  private boolean endsBy(Deadline deadline) {
    return timeout.compareTo(deadline) <= 0;
  }

  /** Does one of the things that are possible at once; null if there is none. */
  private @Nullable Object attempt() {
    Case<R>[] all = cases;
    int index = fair && all.length > 1 ? loop.random(all.length) : 0;
    for (int n = 0; n < all.length; n++) {
      Object got = all[index].attempt();
      if (got != null) {
        chosen = index;
        return got;
      }
      index = index + 1 == all.length ? 0 : index + 1;
    }
    return null;
  }

  /** Has all the cases be waited for. */
  private void enlist(Strand strand, Deadline deadline) {
    bind(strand);
    strand.prepareToWait(earliest(deadline));
    try {
      for (int i = 0; i < clauses.length; i++) {
        clauses[i].outcome = WAITING;
        cases[i].enlist(clauses[i]);
      }
    } catch (Throwable e) { // a list could not be made
      strand.withdraw(clauses);
      throw e;
    }
    waiting = true;
  }

  /** Makes what the case has got that is chosen, or null if it has not been done after all. */
  private static final WaitCompletion CHOSEN =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          return ((Choose<?>) strand.waitSubject()).chosenBy(strand, suspended);
        }
      };

  /** Makes the result. */
  private static final WaitCompletion SETTLED =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          return ((Choose<?>) strand.waitSubject()).settledBy(strand, suspended);
        }
      };

  private @Nullable Object chosenBy(Strand strand, boolean suspended) {
    waiting = false;
    WaitNode fired = strand.chosen(suspended);
    if (fired == null) {
      return null;
    }
    chosen = fired.index;
    return cases[chosen].accept(fired);
  }

  private @Nullable Object settledBy(Strand strand, boolean suspended) {
    Object got = chosenBy(strand, suspended);
    if (got != null) {
      return cases[chosen].plainResult(got);
    }
    if (onTimeout != null && strand.ownDeadline() == timeout.nanoTime()) {
      return NonSuspendingHandlers.get(onTimeout);
    }
    throw strand.expired();
  }

  private void bind(Strand strand) {
    int size = cases.length;
    if (clauses.length == size && (size == 0 || clauses[0].strand() == strand)) {
      return;
    }
    clauses = new WaitNode[size];
    for (int i = 0; i < size; i++) {
      clauses[i] = new WaitNode(strand);
      clauses[i].index = i;
    }
  }

  @Override
  public String toString() {
    return "choice of " + cases.length;
  }
}
