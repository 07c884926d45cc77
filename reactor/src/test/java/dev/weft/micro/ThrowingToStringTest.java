// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exceptions and threads whose {@code toString}, message or name throws. */
class ThrowingToStringTest {
  private static final class BadException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("getMessage");
    }

    @Override
    public String toString() {
      throw new IllegalStateException("toString");
    }
  }

  private static final class Faulty extends MicroThread {
    final List<String> notes = new ArrayList<>();
    @Nullable MicroFault found;

    @Override
    protected void run() {
      throw new BadException();
    }

    @Override
    protected void lastly() {
      notes.add(String.valueOf(errno()));
      found = fault();
      sigerror();
      throw new BadException();
    }

    @Override
    public String name() {
      throw new BadException();
    }
  }

  /** Reads until the end of its input. */
  private static final class Bystander extends MicroThread {
    final List<String> notes = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      pollread();
      notes.add("continues");
    }

    @Override
    protected void lastly() {
      notes.add(String.valueOf(errno()));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFaultWhoseToStringThrowsEndsItsOwnThreadOnly(boolean stackful) throws Exception {
    Faulty faulty = new Faulty();
    Bystander bystander = new Bystander();
    Runs runs = new Runs();
    try (SystemPipe input = SystemPipe.open()) {
      MicroOptions options = Runs.options(stackful).withDescriptors(input.reading, 1);
      runs.run(
          () -> {
            MicroProcess beside = MicroProcess.start(bystander, options);
            MicroProcess.start(faulty, options).join();
            input.endOfInput();
            beside.join();
          });
    }

    assertEquals(List.of("EFAULT"), faulty.notes);
    assertEquals(List.of("continues", "null"), bystander.notes);
    assertEquals(List.of(), runs.failures);
    assertEquals(1, runs.logged("fault in Faulty: " + BadException.class.getName() + " ("));
    assertEquals(1, runs.logged("lastly of Faulty failed: " + BadException.class.getName() + " ("));
    MicroFault fault = faulty.found;
    assertNotNull(fault);
    assertEquals(true, fault.description().startsWith(BadException.class.getName()));
    assertEquals(true, fault.toString().startsWith("fault in Faulty: "));
  }

  /** Lowers the fault, so that the failed thread continues. */
  private static final class Supervisor extends MicroThread {
    private final Worker worker = new Worker();

    @Override
    protected void run() {
      child(worker);
      process().supervise(this);
      play(worker);
      while (!worker.isEnded()) {
        pause();
      }
    }

    @Override
    protected void lastly() {
      MicroFault fault = fault();
      if (fault != null && errno() == Errno.EFAULT) {
        play(fault.thread());
        clearFault();
        lower();
      }
    }
  }

  private static final class Worker extends MicroThread {
    int attempts;

    @Override
    protected void run() {
      if (++attempts < 3) {
        throw new BadException();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSupervisorIsNotifiedOfAFaultWhoseToStringThrows(boolean stackful) throws Exception {
    Supervisor supervisor = new Supervisor();

    Runs runs = new Runs();
    runs.run(supervisor, stackful);

    assertEquals(3, supervisor.worker.attempts);
    assertEquals(List.of(), runs.failures);
  }
}
