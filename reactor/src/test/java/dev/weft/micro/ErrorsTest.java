// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Raised errors, faults, and how threads handle them. */
@Tag("needs-weaving") // and runs in each form
class ErrorsTest {
  private static final List<String> LOG = new ArrayList<>();

  @BeforeEach
  void forget() {
    LOG.clear();
  }

  /** Logs and lowers every error. */
  private abstract static class Lowering extends MicroThread {
    @Override
    protected void lastly() throws Exception {
      LOG.add("lastly " + errno());
      if (errno() != null) {
        lower();
      }
    }
  }

  private static final class Unlowered extends MicroThread {
    @Override
    protected void run() throws Exception {
      try {
        raise(Errno.ENOENT);
        LOG.add("not reached");
      } finally {
        suspend(MicroStatus.RUN);
        LOG.add("finally");
      }
    }

    @Override
    protected void lastly() {
      LOG.add("lastly " + errno());
    }
  }

  @ParameterizedTest
  @EnumSource
  void anErrorThatIsNotLoweredEndsTheThreadThroughItsFinallyBlocks(ExecutionMode mode)
      throws Exception {
    mode.run(new Unlowered());

    assertEquals(List.of("lastly ENOENT", "finally"), LOG);
  }

  private static final class RaisesInLastly extends MicroThread {
    private boolean nested;

    @Override
    protected void run() throws Exception {
      raise(Errno.ENOENT);
      LOG.add("after the first");
    }

