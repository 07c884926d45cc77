// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A fiber never waits for a lock that worker threads use. */
@Tag("mode-independent")
class WorkerThreadsTest {
  @Test
  void blockingIsAnnouncedWhileAThreadHasTheLock() throws Exception {
    WorkerThreads workers = new WorkerThreads(() -> {}, "files");
    CountDownLatch locked = new CountDownLatch(1);
    CountDownLatch announced = new CountDownLatch(1);
    Thread worker =
        Thread.ofPlatform()
            .start(
                () -> {
                  synchronized (workers) {
                    locked.countDown();
                    awaitUninterruptibly(announced);
                  }
                });
    locked.await();

    workers.beginBlocking();
    workers.endBlocking();

    announced.countDown();
    worker.join();
    workers.close();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
