// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.Diagnostics.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Warnings of calls that block the thread that woven code shares. */
class BlockingCallsTest {
  private static final String HEADER =
      """
      package p;
      import dev.weft.routine.*; import dev.weft.routine.codegen.*;
      import java.util.concurrent.*;
      import java.util.concurrent.locks.*;
      """;
  private static final String MEANT = "; if it is meant, annotate the method with @Blocks";

  private static List<String> warnings(String body) {
    Woven woven = Woven.of("p.T", HEADER + body);
    assertEquals("[]", woven.result.problems().errors().toString());
    return woven.result.problems().warnings().stream().map(Problem::toString).toList();
  }

  private static List<String> warningsOfCall(String type, String call) {
    return warnings(
        "class T { void m(%s x) throws Exception { Routine.suspend(); %s; } }"
            .formatted(type, call));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Object                         | Thread.sleep(1)              | java.lang.Thread.sleep
          Thread                         | x.join()                     | java.lang.Thread.join
          Object                         | x.wait()                     | java.lang.Object.wait
          Object                         | LockSupport.parkNanos(1)     | java.util.concurrent.locks.LockSupport.parkNanos
          ReentrantLock                  | x.lock()                     | java.util.concurrent.locks.Lock.lock
          Lock                           | x.tryLock(1, TimeUnit.DAYS)  | java.util.concurrent.locks.Lock.tryLock
          Condition                      | x.await()                    | java.util.concurrent.locks.Condition.await
          CountDownLatch                 | x.await()                    | java.util.concurrent.CountDownLatch.await
          Semaphore                      | x.acquire()                  | java.util.concurrent.Semaphore.acquire
          CyclicBarrier                  | x.await()                    | java.util.concurrent.CyclicBarrier.await
          Phaser                         | x.arriveAndAwaitAdvance()    | java.util.concurrent.Phaser.arriveAndAwaitAdvance
          ArrayBlockingQueue<String>     | x.take()                     | java.util.concurrent.BlockingQueue.take
          BlockingQueue<String>          | x.poll(1, TimeUnit.DAYS)     | java.util.concurrent.BlockingQueue.poll
          Future<String>                 | x.get()                      | java.util.concurrent.Future.get
          CompletableFuture<String>      | x.join()                     | java.util.concurrent.CompletableFuture.join
          ExecutorService                | x.close()                    | java.util.concurrent.ExecutorService.close
          Process                        | x.waitFor()                  | java.lang.Process.waitFor
          java.nio.channels.Selector     | x.select()                   | java.nio.channels.Selector.select
          Object                         | new java.net.Socket("h", 1)  | java.net.Socket.new
          String                         | new java.io.FileReader(x)    | java.io.FileReader.new
          java.nio.file.Path             | java.nio.file.Files.lines(x) | java.nio.file.Files.lines
          """)
  void blockingCallIsWarnedOf(String type, String call, String named) {
    List<String> warnings = warningsOfCall(type, call);

    assertEquals(1, warnings.size(), warnings.toString());
    String start = "p.T.m(T.java:5): " + named + " blocks the thread that others run on too: use ";
    assertEquals(start, warnings.getFirst().substring(0, start.length()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Lock                           | x.tryLock()
          Lock                           | x.unlock()
          BlockingQueue<String>          | x.poll()
          ConcurrentLinkedQueue<String>  | x.poll()
          Semaphore                      | x.tryAcquire()
          java.nio.channels.Selector     | x.selectNow()
          Object                         | new java.net.Socket()
          """)
  void nonBlockingCallIsNotWarnedOf(String type, String call) {
    assertEquals(List.of(), warningsOfCall(type, call));
  }

  @Test
  void warningNamesTheReplacement() {
    assertEquals(
        List.of(
            "p.T.m(T.java:5): java.lang.Thread.sleep blocks the thread that others run on too: use"
                + " dev.weft.Fiber.sleep"
                + MEANT),
        warningsOfCall("Object", "Thread.sleep(1)"));
  }

  @Test
  void codeThatIsNotWovenIsNotWarnedOf() {
    assertEquals(List.of(), warnings("class T { void m() throws Exception { Thread.sleep(1); } }"));
  }

  @Test
  void methodsAnnotatedAsBlockingAreNotWarnedOf() {
    assertEquals(
        List.of(),
        warnings(
            """
            class T {
              interface Task { @Suspends void run() throws Exception; }
              @Blocks void m() throws Exception { Routine.suspend(); Thread.sleep(1); }
              @Blocks Task n() { return () -> { Routine.suspend(); Thread.sleep(1); }; }
              @Blocks static class U {
                void m() throws Exception { Routine.suspend(); Thread.sleep(1); }
              }
            }
            """));
  }

  @Test
  void blockingLambdaIsWarnedOfAtItsPlace() {
    List<String> warnings =
        warnings(
            """
            class T {
              interface Task { @Suspends void run() throws Exception; }
              @Blocks void m() {}
              Task n() {
                return () -> {
                  Routine.suspend();
                  Thread.sleep(1);
                };
              }
            }
            """);

    assertEquals(1, warnings.size(), warnings.toString());
    assertTrue(warnings.getFirst().startsWith("p.T.lambda$n$0(T.java:11): "), warnings.toString());
  }
}
