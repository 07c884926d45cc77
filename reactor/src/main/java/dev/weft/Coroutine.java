// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.diag.LeakWatch;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.jvm.CoroutineStack;
import dev.weft.internal.jvm.StackReserve;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Asymmetric stackful coroutine. It runs when it is resumed, until it yields or ends; then the call
 * that resumed it returns. Values are passed in both directions.
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
 * <p>A coroutine has no thread. Its body runs on the thread that resumes it, as a call would, with
 * that thread's locals. Monitors that the body holds stay locked across a yield. Scoped values are
 * bound in it as they were at its start. Coroutines work in fibers, other virtual threads and
 * platform threads. In a fiber the body may make suspending calls: then the whole fiber waits, not
 * only the coroutine, and a cancel of the fiber reaches the body there. On other threads blocking
 * calls block. Once started, a coroutine belongs to its thread or fiber: others get a {@link
 * WrongThreadException}, because compiled code of the body may depend on the thread.
 *
 * <p>What the body throws is thrown unwrapped by the call that resumed it. This includes checked
 * exceptions, although the methods here do not declare them.
 *
 * <p>A scope opened in the body ({@link Bundle}, {@link Fiber#shielded}) belongs to the fiber and
 * should be closed before the next yield. A contended {@code synchronized} in the body blocks the
 * carrier thread of the fiber, which is the reactor's thread.
 *
 * @param <Y> the type of the yielded values
 * @param <I> the type of the values passed to {@link #resume}
 * @param <R> the type of the result
 */
public final class Coroutine<
        Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
    implements AutoCloseable {
  /**
   * The code of a coroutine.
   *
   * @param <Y> the type of the yielded values
   * @param <I> the type of the values passed to {@link #resume}
   * @param <R> the type of the result
   */
  @FunctionalInterface
  public interface Body<
      Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object> {
    /**
     * Runs until the end of the coroutine.
     *
     * @param out yields values
     * @return the coroutine's result
     * @throws Exception ends the coroutine; thrown by the call that resumed it
     */
    R run(Out<Y, I> out) throws Exception;
  }

  /**
   * The body's side of a coroutine.
   *
   * @param <Y> the type of the yielded values
   * @param <I> the type of the values passed to {@link #resume}
   */
  public sealed interface Out<Y extends @Nullable Object, I extends @Nullable Object> permits Self {
    /**
     * Suspends the coroutine, and returns when it is resumed.
     *
     * @param value returned by the call that resumed the coroutine
     * @return the value passed to {@link Coroutine#resume}
     * @throws CancelledException if the coroutine is closed instead
     * @throws PinnedException if there is a class initialiser or a native frame between here and
     *     the body; the coroutine keeps running
     * @throws IllegalStateException if the caller is not in the body, or is in another coroutine
     *     that the body has resumed
     */
    @SuppressWarnings("NamedLikeContextualKeyword") // the usual name; always qualified
    I yield(Y value);

    /**
     * Suspends the coroutine as {@link #yield} does, then runs {@code then} on the resumer's side,
     * before the call that resumed it returns. This is for steps that must not happen until the
     * coroutine can be resumed, such as passing it to another component that resumes it. {@code
     * then} may itself resume the coroutine.
     *
     * @param value returned by the call that resumed the coroutine, whatever {@code then} does
     * @param then runs outside the coroutine; what it throws is thrown to the resumer
     * @return the value passed to {@link Coroutine#resume}
     */
    I yieldThen(Y value, FiberTask then);

    /** {@return the coroutine whose body received this object} */
    Coroutine<Y, I, ?> coroutine();
  }

  /** The state of a coroutine. */
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

  /** Yields that a body may make while it is being closed, as loops and cleanups do. */
  private static final int YIELDS_WHILE_CLOSING_MAX = 100;

  private static final AtomicLong NUMBERS = new AtomicLong();

  static {
    Failures.prepare();
  }

  private final CoroutineStack stack;

  /** Set on the body's side, which knows whether the switch succeeded. */
  State state = State.START;

  /** The value in transit between the two sides: yielded, passed in or returned. */
  private @Nullable Object carried;

  /** The task of yieldThen, run by the resumer. */
  private @Nullable FiberTask then;

  private @Nullable Thread owner;

  private LeakWatch.@Nullable OpenCoroutine open;
  private @Nullable Throwable failure;

  /** What the body's yields throw while it is being closed; null otherwise. */
  private @Nullable CancelledException unwinding;

  private int yieldsWhileClosing;
  private boolean closed;
  private @Nullable Object storage;
  private @Nullable String name;

  private Coroutine(Body<Y, I, R> body, @Nullable String name) {
    stack = new CoroutineStack(new Self(Objects.requireNonNull(body, "body")));
    this.name = name;
  }

  /**
   * Creates a coroutine. Nothing runs yet.
   *
   * @param <Y> the type of the yielded values
   * @param <I> the type of the values passed to {@link #resume}
   * @param <R> the type of the result
   * @param body what it runs
   * @return a coroutine in the state START
   * @throws UnsupportedOperationException if the JVM denies access to continuations; the message
   *     names the flag that helps
   */
  public static <Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
      Coroutine<Y, I, R> of(Body<Y, I, R> body) {
    CoroutineStack.Access.require();
    return new Coroutine<>(body, null);
  }

  /**
   * Creates a coroutine with a name.
   *
   * @param <Y> the type of the yielded values
   * @param <I> the type of the values passed to {@link #resume}
   * @param <R> the type of the result
   * @param name for messages
   * @param body what it runs
   * @return a coroutine in the state START
   * @throws UnsupportedOperationException as {@link #of(Body)} does
   */
  public static <Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
      Coroutine<Y, I, R> of(String name, Body<Y, I, R> body) {
    CoroutineStack.Access.require();
    return new Coroutine<>(body, Objects.requireNonNull(name, "name"));
  }

  /** {@return the innermost coroutine that the caller runs in, or null if there is none} */
  public static @Nullable Coroutine<?, ?, ?> current() {
    CoroutineStack.Access.require();
    CoroutineStack current = CoroutineStack.current();
    return current == null ? null : ((Coroutine<?, ?, ?>.Self) current.body()).coroutine();
  }

  // ---- from outside

  /**
   * Runs the coroutine to its first yield. From now on it belongs to the calling thread or fiber.
   *
   * @return the yielded value, or null if the body returns: see {@link #state}
   * @throws IllegalStateException if it has been started or closed before
   */
  public @Nullable Y start() {
    requireFresh("start");
    StackReserve.check();
    owner = Thread.currentThread();
    open = LeakWatch.started(this, name, Leak.TO_LOG);
    return advance();
  }

  /**
   * Continues the coroutine after its last yield, to the next one.
   *
   * @param value returned by that last yield in the body
   * @return the yielded value, or null if the body returns: see {@link #state}
   * @throws IllegalStateException if it is not suspended: it has ended, or has not been started, or
   *     is the caller itself or a coroutine that has resumed the caller
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
   * @param value returned by that last yield in the body
   * @return the coroutine's result
   * @throws IllegalStateException if it is not suspended, as for {@link #resume}; or if it yields
   *     again, after which it is suspended there and can be resumed
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
   * {@return what the body has returned; may be called repeatedly}
   *
   * @throws TaskFailedException if it ended with an exception, which is the cause
   * @throws IllegalStateException if it has not ended, or was closed before it had ended
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

  private void requireFresh(String call) {
    if (state != State.START) {
      throw misuse(call, State.START);
    }
  }

  /** {@return the current state} */
  public State state() {
    return state;
  }

  /**
   * Attaches an object to the coroutine. Code that runs in it gets the object with {@link #current}
   * and {@link #storage}.
   *
   * @param storage any object
   * @return this
   * @throws IllegalStateException if it has been started
   */
  public Coroutine<Y, I, R> withStorage(Object storage) {
    requireFresh("withStorage");
    this.storage = Objects.requireNonNull(storage, "storage");
    return this;
  }

  /**
   * {@return the object given to {@link #withStorage}}
   *
   * @param <T> the type of the object
   * @param type its class or a supertype
   * @throws IllegalStateException if there is none
   * @throws ClassCastException if the object is not a {@code T}
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
   * CancelledException} in the body, so that its {@code finally} blocks run; each later yield
   * throws too. Does nothing if it has ended. A suspended coroutine that becomes unreachable is not
   * unwound. It is reported as a leak ({@link ReactorOptions#leakHandler()}) after it has been
   * garbage-collected, by a reactor or when another coroutine starts.
   *
   * @throws IllegalStateException if it is running; or if the body keeps yielding, in which case it
   *     is dropped without being unwound further
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
      throw Failures.unchecked(failure);
    }
  }

  // ---- both sides of a switch

  /** Runs to the next yield or the end. */
  private @Nullable Y advance() {
    switchIn();
    if (state == State.DONE) {
      if (failure != null) {
        throw Failures.unchecked(failure);
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

  /** Casts the value in transit: one field carries all three types. */
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
      throw Failures.unchecked(e);
    }
  }

  private I suspend(String call, Y value, @Nullable FiberTask task) {
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
   * Switches to the body. Only this and {@link #switchOut} depend on how a coroutine is suspended.
   * Throws the JVM's own errors (stack overflow, out of memory), but nothing that the body throws.
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

  /** Switches to the resumer; returns true when resumed, or false immediately if pinned. */
  private boolean switchOut() {
    state = State.SUSPENDED;
    try {
      return CoroutineStack.switchOut();
    } finally {
      state = State.ACTIVE;
    }
  }

  // ---- misuse

  private void requireSuspended(String call) {
    if (state != State.SUSPENDED || owner != Thread.currentThread()) {
      throw misuse(call, State.SUSPENDED);
    }
    StackReserve.check(); // a switch that has begun must be completed
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

  /** Returns the name. A coroutine without a name gets a number on the first call. */
  @Override
  public String toString() {
    String known = name;
    if (known == null) {
      known = "coroutine-" + NUMBERS.incrementAndGet();
      name = known;
    }
    return known;
  }

  /** The body's side of the coroutine, and the first frame on its stack. */
  private final class Self implements Out<Y, I>, Runnable {
    private final Body<Y, I, R> body;

    Self(Body<Y, I, R> body) {
      this.body = body;
    }

    @Override
    public void run() {
      state = State.ACTIVE;
      try {
        carried = body.run(this);
      } catch (Throwable e) {
        failure = e;
      }
      state = State.DONE;
    }

    @Override
    @SuppressWarnings("NamedLikeContextualKeyword")
    public I yield(Y value) {
      return suspend("yield", value, null);
    }

    @Override
    public I yieldThen(Y value, FiberTask then) {
      return suspend("yieldThen", value, Objects.requireNonNull(then, "then"));
    }

    @Override
    public Coroutine<Y, I, R> coroutine() {
      return Coroutine.this;
    }
  }
}
