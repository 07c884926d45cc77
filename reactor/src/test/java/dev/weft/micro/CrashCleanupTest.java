// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.Errno;
import dev.weft.net.TcpSocket;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Internal failures in the code that runs the threads of a process. */
@Timeout(60)
class CrashCleanupTest {
  private static final String CAUSE = "of the test";

  /** Replaces a thread's code: fails the first {@code times} times that it is to be ended. */
  private static final class Unendable extends Routine {
    private final Routine code;
    private int times;

    private final boolean throwsError;

    Unendable(Routine code, int times, boolean throwsError) {
      this.code = code;
      this.times = times;
      this.throwsError = throwsError;
    }

    @Override
    protected void run() {}

    /** Throws the exception that it is resumed with, as the code would. */
    @Override
    public void resume(Context context) {
      context.resumed();
    }

    @Override
    public boolean hasBegun() {
      if (times-- > 0) {
        if (throwsError) {
          throw new InternalError(CAUSE);
        }
        throw new IllegalStateException(CAUSE);
      }
      return code.hasBegun();
    }
  }

  /** Waits for bytes, or in a fiber call, until an error is raised in it. */
  private static final class Waiter extends MicroThread {
    private final boolean asFiber;
    final List<String> notes = new ArrayList<>();

    Waiter(boolean asFiber) {
      this.asFiber = asFiber;
    }

    @Override
    protected void run() throws Exception {
      if (asFiber) {
        Fiber.sleep(Duration.ofHours(1));
      } else {
        pollread();
      }
    }

    @Override
    protected void lastly() {
      notes.add(String.valueOf(errno()));
    }
  }

  /** The first thread of the process that fails, while a read or fiber call is in flight. */
  private static final class Main extends MicroThread {
    private final int times;
    private final boolean throwsError;
    final Waiter waiter;
    final List<String> notes = new ArrayList<>();

    Main(int times, boolean asFiber, boolean throwsError) {
      this.times = times;
      this.throwsError = throwsError;
      waiter = new Waiter(asFiber);
    }

    @Override
    protected void run() throws Exception {
      child(waiter);
      play(waiter);
      while (waiter.status() != MicroStatus.WAIT) {
        suspend(MicroStatus.YIELD);
      }
      waiter.control.runner = new Unendable(waiter.control.runner, times, throwsError);
      raiseAt(waiter, Errno.EIO);
      try {
        pause();
      } finally {
        notes.add("finally");
      }
    }

    @Override
    protected void lastly() {
      notes.add(String.valueOf(errno()));
    }
  }

  private final Runs runs = new Runs();
  private final Waiter bystander = new Waiter(false);

  /** Runs {@code main} and a bystander as connections of a service. */
  private void run(Main main, boolean stackful) throws Exception {
    MicroThread[] handlers = {bystander, main};
    int[] next = {0};
    runs.run(
        () -> {
          MicroService service =
              MicroService.start(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                  Runs.options(stackful),
                  () -> handlers[next[0]++]);
          try (TcpSocket beside = TcpSocket.connect(service.localAddress());
              TcpSocket socket = TcpSocket.connect(service.localAddress());
              Arena arena = Arena.ofConfined()) {
            Deadline deadline = Deadline.after(Duration.ofSeconds(20));
            assertEquals(-1, socket.read(arena.allocate(1), deadline));
            assertEquals(List.of(), bystander.notes);
            assertFalse(bystander.isEnded());
            assertEquals(1, service.connections());
            beside.shutdownOutput();
            assertEquals(-1, beside.read(arena.allocate(1), deadline));
          }
          service.close();
          service.join();
        });

    assertEquals(List.of("null"), bystander.notes);
    assertEquals(List.of(CAUSE), runs.failures.stream().map(Throwable::getMessage).toList());
    String failure = main.throwsError ? "InternalError" : "IllegalStateException";
    assertEquals(1, runs.logged("failed, and is ended: java.lang." + failure + ": " + CAUSE));
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, false",
    "false, true, false",
    "true, false, false",
    "true, true, false",
    "false, false, true",
    "true, true, true"
  })
  void anInternalFailureEndsItsOwnProcessOnly(
      boolean stackful, boolean asFiber, boolean throwsError) throws Exception {
    Main main = new Main(1, asFiber, throwsError);

    run(main, stackful);

    assertEquals(List.of("EINTR", "finally"), main.notes);
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, false",
    "false, true, false",
    "true, false, false",
    "true, true, false",
    "false, true, true",
    "true, false, true"
  })
  void aProcessThatCannotBeEndedIsAborted(boolean stackful, boolean asFiber, boolean throwsError)
      throws Exception {
    Main main = new Main(Integer.MAX_VALUE, asFiber, throwsError);

    run(main, stackful);

    assertEquals("EINTR", main.notes.getFirst());
  }
}
