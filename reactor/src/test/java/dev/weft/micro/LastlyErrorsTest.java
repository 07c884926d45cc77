// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors and faults while a lastly handles another error. */
class LastlyErrorsTest {
  /** Keeps notes. */
  private abstract static class Noting extends MicroThread {
    final List<String> notes = new ArrayList<>();

    final void note(Object what) {
      notes.add(String.valueOf(what));
    }
  }

  private static Runs run(MicroThread main, boolean stackful) throws Exception {
    Runs runs = new Runs();
    runs.run(main, stackful);
    assertEquals(List.of(), runs.failures);
    return runs;
  }

  private static final class RaisesInLastly extends Noting {
    @Override
    protected void run() throws Exception {
      raise(Errno.ENOENT);
      note("after " + errno());
    }

    @Override
    protected void lastly() throws Exception {
      note(errno());
      if (errno() == Errno.ENOENT) {
        raise(Errno.EINVAL);
        note("still " + errno());
      }
      if (errno() != null) {
        lower();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void loweringAnErrorInLastlyRestoresTheOuterOne(boolean stackful) throws Exception {
    RaisesInLastly thread = new RaisesInLastly();

    run(thread, stackful);

    assertEquals(List.of("ENOENT", "EINVAL", "still ENOENT", "after null", "null"), thread.notes);
  }

  private static final class LowersFirst extends Noting {
    @Override
    protected void run() throws Exception {
      raise(Errno.ENOENT);
      note("continues");
    }

    @Override
    protected void lastly() throws Exception {
      if (errno() == Errno.ENOENT) {
        lower();
        raise(Errno.EINVAL);
      } else if (errno() != null) {
        lower();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLoweredErrorStaysLoweredAfterAnotherRaise(boolean stackful) throws Exception {
    LowersFirst thread = new LowersFirst();

    run(thread, stackful);

    assertEquals(List.of("continues"), thread.notes);
  }

  private static final class FailsInLastly extends Noting {
    @Override
    protected void run() throws Exception {
      raise(Errno.EIO);
    }

    @Override
    protected void lastly() {
      note(errno());
      throw new IllegalStateException("of lastly");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aThreadWhoseLastlyFailsIsEnded(boolean stackful) throws Exception {
    FailsInLastly thread = new FailsInLastly();

    Runs runs = run(thread, stackful);

    assertEquals(List.of("EIO"), thread.notes);
    assertEquals(
        1,
        runs.logged("lastly of FailsInLastly failed: java.lang.IllegalStateException: of lastly"));
  }

  private static final class FailsOften extends Noting {
    private static final int TIMES = 40;
    private int times;

    @Override
    protected void run() throws Exception {
      while (times < TIMES) {
        try {
          raise(Errno.EIO);
        } catch (IllegalStateException e) {
          times++;
        }
      }
      note(times);
    }

    @Override
    protected void lastly() {
      if (times < TIMES) {
        throw new IllegalStateException("of lastly");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failedRaisesDoNotCountForTheLimit(boolean stackful) throws Exception {
    FailsOften thread = new FailsOften();

    run(thread, stackful);

    assertEquals(List.of("40"), thread.notes);
  }

  /** Its lastly waits for another thread, which raises an error in it. */
  private static final class WaitsInLastly extends Noting {
    @Override
    protected void run() throws Exception {
      raise(Errno.ENOENT);
      note("continues");
    }

    @Override
    protected void lastly() {
      note(errno());
      if (errno() == Errno.ENOENT) {
        pause();
        note("still " + errno());
      }
      if (errno() != null) {
        lower();
      }
    }
  }

  private static final class RaisesAt extends MicroThread {
    final WaitsInLastly other = new WaitsInLastly();

    @Override
    protected void run() throws Exception {
      child(other);
      play(other);
      suspend(MicroStatus.YIELD); // until the other thread waits
      raiseAt(other, Errno.EAGAIN);
      suspend(MicroStatus.YIELD);
      play(other);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anErrorRaisedAtAWaitingLastlyRestoresTheOuterOneWhenLowered(boolean stackful)
      throws Exception {
    RaisesAt main = new RaisesAt();

    run(main, stackful);

    assertEquals(
        List.of("ENOENT", "EAGAIN", "still ENOENT", "continues", "null"), main.other.notes);
  }

  /** Makes one call on an output that is closed. */
  private static final class CallsOnClosedOutput extends Noting {
    private final String call;

    CallsOnClosedOutput(String call) {
      this.call = call;
    }

    @Override
    protected void run() throws Exception {
      txClose();
      switch (call) {
        case "literal" -> literal("text");
        case "literal, not ASCII" -> literal("tëxt");
        case "write" -> write(new byte[4]);
        case "flush" -> flush();
        case "hup" -> hup();
        default -> txShutdown();
      }
      note("continues");
    }

    @Override
    protected void lastly() {
      note(errno());
      if (errno() != null) {
        lower();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"literal", "literal, not ASCII", "write", "flush", "hup", "txShutdown"})
  void aRefusedCallRaisesOnce(String call) throws Exception {
    CallsOnClosedOutput thread = new CallsOnClosedOutput(call);

    run(thread, false);

    assertEquals(List.of("EPIPE", "continues", "null"), thread.notes);
  }
}
