// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.fiber.CoroutineState;
import dev.weft.internal.fiber.WovenTasks;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.routine.InnerRoutine;
import dev.weft.routine.Suspends;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Asymmetric coroutine. It runs when it is resumed, until it yields or ends; then the call that
 * resumed it returns. Values are passed in both directions.
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
 * that thread's locals. It works in fibers, other virtual threads and platform threads. In a fiber
 * the body may make suspending calls: the calls that resume it suspend as long as it waits, and a
 * cancel or a deadline of the fiber reaches the body there. On other threads blocking calls block.
 *
 * <p>A body that has been woven needs no stack, and a switch takes a few nanoseconds. It belongs to
 * the thread that has started it; if that was a fiber, to its reactor, and all fibers of that may
 * resume it. It waits in a fiber on a stack, and in a woven one if the code that resumes it is
 * woven too. Any other body has a stack of its own, a continuation of the JDK. Monitors that it
 * holds stay locked across a yield, scoped values are bound in it as they were at its start, and it
 * belongs to the thread or fiber that has started it, because its compiled code may depend on the
 * thread; in a woven fiber it can't wait. Who else resumes a coroutine gets a {@link
 * WrongThreadException}.
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
    @Suspends
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
     *     the body, or code that is not woven though the body is; the coroutine keeps running
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

  private static final State[] STATES = State.values();
  private static final AtomicLong NUMBERS = new AtomicLong();

  static {
    Failures.prepare();
  }

  /** The other side; its phases are the states, in their order. */
  final Self<Y, I, R> body;

  private boolean closed;
  private @Nullable Object storage;
  private @Nullable String name;

  /** Makes a coroutine; {@code users} is the user's code in the body. */
  Coroutine(Body<Y, I, R> body, Object users, @Nullable String name) {
    this.body = new Self<>(this, body, users);
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
   * @throws UnsupportedOperationException if the body is not woven and the JVM denies access to
   *     continuations; the message names the flag that helps
   */
  public static <Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
      Coroutine<Y, I, R> of(Body<Y, I, R> body) {
    return new Coroutine<>(body, Objects.requireNonNull(body, "body"), null);
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
    Objects.requireNonNull(name, "name");
    return new Coroutine<>(body, Objects.requireNonNull(body, "body"), name);
  }

  /** {@return the innermost coroutine that the caller runs in, or null if there is none} */
  public static @Nullable Coroutine<?, ?, ?> current() {
    CoroutineState current = CoroutineState.current();
    return current == null ? null : ((Self<?, ?, ?>) current).coroutine();
  }

  // ---- from outside

  /**
   * Runs the coroutine to its first yield; the caller waits while the body does, and suspends in a
   * fiber. From now on the coroutine belongs to the calling thread, fiber or reactor.
   *
   * @return the yielded value, or null if the body returns: see {@link #state}
   * @throws IllegalStateException if it has been started or closed before
   */
  public @Nullable Y start() {
    requireFresh("start");
    StackReserve.check();
    body.start(name, Leak.TO_LOG);
    return advance(null);
  }

  /**
   * Continues the coroutine after its last yield, to the next one; the caller waits while the body
   * does, and suspends in a fiber.
   *
   * @param value returned by that last yield in the body
   * @return the yielded value, or null if the body returns: see {@link #state}
   * @throws IllegalStateException if it is not suspended: it has ended, or has not been started, or
   *     is the caller itself or a coroutine that has resumed the caller
   * @throws WrongThreadException if it belongs to another thread, fiber or reactor
   */
  public @Nullable Y resume(I value) {
    requireSuspended("resume");
    return advance(value);
  }

  /**
   * Continues the coroutine after its last yield, to its end; the caller waits while the body does,
   * and suspends in a fiber.
   *
   * @param value returned by that last yield in the body
   * @return the coroutine's result
   * @throws IllegalStateException if it is not suspended, as for {@link #resume}; or if it yields
   *     again, after which it is suspended there and can be resumed
   * @throws WrongThreadException if it belongs to another thread, fiber or reactor
   */
  public R finish(I value) {
    requireSuspended("finish");
    Y yielded = advance(value);
    if (body.phase != InnerRoutine.ENDED) {
      throw new IllegalStateException(
          "finish: " + this + " is " + state() + ": it has not returned but yielded " + yielded);
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
    if (body.phase != InnerRoutine.ENDED) {
      throw misuse("result", State.DONE);
    }
    Throwable failure = body.failure;
    if (failure != null) {
      throw new TaskFailedException(this + " failed: " + Failures.text(failure), failure);
    }
    if (closed) {
      throw new IllegalStateException("result: " + this + " was closed before it had one");
    }
    return taken(body.result());
  }

  private void requireFresh(String call) {
    if (body.phase != InnerRoutine.NEW) {
      throw misuse(call, State.START);
    }
  }

  /** {@return the current state} */
  public State state() {
    return STATES[body.phase];
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
   * throws too. The blocks may wait; then the caller does, and suspends in a fiber. Does nothing if
   * the coroutine has ended. A suspended coroutine that becomes unreachable is not unwound. It is
   * reported as a leak ({@link ReactorOptions#leakHandler()}) after it has been garbage-collected,
   * by a reactor or when another coroutine starts.
   *
   * @throws IllegalStateException if it is running; or if the body keeps yielding, in which case it
   *     is dropped without being unwound further
   * @throws WrongThreadException if it belongs to another thread, fiber or reactor
   */
  @Override
  public void close() {
    if (body.phase == InnerRoutine.ENDED) {
      return;
    }
    if (body.phase == InnerRoutine.NEW) {
      body.phase = InnerRoutine.ENDED;
      closed = true;
      return;
    }
    requireSuspended("close");
    CancelledException end = new CancelledException("yield: " + this + " was closed");
    closed = true;
    var _ = body.switchIn(null, end);
    if (body.phase != InnerRoutine.ENDED) {
      body.drop();
      throw new IllegalStateException(
          ("close: " + this + " has yielded " + CoroutineState.YIELDS_WHILE_CLOSING_MAX)
              + " times instead of ending; it is dropped where it is");
    }
    Throwable failure = body.failure;
    if (failure == end) {
      body.failure = null;
    } else if (failure != null) {
      throw Failures.unchecked(failure);
    }
  }

  /** Runs to the next yield or the end. */
  private @Nullable Y advance(@Nullable Object value) {
    Y yielded = taken(body.switchIn(value, null));
    if (body.phase == InnerRoutine.ENDED) {
      if (body.failure != null) {
        throw Failures.unchecked(body.failure);
      }
      return null;
    }
    if (body.then != null) {
      runThen();
    }
    return yielded;
  }

  /** Casts a value that was in transit. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
  private static <T extends @Nullable Object> T taken(@Nullable Object carried) {
    return (T) carried;
  }

  private void runThen() {
    FiberTask task = (FiberTask) body.then;
    body.then = null;
    assert task != null;
    try {
      task.run();
    } catch (Exception e) {
      throw Failures.unchecked(e);
    }
  }

  // ---- misuse

  private void requireSuspended(String call) {
    if (body.phase != InnerRoutine.YIELDED || !body.isHere()) {
      throw misuse(call, State.SUSPENDED);
    }
    StackReserve.check(); // a switch that has begun must be completed
  }

  private RuntimeException misuse(String call, State needed) {
    Object owner = body.owner();
    if (owner != null && body.phase != InnerRoutine.ENDED && !body.isHere()) {
      return new WrongThreadException(
          (call + ": " + this + " is " + state() + " and belongs to " + owner)
              + (", but the caller is " + Thread.currentThread()));
    }
    return new IllegalStateException(
        call + ": " + this + " is " + state() + ", and must be " + needed);
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

  /** The body's side. Each yield ends in a call that suspends, so that it takes no frame. */
  static final class Self<
          Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
      extends CoroutineState implements Out<Y, I> {
    private static final WovenTasks.Classes WOVEN =
        new WovenTasks.Classes(Map.of(Body.class, "run", Generator.Body.class, "run"), Out.class);

    /** Whether woven bodies have a stack too. */
    private static final boolean STACKFUL = FiberKind.stackfulConfigured();

    private final Coroutine<Y, I, R> coroutine;
    private final Body<Y, I, R> code;

    Self(Coroutine<Y, I, R> coroutine, Body<Y, I, R> code, Object users) {
      super(WOVEN.get(users.getClass()) && !STACKFUL);
      this.coroutine = coroutine;
      this.code = code;
    }

    @Override
    protected void run() throws Exception {
      returned(code.run(this));
    }

    @Override
    @SuppressWarnings({"NamedLikeContextualKeyword", "unchecked", "NullAway"}) // null only if I may
    public I yield(Y value) {
      return (I) switchOut("yield", value, null);
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"})
    public I yieldThen(Y value, FiberTask then) {
      return (I) switchOut("yieldThen", value, Objects.requireNonNull(then, "then"));
    }

    @Override
    public Coroutine<Y, I, R> coroutine() {
      return coroutine;
    }

    @Override
    protected Object state() {
      return coroutine.state();
    }
  }
}
