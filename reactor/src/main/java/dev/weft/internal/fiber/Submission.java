// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A call that another thread has submitted: a message that starts its fiber, or cancels it when the
 * future has been completed by others.
 */
public abstract class Submission<T extends @Nullable Object> extends LoopMessage {
  private final Object code;
  private final Runnable onEnd;

  private final CompletableFuture<T> future = new CompletableFuture<>();

  /** Null before the fiber starts. Only for the reactor's thread. */
  private @Nullable FiberState fiber;

  private volatile boolean ended;

  /**
   * Makes the message.
   *
   * @param code what the fiber runs, for messages
   * @param onEnd called on the reactor's thread when the fiber has ended, or will not run
   */
  protected Submission(EventLoop loop, Object code, Runnable onEnd) {
    super(loop);
    this.code = code;
    this.onEnd = onEnd;
  }

  /** Makes the state of the fiber, which must call {@link #ended}; called when it begins. */
  protected abstract FiberState begun();

  /** Called when the fiber has ended, or will not run: before the future completes. */
  protected abstract void left();

  /** The future, whose completion by others cancels the fiber. To be called once. */
  public final CompletableFuture<T> future() {
    var _ = future.whenComplete((result, failure) -> completed());
    return future;
  }

  private void completed() {
    if (!ended) {
      post();
    }
  }

  @Override
  protected final void arrive() {
    FiberState started = fiber;
    if (started == null) {
      start();
    } else if (future.isDone() && !ended) {
      started.strand().cancel();
    }
  }

  private void start() {
    if (future.isDone()) {
      leave();
      onEnd.run();
      return;
    }
    Throwable failure = null;
    try {
      FiberState starting = begun();
      fiber = starting;
      starting.begin(TimerQueue.NEVER);
    } catch (Throwable e) { // no memory, or no thread could be started
      failure = e;
    }
    if (failure != null) {
      fail(failure);
    }
  }

  /**
   * Completes the future with the outcome of {@code state}, the fiber.
   *
   * @return false if others have completed it, so that it has not received the outcome
   */
  public final boolean ended(FiberState state) {
    leave();
    boolean received = deliver(state);
    onEnd.run();
    return received;
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // the result of the call; null only if T allows it
  private boolean deliver(FiberState state) {
    Throwable failure = state.failure();
    if (failure == null) {
      return future.complete((T) state.result());
    }
    if (state.wasCancelledCleanly()) {
      return future.cancel(false);
    }
    return future.completeExceptionally(failure);
  }

  /** Ends it because its fiber can't run, or not to the end. */
  public final void fail(Throwable failure) {
    if (!ended) {
      leave();
      future.completeExceptionally(failure);
      onEnd.run();
    }
  }

  private void leave() {
    ended = true;
    left();
  }

  @Override
  public final String toString() {
    return "call of " + code;
  }
}
