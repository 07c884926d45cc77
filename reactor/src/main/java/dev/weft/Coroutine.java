// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.jvm.CoroutineStack;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Code that runs when it is resumed, until it yields; values go both ways. It is asymmetric: a
 * yield returns to whoever has resumed it last, and so does its end.
 *
 * <p>
 *
 * {@snippet :
 * Coroutine<Integer, Integer, String> sum =
 *     Coroutine.of(
 *         out -> {
 *           int total = 0;
 *           for (int next; (next = out.yield(total)) != 0; ) {
 *             total += next;
 *           }
 *           return "sum " + total;
 *         });
 * sum.start(); // 0
 * sum.resume(3); // 3
 * sum.resume(4); // 7
 * sum.finish(0); // "sum 7"
 * }
 *
 * <p>A coroutine has no thread: its body runs on the thread that resumes it, as a call would, with
 * that thread's locals and monitors, which it keeps across a yield. Scoped values are bound in it
 * as they were at its start. It works in fibers, other virtual threads and platform threads. In a
 * fiber the body may call what suspends: then the whole fiber waits, not only the coroutine, and a
 * cancel of the fiber reaches the body there. Elsewhere blocking calls of the JDK block. From its
 * start on a coroutine belongs to its thread or fiber: others get a {@link WrongThreadException}.
 * (The body may have been compiled to know its thread.)
 *
 * <p>What the body throws reaches whoever resumed it as it is, checked or not, although the methods
 * here do not declare it.
 *
 * <p>A scope opened in the body ({@link Bundle}, {@link Fiber#shielded}) is the fiber's and should
 * be closed before the next yield. Where a monitor of the JDK blocks in the body, it blocks the
 * thread below the fiber: a reactor's thread.
 *
 * @param <Y> what it yields
 * @param <I> what it is given when it is resumed
 * @param <R> what it returns
 */
public final class Coroutine<
        Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
    implements AutoCloseable {
  /**
   * What a coroutine does.
   *
   * @param <Y> what it yields
   * @param <I> what it is given when it is resumed
   * @param <R> what it returns
   */
  @FunctionalInterface
  public interface Body<
      Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object> {
    /**
     * Runs to the end of the coroutine.
     *
     * @param out the coroutine as seen from inside
     * @return its result
     * @throws Exception what ends it early; goes to whoever resumed it
     */
    R run(Out<Y, I> out) throws Exception;
  }

  /**
   * A coroutine as its own body sees it.
   *
   * @param <Y> what it yields
   * @param <I> what it is given when it is resumed
   */
  public sealed interface Out<Y extends @Nullable Object, I extends @Nullable Object>
      permits CoroutineSelf {
    /**
     * Suspends the coroutine, and returns when it is resumed.
     *
     * @param value what the call that resumed it returns
     * @return what it is resumed with
     * @throws CancelledException if the coroutine is closed instead
     * @throws PinnedException if there is a class initialiser or a native frame between here and
     *     the body; the coroutine goes on
     * @throws IllegalStateException if the caller is not in the body, or is in another coroutine
     *     that the body has resumed
     */
    @SuppressWarnings("NamedLikeContextualKeyword") // the word of the field; always qualified
    I yield(Y value);

    /**
     * Suspends the coroutine as {@link #yield} does, then runs {@code then} where it was resumed,
     * before the call that resumed it returns: for what must not happen until the coroutine can be
     * resumed, such as handing it to somebody who will. It may resume the coroutine.
     *
     * @param value what the call that resumed it returns, whatever {@code then} does
     * @param then runs outside the coroutine; what it throws goes to the resumer
     * @return what the coroutine is resumed with
     */
    I yieldThen(Y value, FiberTask then);

    /**
     * The coroutine.
     *
     * @return the one whose body was given this
     */
    Coroutine<Y, I, ?> coroutine();
  }

  /** Where a coroutine stands. */
  public enum State {
    /** It has not been started. */
    START,
    /** It runs, or waits for another coroutine that it has resumed, or for its fiber. */
    ACTIVE,
    /** It has yielded. */
    SUSPENDED,
    /** It has returned, thrown or been closed. */
    DONE
  }

  /** So often a body may answer its unwinding with another yield, as loops and cleanups do. */
  private static final int YIELDS_WHILE_CLOSING_MAX = 100;

  private static final AtomicLong NUMBERS = new AtomicLong();

  private final CoroutineStack stack;

  /** Set by the body's side, which alone knows whether it got away. */
  private State state = State.START;

  /** On its way from one side to the other: yielded, injected or returned. */
  private @Nullable Object carried;

  /** To be run by the side that gets what was yielded. */
  private @Nullable FiberTask then;

  private @Nullable Thread owner;

  private LeakWatch.@Nullable OpenCoroutine open;
  private @Nullable Throwable failure;

  /** What the body's yields throw once it is being closed. */
  private @Nullable CancelledException unwinding;

  private int yieldsWhileClosing;
  private boolean closed;
  private @Nullable Object storage;
  private @Nullable String name;

  private Coroutine(Body<Y, I, R> body, @Nullable String name) {
    stack = new CoroutineStack(new CoroutineSelf<>(this, Objects.requireNonNull(body, "body")));
    this.name = name;
  }

  /**
   * Makes a coroutine. Nothing runs yet.
   *
   * @param <Y> what it yields
   * @param <I> what it is given when it is resumed
   * @param <R> what it returns
   * @param body what it does
   * @return in the state START
   * @throws UnsupportedOperationException if the JVM does not let us; names the flag that helps
   */
  public static <Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
      Coroutine<Y, I, R> of(Body<Y, I, R> body) {
    CoroutineStack.Access.require();
    return new Coroutine<>(body, null);
  }

  /**
   * Makes a coroutine with a name.
   *
   * @param <Y> what it yields
   * @param <I> what it is given when it is resumed
   * @param <R> what it returns
   * @param name for people
   * @param body what it does
   * @return in the state START
   * @throws UnsupportedOperationException if the JVM does not let us; names the flag that helps
   */
  public static <Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
      Coroutine<Y, I, R> of(String name, Body<Y, I, R> body) {
    CoroutineStack.Access.require();
    return new Coroutine<>(body, Objects.requireNonNull(name, "name"));
  }

  /**
   * The innermost coroutine whose body the caller is in.
   *
   * @return the caller, or null outside of any
   */
  public static @Nullable Coroutine<?, ?, ?> current() {
    CoroutineStack.Access.require();
    CoroutineStack current = CoroutineStack.current();
    return current == null ? null : ((CoroutineSelf<?, ?, ?>) current.body()).coroutine();
  }

  // ---- from outside

  /**
   * Runs the coroutine to its first yield. It belongs to the calling thread or fiber from now on.
   *
   * @return what it yields, or null if it returns instead: see {@link #state} and {@link #result}
   * @throws IllegalStateException if it has been started or closed before
   */
  public @Nullable Y start() {
    if (state != State.START) {
      throw misuse("start", State.START);
    }
    owner = Thread.currentThread();
    open = LeakWatch.started(this, name);
    return advance();
  }

  /**
   * Continues the coroutine after its last yield, to the next one.
   *
   * @param value what that last yield returns inside
   * @return what it yields, or null if it returns instead: see {@link #state} and {@link #result}
   * @throws IllegalStateException if it is not suspended: it has ended, or not been started, or is
   *     the caller itself or a coroutine that has resumed the caller
   * @throws WrongThreadException if it belongs to another thread or fiber
   */
  public @Nullable Y resume(I value) {
    requireSuspended("resume");
    carried = value;
    return advance();
  }

  /**
   * Continues the coroutine after its last yield, to its end.
   *
   * @param value what that last yield returns inside
   * @return what it returns
   * @throws IllegalStateException if it is not suspended, as for {@link #resume}; or if it yields
   *     again, after which it is suspended there and can go on
   * @throws WrongThreadException if it belongs to another thread or fiber
   */
  public R finish(I value) {
    requireSuspended("finish");
    carried = value;
    Y yielded = advance();
    if (state != State.DONE) {
      throw new IllegalStateException(
          "finish: " + this + " is " + state + ": it has not returned but yielded " + yielded);
    }
    return result();
  }

  /**
   * What the coroutine has returned.
   *
   * @return as often as asked for
   * @throws TaskFailedException if it ended with an exception, which is the cause
   * @throws IllegalStateException if it has not ended, or was closed before it had
   */
  public R result() {
    if (state != State.DONE) {
      throw misuse("result", State.DONE);
    }
    if (failure != null) {
      throw new TaskFailedException(this + " failed: " + Failures.text(failure), failure);
    }
    if (closed) {
      throw new IllegalStateException("result: " + this + " was closed before it had one");
    }
    return taken(carried);
  }

  /**
   * Where the coroutine stands.
   *
   * @return START at first, DONE in the end
   */
  public State state() {
    return state;
  }

  /**
   * Gives the coroutine an object of its own, which code that it calls finds with {@link #current}
   * and {@link #storage}.
   *
   * @param storage anything
   * @return this
   * @throws IllegalStateException if it has been started
   */
  public Coroutine<Y, I, R> withStorage(Object storage) {
    if (state != State.START) {
      throw misuse("withStorage", State.START);
    }
    this.storage = Objects.requireNonNull(storage, "storage");
    return this;
  }

  /**
   * The coroutine's own object.
   *
   * @param <T> its type
   * @param type its class, or one above
   * @return as given to {@link #withStorage}
   * @throws IllegalStateException if it was given none
   * @throws ClassCastException if it is no {@code T}
   */
  public <T> T storage(Class<T> type) {
    Object mine = storage;
    if (mine == null) {
      throw new IllegalStateException("storage: " + this + " has none");
    }
    if (!type.isInstance(mine)) {
      throw new ClassCastException(
          "storage: that of " + this + " is a " + mine.getClass().getName() + ", no " + type);
    }
    return type.cast(mine);
  }

  /**
   * Ends the coroutine early. If it is suspended, the yield that it is in throws a {@link
   * CancelledException} inside, so that its {@code finally} blocks run; each later yield throws
   * too. Does nothing if it has ended. A suspended coroutine that is abandoned is not unwound: it
   * is garbage, and reported ({@link ReactorOptions#leakHandler()}) some time after its collection,
   * by a reactor or when another coroutine starts.
   *
   * @throws IllegalStateException if it is running; or if the body goes on yielding all the same,
   *     in which case it is dropped where it is
   * @throws WrongThreadException if it belongs to another thread or fiber
   */
  @Override
  public void close() {
    if (state == State.DONE) {
      return;
    }
    if (state == State.START) {
      state = State.DONE;
      closed = true;
      return;
    }
    requireSuspended("close");
    CancelledException end = new CancelledException("yield: " + this + " was closed");
    unwinding = end;
    carried = null;
    closed = true;
    switchIn();
    if (state != State.DONE) {
      state = State.DONE;
      carried = null;
      throw new IllegalStateException(
          ("close: " + this + " has yielded " + YIELDS_WHILE_CLOSING_MAX)
              + " times instead of ending; it is dropped where it is");
    }
    carried = null;
    if (failure == end) {
      failure = null;
    } else if (failure != null) {
      throw undeclared(failure);
    }
  }

  // ---- both sides of a switch

  /** Runs it to its next yield, or its end. */
  private @Nullable Y advance() {
    switchIn();
    if (state == State.DONE) {
      if (failure != null) {
        throw undeclared(failure);
      }
      return null;
    }
    Y yielded = taken(carried);
    carried = null;
    if (then != null) {
      runThen();
    }
    return yielded;
  }

  /** What the other side has put there as a {@code T}: one field carries all three types. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
  private static <T extends @Nullable Object> T taken(@Nullable Object carried) {
    return (T) carried;
  }

  private void runThen() {
    FiberTask task = then;
    then = null;
    assert task != null;
    try {
      task.run();
    } catch (Exception e) {
      throw undeclared(e);
    }
  }

  void runBody(Body<Y, I, R> body) {
    state = State.ACTIVE;
    try {
      carried = body.run(out());
    } catch (Throwable e) {
      failure = e;
    }
    state = State.DONE;
  }

  @SuppressWarnings("unchecked") // made in the constructor
  private Out<Y, I> out() {
    return (Out<Y, I>) stack.body();
  }

  I suspend(String call, Y value, @Nullable FiberTask task) {
    if (CoroutineStack.current() != stack) {
      throw new IllegalStateException(
          call + ": called outside of " + this + ", which is " + state + ", in " + current());
    }
    if (unwinding != null && ++yieldsWhileClosing < YIELDS_WHILE_CLOSING_MAX) {
      throw unwinding;
    }
    carried = value;
    then = task;
    if (!switchOut()) {
      carried = null;
      then = null;
      throw new PinnedException(
          call + ": " + this + " can't be suspended below a class initialiser or a native frame");
    }
    if (unwinding != null) {
      throw unwinding;
    }
    I injected = taken(carried);
    carried = null;
    return injected;
  }

  /**
   * Goes in. With {@link #switchOut} this is all that a coroutine knows of how it is suspended.
   * Throws nothing of the body's, but the JVM's own errors: no stack left, no memory.
   */
  private void switchIn() {
    try {
      stack.switchIn();
    } catch (Throwable e) {
      if (stack.isDone()) {
        failure = e;
        state = State.DONE;
      }
      throw e;
    } finally {
      if (state == State.DONE && open != null) {
        open.end();
      }
    }
  }

  /** Goes out; returns true after the next {@link #switchIn}, or false at once if pinned. */
  private boolean switchOut() {
    state = State.SUSPENDED;
    try {
      return CoroutineStack.switchOut();
    } finally {
      state = State.ACTIVE;
    }
  }

  // ---- mistakes

  private void requireSuspended(String call) {
    if (state != State.SUSPENDED || owner != Thread.currentThread()) {
      throw misuse(call, State.SUSPENDED);
    }
  }

  private RuntimeException misuse(String call, State needed) {
    Thread caller = Thread.currentThread();
    if (owner != null && owner != caller && state != State.DONE) {
      return new WrongThreadException(
          (call + ": " + this + " is " + state + " and belongs to " + owner)
              + (", but the caller is " + caller));
    }
    return new IllegalStateException(
        call + ": " + this + " is " + state + ", and must be " + needed);
  }

  /** Throws {@code e} as it is. */
  @SuppressWarnings("unchecked") // erased to Throwable
  private static <E extends Throwable> RuntimeException undeclared(Throwable e) throws E {
    throw (E) e;
  }

  /** The name; those without one are numbered when they are first asked. */
  @Override
  public String toString() {
    String known = name;
    if (known == null) {
      known = "coroutine-" + NUMBERS.incrementAndGet();
      name = known;
    }
    return known;
  }
}
