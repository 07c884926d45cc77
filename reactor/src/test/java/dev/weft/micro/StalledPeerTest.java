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

/** Clients that read nothing, so that output to them is never accepted. */
@Tag("needs-weaving") // and runs in each form
class StalledPeerTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  /** Writes more than any socket buffers, so that output is left at its end. */
  private static class Writer extends MicroThread {
    static final int BYTES = 64 << 20;

    final List<String> log = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      deadline(Deadline.after(SHORT));
      write(new byte[BYTES]);
    }

    @Override
    protected void lastly() throws Exception {
      log.add(String.valueOf(errno()));
    }
  }

  /** Ends a writer by an error; the writer sets its deadline only then. */
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

  /** Shares the socket of a writer past its deadline, and ends after it. */
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

  /** Writes more than fits after its deadline has passed. */
  private static final class Talker extends Writer {
    @Override
    protected void lastly() throws Exception {
      super.lastly();
      if (log.size() == 1) {
        write(new byte[BYTES]);
      }
    }
  }

  /** Runs a handler for a client that reads nothing until its process has ended. */
  private static void serveStalledClient(ExecutionMode mode, MicroThread handler, boolean kills)
      throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            MicroService service = MicroService.start(anyPort, mode.options(), () -> handler);
            TcpSocket client = TcpSocket.connect(service.localAddress());
            try {
              while (service.connections() == 0 && handler.status() != MicroStatus.END) {
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
              client.close();
            }
          });
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void aStalledPeerDoesNotKeepAConnectionOpenPastItsDeadline(ExecutionMode mode) throws Exception {
    Writer writer = new Writer();

    serveStalledClient(mode, writer, false);

    assertEquals(List.of("ETIMEDOUT"), writer.log);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void theDeadlineOfAnEndedThreadLimitsTheDrainOfItsOutput(ExecutionMode mode) throws Exception {
    Interrupter interrupter = new Interrupter();

    serveStalledClient(mode, interrupter, false);

    assertEquals(List.of("EINTR"), interrupter.writer.log);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void theDeadlineOfOneThreadLimitsTheDrainForAllWhenTheyHaveEnded(ExecutionMode mode)
      throws Exception {
    Sharer sharer = new Sharer();

    serveStalledClient(mode, sharer, false);

    assertEquals(List.of("ETIMEDOUT"), sharer.writer.log);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void outputOfALastlyThatIsNotReadIsDroppedAfterTheDeadline(ExecutionMode mode) throws Exception {
    Talker talker = new Talker();

    serveStalledClient(mode, talker, false);

    assertEquals("ETIMEDOUT", talker.log.getFirst());
  }

  /** Has no deadline. */
  private static final class Endless extends Writer {
    @Override
    protected void run() throws Exception {
      write(new byte[BYTES]);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void aStalledPeerDoesNotKeepAKilledConnectionOpen(ExecutionMode mode) throws Exception {
    Endless endless = new Endless();

    serveStalledClient(mode, endless, true);

    assertEquals(List.of("EINTR"), endless.log);
  }

  /** Writes a last line after its deadline has passed. */
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
  void outputOfALastlyThatFitsTheKernelsBufferArrives(ExecutionMode mode) throws Exception {
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