    @Override
    protected void lastly() throws Exception {
      LOG.add("lastly " + errno());
      if (errno() == Errno.ENOENT && !nested) {
        nested = true;
        raise(Errno.EINVAL);
        LOG.add("after the second");
        errno(Errno.ENOENT);
        lower();
      } else if (errno() != null) {
        suspend(MicroStatus.RUN);
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void lastlyMayRaiseAndSuspend(ExecutionMode mode) throws Exception {
    mode.run(new RaisesInLastly());

    assertEquals(
        List.of(
            "lastly ENOENT", "lastly EINVAL", "after the second", "after the first", "lastly null"),
        LOG);
  }

  private static final class RaisesForEver extends MicroThread {
    @Override
    protected void run() throws Exception {
      raise(Errno.EIO);
    }

    @Override
    protected void lastly() throws Exception {
      LOG.add("lastly");
      raise(Errno.EIO);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLastlyThatRaisesRepeatedlyIsStopped(ExecutionMode mode) throws Exception {
    mode.run(new RaisesForEver());

    assertEquals(16, LOG.size());
  }

  private static final class Paused extends Lowering {
    @Override
    protected void run() {
      LOG.add("pauses");
      pause();
      LOG.add("continues");
    }
  }

  private static final class RaisesAtPaused extends MicroThread {
    @Override
    protected void run() throws Exception {
      Paused paused = new Paused();
      child(paused);
      play(paused);
      suspend(MicroStatus.YIELD);
      raiseAt(paused, Errno.EINTR);
      suspend(MicroStatus.YIELD);
      LOG.add("still " + paused.status());
      play(paused);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "REACTOR.*")
  void anErrorRaisedFromElsewhereAndLoweredLeavesTheThreadPaused(ExecutionMode mode)
      throws Exception {
    mode.run(new RaisesAtPaused());

    assertEquals(List.of("pauses", "lastly EINTR", "still YIELD", "continues", "lastly null"), LOG);
  }

  private static final class RaisesAtOthers extends MicroThread {
    @Override
    protected void run() throws Exception {
      Paused fresh = new Paused();
      child(fresh);
      raiseAt(fresh, Errno.EIO); // before it has begun: it begins after its lastly
      Unlowered over = new Unlowered();
      child(over);
      call(over);
    }

    @Override
    protected void lastly() {
      LOG.add("main " + errno());
    }
  }

  @ParameterizedTest
  @EnumSource
  void anErrorRaisedBeforeTheThreadHasBegunRunsItsLastlyOnly(ExecutionMode mode) throws Exception {
    mode.run(new RaisesAtOthers());

    assertTrue(LOG.contains("lastly EIO"), LOG::toString);
  }

  /** Fails between two suspensions, and keeps a local across the first. */
  private static final class Failing extends Lowering {
    private int failures;

    @Override
    protected void run() throws Exception {
      int local = 1;
      LOG.add("begins");
      suspend(MicroStatus.RUN);
      local++;
      LOG.add("local " + local);
      if (failures++ < 2) {
        throw new ArithmeticException("failure " + failures);
      }
      LOG.add("ends");
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = ".*WOVEN")
  void lowerAfterAFaultResumesFromTheLastSuspension(ExecutionMode mode) throws Exception {
    mode.run(new Failing());

    assertEquals(
        List.of(
            "begins",
            "local 2",
            "lastly EFAULT",
            "local 2",
            "lastly EFAULT",
            "local 2",
            "ends",
            "lastly null"),
        LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = ".*STACKFUL")
  void lowerAfterAFaultRestartsAStackfulThread(ExecutionMode mode) throws Exception {
    mode.run(new Failing());

    assertEquals(3, LOG.stream().filter("begins"::equals).count());
    assertEquals("lastly null", LOG.getLast());
  }

  private static final class FailsForEver extends Lowering {
    @Override
    protected void run() {
      throw new IllegalStateException("again");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadThatFailsRepeatedlyIsEnded(ExecutionMode mode) throws Exception {
    List<String> log = mode.run(new FailsForEver()).log();

    assertEquals(11, LOG.size());
    assertTrue(log.stream().anyMatch(line -> line.contains("too many faults")), log::toString);
  }

  /** Ends by a fault of the given kind. */
  private static final class Faults extends MicroThread {
    private final Runnable cause;

    Faults(Runnable cause) {
      this.cause = cause;
    }

    @Override
    protected void run() {
      cause.run();
    }

    @Override
    protected void lastly() {
      LOG.add(errno() + " " + (fault() == null ? "" : fault().description()));
      clearFault();
    }
  }

  private static int overflow(int depth) {
    return depth < 0 ? 0 : overflow(depth + 1) + 1;
  }

  @ParameterizedTest
  @EnumSource
  void everyKindOfFailureIsEfault(ExecutionMode mode) throws Exception {
    mode.run(new Faults(() -> overflow(0)));
    mode.run(
        new Faults(
            () -> {
              throw new OutOfMemoryError("of the test");
            }));

    assertTrue(LOG.get(0).startsWith("EFAULT Signal SIGSEGV"), LOG::toString);
    assertEquals("EFAULT java.lang.OutOfMemoryError: of the test", LOG.get(1));
  }

  private static final class Worker extends MicroThread {
    private int attempts;

    @Override
    protected void run() throws Exception {
      suspend(MicroStatus.RUN);
      LOG.add("attempt " + ++attempts);
      if (attempts < 3) {
        throw new IllegalStateException("attempt " + attempts);
      }
    }

    @Override
    protected void lastly() {
      LOG.add("worker " + errno());
    }
  }

  private static final class Supervisor extends MicroThread {
    private final int faultsMax;
    private Worker worker;

    Supervisor(int faultsMax) {
      this.faultsMax = faultsMax;
    }

    @Override
    protected void run() {
      worker = new Worker();
      child(worker);
      process().supervise(this, faultsMax, Duration.ofDays(1));
      play(worker);
      while (!worker.isEnded()) {
        pause();
      }
    }

    @Override
    protected void lastly() {
      LOG.add("supervisor " + errno());
      if (fault() != null) {
        play(fault().thread());
        clearFault();
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSupervisorCanRetryTheFailedThread(ExecutionMode mode) throws Exception {
    mode.run(new Supervisor(5));

    assertEquals(
        List.of(
            "attempt 1",
            "supervisor EFAULT",
            "attempt 2",
            "supervisor EFAULT",
            "attempt 3",
            "worker null"),
        LOG.subList(0, 6));
  }

  @ParameterizedTest
  @EnumSource
  void aSupervisedThreadIsEndedAfterTooManyFaults(ExecutionMode mode) throws Exception {
    List<String> log = mode.run(new Supervisor(1)).log();

    assertEquals(
        List.of("attempt 1", "supervisor EFAULT", "attempt 2", "supervisor EFAULT"),
        LOG.subList(0, 4));
    assertTrue(log.stream().anyMatch(line -> line.contains("Worker is given up")), log::toString);
  }

  // ---- memory

  private static final class Hungry extends Lowering {
    @Override
    protected void run() throws Exception {
      MicroBlock first = calloc(1, 4096);
      LOG.add("first " + first.byteSize());
      calloc(100, 4096);
      LOG.add("not reached");
    }
  }

  @ParameterizedTest
  @EnumSource
  void memoryShortageIsEnomemAndReportsTheRequiredPages(ExecutionMode mode) throws Exception {
    List<String> log = mode.run(new Hungry()).log();

    assertEquals(List.of("first 4096", "lastly ENOMEM"), LOG);
    // 8 of the socket, 1 of the first block, 100 of the second
    assertTrue(
        log.stream().anyMatch(line -> line.endsWith("needs page count of 109")), log::toString);
  }

  private static final class FreesTooMuch extends Lowering {
    @Override
    protected void run() throws Exception {
      calloc(1, 1);
      free();
      free();
      calloc(Long.MAX_VALUE, 2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void freeingWithoutABlockAndImpossibleSizesAreErange(ExecutionMode mode) throws Exception {
    mode.run(new FreesTooMuch());

    assertEquals(List.of("lastly ERANGE", "lastly ERANGE"), LOG);
  }

  private static MicroBlock leaked;

  private static final class UsesTheFreed extends Lowering {
    private boolean done;

    @Override
    protected void run() throws Exception {
      if (!done) {
        done = true;
        MicroBlock block = calloc(1, 8);
        leaked = calloc(1, 8);
        leaked.setLong(0, 42);
        free();
        calloc(1, 8); // reuses the same memory
        LOG.add("sees " + block.getLong(0));
        leaked.getLong(0);
        LOG.add("not reached");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void accessToAFreedBlockIsAFaultEvenIfItsMemoryIsReused(ExecutionMode mode) throws Exception {
    mode.run(new UsesTheFreed());

    assertEquals(List.of("sees 0", "lastly EFAULT", "lastly null"), LOG);
  }
}
