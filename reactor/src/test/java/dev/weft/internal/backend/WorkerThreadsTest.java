// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.error.Errno;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Workers complete each job, and a fiber never waits for a lock that they use. */
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

  /** A class can't be loaded where descriptors are short. */
  @Test
  void aJobThatLacksAClassFailsForLackOfMemory() throws Exception {
    assertEquals(-Errno.ENOMEM.code(), resultOf(new NoClassDefFoundError("of the test's")));
    assertEquals(-Errno.ENOMEM.code(), resultOf(new StackOverflowError()));
  }

  @Test
  void aJobWithAFaultFailsAndTheFaultIsReported() throws Exception {
    AssertionError fault = new AssertionError("of the test's");
    AtomicReference<Throwable> reported = new AtomicReference<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> reported.set(e));
    try {
      assertEquals(-Errno.EIO.code(), resultOf(fault));
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertSame(fault, reported.get());
  }

  /** The result of a job that throws {@code failure}; the same worker does another job then. */
  private static int resultOf(Error failure) throws Exception {
    Semaphore done = new Semaphore(0);
    WorkerThreads workers = new WorkerThreads(done::release, "files");
    WorkerJob failing =
        job(
            () -> {
              throw failure;
            });
    workers.submit(failing);
    done.acquire();
    WorkerJob next = job(() -> 7);
    workers.submit(next);
    done.acquire();
    workers.close();
    assertEquals(7, next.result);
    return failing.result;
  }

  private static WorkerJob job(IntSupplier work) {
    return new WorkerJob() {
      @Override
      protected int perform() {
        return work.getAsInt();
      }
    };
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
