// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors that are raised, or happen, while a lastly deals with another one. */
class LastlyErrorsTest {
  /** Notes what it is called for. */
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
  void anErrorLoweredInLastlyGivesTheOuterOneBack(boolean stackful) throws Exception {
    RaisesInLastly thread = new RaisesInLastly();

    run(thread, stackful);

    assertEquals(List.of("ENOENT", "EINVAL", "still ENOENT", "after null", "null"), thread.notes);
  }

  private static final class LowersFirst extends Noting {
    @Override
    protected void run() throws Exception {
      raise(Errno.ENOENT);
      note("goes on");
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
  void whatWasLoweredBeforeAnotherRaiseStaysLowered(boolean stackful) throws Exception {
    LowersFirst thread = new LowersFirst();

    run(thread, stackful);

    assertEquals(List.of("goes on"), thread.notes);
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
  void aThreadWhoseLastlyFailsInARaiseIsOver(boolean stackful) throws Exception {
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
  void raisesThatHaveFailedDoNotCountForTheLimit(boolean stackful) throws Exception {
    FailsOften thread = new FailsOften();

    run(thread, stackful);

    assertEquals(List.of("40"), thread.notes);
  }

  /** Is raised at while its lastly waits for another thread. */
  private static final class WaitsInLastly extends Noting {
    @Override
    protected void run() throws Exception {
      raise(Errno.ENOENT);
      note("goes on");
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
      suspend(MicroStatus.YIELD); // until it waits
      raiseAt(other, Errno.EAGAIN);
      suspend(MicroStatus.YIELD);
      play(other);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anErrorRaisedAtALastlyThatWaitsGivesItsErrorBack(boolean stackful) throws Exception {
    RaisesAt main = new RaisesAt();

    run(main, stackful);

    assertEquals(List.of("ENOENT", "EAGAIN", "still ENOENT", "goes on", "null"), main.other.notes);
  }

  /** Says one word to an output that is closed. */
  private static final class SaysTo extends Noting {
    private final String word;

    SaysTo(String word) {
      this.word = word;
    }

    @Override
    protected void run() throws Exception {
      txClose();
      switch (word) {
        case "literal" -> literal("text");
        case "literal, not ASCII" -> literal("tëxt");
        case "write" -> write(new byte[4]);
        case "flush" -> flush();
        case "hup" -> hup();
        default -> txShutdown();
      }
      note("goes on");
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
  void aWordThatIsRefusedRaisesOnce(String word) throws Exception {
    SaysTo thread = new SaysTo(word);

    run(thread, false);

    assertEquals(List.of("EPIPE", "goes on", "null"), thread.notes);
  }
}
