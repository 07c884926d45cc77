// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.Blocking;
import dev.weft.Fiber;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.jvm.StackReserve;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Blocking call of a micro-thread, run on a thread outside the reactor. A fiber waits for it. */
public final class BlockingCall<T extends @Nullable Object> {
  private final ProcessControl process;
  private final ThreadControl thread;
  private final Callable<T> call;
  private @Nullable T result;
  private @Nullable Throwable failure;
  private boolean isDone;

  public BlockingCall(ProcessControl process, ThreadControl thread, Callable<T> call) {
    this.process = process;
    this.thread = thread;
    this.call = call;
  }

  public void start() {
    StackReserve.check();
    process.timers.await(thread);
    Fiber.start("blocking call of " + thread.label(), this::run);
  }

  private void run() {
    try {
      result = Blocking.call(call);
    } catch (Throwable e) {
      failure = e;
    }
    isDone = true;
    if (!process.isEnded()) {
      process.timers.awake(thread);
    }
  }

  public boolean isDone() {
    return isDone;
  }

  @SuppressWarnings("NullAway") // null only if T allows it
  public T result() throws Exception {
    Failures.throwIfAny(failure);
    return result;
  }
}
