// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.weave.Context;
import java.util.ArrayList;
import java.util.List;

/**
 * A strand that is a woven routine: it runs on the reactor's own thread until it suspends, and is
 * then no more than its frames. Blocking calls of the JDK hold up the reactor in it.
 */
final class MicroStrand extends Strand {
  MicroStrand(EventLoop loop, Body body, long due) {
    super(loop, body, due);
  }

  /** The reactor's, which it shares with the others. */
  @Override
  public Thread thread() {
    return loop.thread();
  }

  @Override
  public boolean isStackless() {
    return true;
  }

  @Override
  public StackTraceElement[] stackTrace() {
    return switch (state) {
      case RUNNING -> thread().getStackTrace();
      case ENDED -> new StackTraceElement[0];
      default -> body().stack().toArray(new StackTraceElement[0]);
    };
  }

  @Override
  void start() {
    ready();
  }

  @Override
  void resume() {
    Context context = loop.context();
    try {
      settle(context);
    } catch (RuntimeException | Error e) {
      e.setStackTrace(asThrownIn(body().stack(), e.getStackTrace(), MicroStrand.class));
      context.failure = e;
    }
    try {
      if (!body().go(context)) {
        state = State.ENDED;
      }
    } catch (Throwable e) {
      state = State.ENDED;
      Thread thread = thread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  /**
   * The trace of what was thrown when a wait was settled, with the frames of the call that waited.
   *
   * @param settling what has settled it
   */
  static StackTraceElement[] asThrownIn(
      List<StackTraceElement> call, StackTraceElement[] trace, Class<?> settling) {
    List<StackTraceElement> whole = new ArrayList<>(List.of(trace));
    int here = 0;
    while (here < trace.length && !trace[here].getClassName().equals(settling.getName())) {
      here++;
    }
    whole.addAll(here, call);
    return whole.toArray(new StackTraceElement[0]);
  }

  /** Reached by a call that is not woven, below one that is: there is no stack to leave. */
  @Override
  void switchOut() {}

  @Override
  String whyPinned() {
    return "can't be suspended by code that is not woven: " + Unwoven.frames();
  }

  // ---- its thread is everybody's

  @Override
  void interruptThread() {}

  @Override
  void clearInterrupt() {}
}
