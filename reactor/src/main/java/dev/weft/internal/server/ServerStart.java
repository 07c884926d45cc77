// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.server;

import dev.weft.FiberCall;
import dev.weft.ReactorThread;
import dev.weft.internal.cross.CrossThreadLatch;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.queue.TimerQueue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Starts the parts of a server on several reactors. */
public final class ServerStart {
  private ServerStart() {}

  /**
   * Opens a part on each reactor, then starts all of them; on a failure none is left. Suspends in a
   * fiber.
   *
   * @param shared whether the listeners share a port
   */
  public static <S extends AutoCloseable> void start(
      ServerCore<S> core, List<ReactorThread> reactors, boolean shared) throws IOException {
    List<ServerPart<S>> parts = new ArrayList<>();
    int running = 0;
    try {
      for (ReactorThread reactor : reactors) {
        parts.add(call(reactor, () -> core.open(shared)));
      }
      for (; running < parts.size(); running++) {
        ServerPart<S> part = parts.get(running);
        var _ =
            reactors
                .get(running)
                .submit(part::run)
                .whenComplete((nothing, thrown) -> ended(core, part, thrown));
      }
    } catch (Throwable e) {
      endAfter(e, core, reactors, parts, running);
      throw e;
    }
  }

  /** Ends what has been started, when the rest can't be. */
  private static <S extends AutoCloseable> void endAfter(
      Throwable cause,
      ServerCore<S> core,
      List<ReactorThread> reactors,
      List<ServerPart<S>> parts,
      int running) {
    core.requestEnd(Long.MIN_VALUE);
    for (int i = running; i < parts.size(); i++) {
      ServerPart<S> part = parts.get(i);
      try {
        call(
            reactors.get(i),
            () -> {
              part.abandon();
              return true;
            });
      } catch (IOException | RuntimeException e) {
        Failures.suppress(cause, e);
      }
    }
  }

  /** A part has ended: as asked, or because its reactor has failed or been closed. */
  private static <S extends AutoCloseable> void ended(
      ServerCore<S> core, ServerPart<S> part, @Nullable Throwable thrown) {
    if (!part.hasEnded()) {
      part.lost();
    }
    if (thrown != null) {
      core.requestEnd(Long.MIN_VALUE);
    }
  }

  /** Has another thread run a call that soon returns. Suspends in a fiber. */
  public static <T> T call(ReactorThread reactor, FiberCall<T> call) throws IOException {
    CrossThreadLatch ended = new CrossThreadLatch();
    CompletableFuture<T> future = reactor.submit(call);
    var _ = future.whenComplete((result, thrown) -> ended.release());
    ended.awaitShielded("start", "a server", TimerQueue.NEVER);
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw Failures.unchecked(e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError("the future is done", e);
    }
  }
}
