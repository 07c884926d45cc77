// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.codegen.Context;

/**
 * A strand that is a woven routine: it runs on the reactor's own thread until it suspends, and is
 * then no more than its frames. Blocking calls of the JDK hold up the reactor in it.
 */
final class StacklessStrand extends Strand {
  StacklessStrand(EventLoop loop, Body body, long deadline) {
    super(loop, body, deadline);
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
      default -> places().toArray(new StackTraceElement[0]);
    };
  }

  @Override
  void start() {
    ready();
  }

  @Override
  void resume() {
    Context context = loop.context();
    deliverResult(context);
    try {
      if (!body().go(context)) {
        state = State.ENDED;
      }
    } catch (Throwable e) {
      state = State.ENDED;
      body().aborted(e);
    }
  }

  /** Reached by a call that is not woven, below one that is: there is no stack to leave. */
  @Override
  void switchOut() {}

  @Override
  String whyPinned() {
    return UnwovenFrames.why();
  }

  // ---- its thread is everybody's

  @Override
  void interruptThread() {}

  @Override
  void clearInterrupt() {}
}
