// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.Errno;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sides and services that are closed while something is on its way, or is waited for. */
@Timeout(60)
class TransferEndTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Lowers every error, and notes which. */
  private abstract static class Noting extends MicroThread {
    final List<String> notes = new ArrayList<>();

    @Override
    protected void lastly() {
      notes.add(String.valueOf(errno()));
      if (errno() != null) {
        lower();
      }
    }
  }

  private final Runs runs = new Runs();

  private static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(20));
  }

  // ---- a number that has been given back

  /** Shuts a connection down that it has closed, when its number is another's. */
  private static final class ShutsLate extends Noting {
    private final InetSocketAddress address;
    boolean isClosed;
    boolean isReused;

    ShutsLate(InetSocketAddress address) {
      this.address = address;
    }

    @Override
    protected void run() throws Exception {
      MicroSocket connection = connect(address);
      if (connection == null) {
        return;
      }
      connection.rxClose();
      connection.txClose();
      while (!connection.rx.isClosed() || !connection.tx.isClosed()) {
        suspend(MicroStatus.YIELD);
        Fiber.yield();
      }
      isClosed = true;
      while (!isReused) {
        Fiber.yield();
      }
      connection.rxShutdown();
      connection.txShutdown();
    }
  }

  @Test
  void aClosedSocketIsNotShutDown() throws Exception {
    List<String> notes = new ArrayList<>();
    runs.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY_PORT);
              Arena arena = Arena.ofConfined()) {
            ShutsLate thread = new ShutsLate(listener.localAddress());
            MicroProcess process = MicroProcess.start(thread, Runs.options(false));
            TcpSocket first = listener.accept(soon());
            while (!thread.isClosed) {
              Fiber.yield();
            }
            TcpSocket client = TcpSocket.connect(listener.localAddress(), soon());
            TcpSocket served = listener.accept(soon());
            thread.isReused = true;
            process.join(soon());
            client.write(arena.allocate(3), soon());
            assertEquals(3, served.read(arena.allocate(3), soon()));
            served.write(arena.allocate(2), soon());
            assertEquals(2, client.read(arena.allocate(2), soon()));
            first.close();
            client.close();
            served.close();
            notes.addAll(thread.notes);
          }
        });

    assertEquals(List.of("EBADF", "EPIPE", "null"), notes);
    assertEquals(List.of(), runs.failures);
  }

  // ---- half of a connection

  /** Closes its output with more in it than goes out at once, and reads on. */
  private static final class ClosesOutput extends Noting {
    static final int BYTES = 1 << 20;

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 4096);
      for (int i = 0; i < BYTES / 4096; i++) {
        write(block, 4096);
      }
      txClose();
      notes.add("read " + read(block, 4096));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bytesWrittenBeforeACloseArriveAndTheOtherDirectionStaysOpen(boolean stackful)
      throws Exception {
    ClosesOutput thread = new ClosesOutput();
    int[] received = new int[1];
    runs.run(
        () -> {
          MicroService service = MicroService.start(ANY_PORT, Runs.options(stackful), () -> thread);
          try (TcpSocket socket = TcpSocket.connect(service.localAddress(), soon());
              Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(10_000);
            for (int n; (n = socket.read(buffer, soon())) > 0; ) {
              received[0] += n;
            }
            socket.write(buffer.asSlice(0, 7), soon());
            socket.shutdownOutput();
            assertEquals(-1, socket.read(buffer, soon()));
          }
          while (thread.notes.isEmpty()) {
            Fiber.yield(); // the process must not be ended before it has read
          }
          service.close();
          service.join();
        });

    assertEquals(ClosesOutput.BYTES, received[0]);
    assertEquals(List.of("read 7", "null"), thread.notes);
    assertEquals(List.of(), runs.failures);
  }

  /** Closes the input in which another thread waits. */
  private static final class ClosesInput extends Noting {
    private final Reader reader = new Reader();
    private final boolean yields;

    ClosesInput(boolean yields) {
      this.yields = yields;
    }

    @Override
    protected void run() throws Exception {
      child(reader);
      play(reader);
      if (yields) {
        while (!socket().rx.isInFlight()) {
          Fiber.yield();
        }
      } else {
        reader.closer = this;
        pause();
      }
      rxClose();
    }
  }

  private static final class Reader extends Noting {
    @Nullable MicroThread closer;

    @Override
    protected void run() throws Exception {
      if (closer != null) {
        play(closer);
      }
      notes.add("read " + pollread());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void closingAnInputRaisesEbadfInTheThreadThatWaitsForIt(boolean inFlight) throws Exception {
    ClosesInput thread = new ClosesInput(inFlight);
    try (SystemPipe input = SystemPipe.open()) {
      MicroOptions options = Runs.options(false).withDescriptors(input.reading, 1);
      runs.run(() -> MicroProcess.start(thread, options).join(soon()));
    }

    assertEquals(List.of("EBADF", "read 0", "null"), thread.reader.notes);
    assertEquals(List.of(), runs.failures);
  }

  @Test
  void theLocalExecutorDoesNotReadAClosedInput() {
    ClosesInput thread = new ClosesInput(false);
    try (SystemPipe input = SystemPipe.open()) {
      MicroProcess.runLocal(thread, Runs.options(true).withDescriptors(input.reading, 1));
    }

    assertEquals(List.of("EBADF", "read 0", "null"), thread.reader.notes);
  }

  // ---- services

  /** Serves its client until that has gone. */
  private static final class Holder extends MicroThread {
    @Override
    protected void run() throws Exception {
      pollread();
    }
  }

  @Test
  void unacceptedConnectionsAreClosedWithTheService() throws Exception {
    int clients = 5;
    runs.run(
        () -> {
          MicroService service = MicroService.start(ANY_PORT, Runs.options(false), 1, Holder::new);
          List<TcpSocket> sockets = new ArrayList<>();
          for (int i = 0; i < clients; i++) {
            sockets.add(TcpSocket.connect(service.localAddress(), soon()));
          }
          while (service.connections() == 0) {
            Fiber.yield();
          }
          service.close();
          service.join(soon());
          try (Arena arena = Arena.ofConfined()) {
            for (TcpSocket socket : sockets) {
              assertTrue(isOver(socket, arena.allocate(1)));
              socket.close();
            }
          }
        });

    assertEquals(List.of(), runs.failures);
  }

  private static boolean isOver(TcpSocket socket, MemorySegment buffer) throws Exception {
    try {
      return socket.read(buffer, soon()) < 0;
    } catch (dev.weft.error.ErrnoException e) {
      return e.errno() == Errno.ECONNRESET; // it was in the backlog still
    }
  }
}
