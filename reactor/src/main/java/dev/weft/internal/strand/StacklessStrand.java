// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.codegen.Context;

/**
 * A strand that is a woven routine: it runs on the reactor's own thread until it suspends, and then
 * consists only of its saved frames. Blocking calls of the JDK in it block the reactor.
 */
final class StacklessStrand extends Strand {
  StacklessStrand(EventLoop loop, Body body, long deadline) {
    super(loop, body, deadline);
  }

  /** The reactor's thread, which all stackless strands share. */
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
    Parking.deliverResult(this, context);
    try {
      if (!body().go(context)) {
        state = State.ENDED;
      }
    } catch (Throwable e) {
      state = State.ENDED;
      body().aborted(e);
    }
  }

  /** Does nothing: called from unwoven code below woven code, where no stack can be left. */
  @Override
  void switchOut() {}

  @Override
  String whyPinned() {
    return UnwovenFrames.why();
  }

  // ---- the thread is shared with other strands: it is not interrupted

  @Override
  void interruptThread() {}

  @Override
  void clearInterrupt() {}
}
