// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.Errno;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that read nothing, and so hold what was written to them. */
@Tag("needs-weaving") // and runs in each form
class DeafClientTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  /** Writes more than any socket takes, and leaves the rest behind. */
  private static class Writer extends MicroThread {
    static final int BYTES = 64 << 20;

    final List<String> said = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      deadline(Deadline.after(SHORT));
      write(new byte[BYTES]);
    }

    @Override
    protected void lastly() throws Exception {
      said.add(String.valueOf(errno()));
    }
  }

  /** Has a writer ended by something else, who sets its deadline only then. */
  private static final class Interrupter extends MicroThread {
    final Writer writer =
        new Writer() {
          @Override
          protected void run() throws Exception {
            write(new byte[BYTES]);
          }

          @Override
          protected void lastly() throws Exception {
            super.lastly();
            deadline(Deadline.after(SHORT));
          }
        };

    @Override
    protected void run() throws Exception {
      responder(writer);
      play(writer);
      while (writer.status() != MicroStatus.WAIT) {
        suspend(MicroStatus.YIELD);
      }
      raiseAt(writer, Errno.EINTR);
    }
  }

  /** Ends after the writer that is over its deadline, and shares its socket. */
  private static final class Sharer extends MicroThread {
    final Writer writer = new Writer();

    @Override
    protected void run() throws Exception {
      child(writer);
      play(writer);
      while (!writer.isEnded()) {
        suspend(MicroStatus.YIELD);
      }
    }
  }

  /** Wants to say more than fits when its deadline has passed. */
  private static final class Talker extends Writer {
    @Override
    protected void lastly() throws Exception {
      super.lastly();
      if (said.size() == 1) {
        write(new byte[BYTES]);
      }
    }
  }

  /** Runs a handler for a client that reads nothing until its process has ended. */
  private static void serveDeafClient(ExecutionMode mode, MicroThread handler, boolean kills)
      throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            MicroService service = MicroService.start(anyPort, mode.options(), () -> handler);
            TcpSocket deaf = TcpSocket.connect(service.localAddress());
            try {
              while (service.connections() == 0) {
                Fiber.yield();
              }
              service.stop();
              if (kills) {
                while (handler.status() != MicroStatus.WAIT) {
                  Fiber.yield();
                }
                service.kill();
              }
              service.join();
            } finally {
              deaf.close();
            }
          });
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void aPeerThatReadsNothingDoesNotHoldAConnectionWhoseDeadlineHasPassed(ExecutionMode mode)
      throws Exception {
    Writer writer = new Writer();

    serveDeafClient(mode, writer, false);

    assertEquals(List.of("ETIMEDOUT"), writer.said);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void theDeadlineOfAThreadThatHasEndedHoldsForItsOutput(ExecutionMode mode) throws Exception {
    Interrupter interrupter = new Interrupter();

    serveDeafClient(mode, interrupter, false);

    assertEquals(List.of("EINTR"), interrupter.writer.said);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void theDeadlineOfOneThreadHoldsForTheOutputOfAllWhenTheyHaveEnded(ExecutionMode mode)
      throws Exception {
    Sharer sharer = new Sharer();

    serveDeafClient(mode, sharer, false);

    assertEquals(List.of("ETIMEDOUT"), sharer.writer.said);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void lastWordsThatNobodyReadsAreDropped(ExecutionMode mode) throws Exception {
    Talker talker = new Talker();

    serveDeafClient(mode, talker, false);

    assertEquals("ETIMEDOUT", talker.said.getFirst());
  }

  /** Only killed. */
  private static final class Endless extends Writer {
    @Override
    protected void run() throws Exception {
      write(new byte[BYTES]);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void aPeerThatReadsNothingDoesNotHoldAConnectionThatIsKilled(ExecutionMode mode)
      throws Exception {
    Endless endless = new Endless();

    serveDeafClient(mode, endless, true);

    assertEquals(List.of("EINTR"), endless.said);
  }

  /** Says good-bye. */
  private static final class Polite extends MicroThread {
    @Override
    protected void run() throws Exception {
      deadline(Deadline.after(SHORT));
      pollread();
    }

    @Override
    protected void lastly() throws Exception {
      if (errno() == Errno.ETIMEDOUT) {
        literal("too late\n");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void lastWordsThatTheSystemTakesAtOnceArrive(ExecutionMode mode) throws Exception {
    try (Reactor reactor = Reactor.open();
        Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(100);
      reactor.run(
          () -> {
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            MicroService service = MicroService.start(anyPort, mode.options(), Polite::new);
            try (TcpSocket client = TcpSocket.connect(service.localAddress())) {
              assertEquals(9, client.read(buffer));
              assertEquals("too late\n", buffer.getString(0));
              assertEquals(-1, client.read(buffer));
            }
            service.kill();
            service.join();
          });
    }
  }
}
