// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Random;

/**
 * One connection to an echo server. A calm one must receive exactly the bytes that it has sent; a
 * wild one may be ended by anything, but no received byte is wrong.
 */
final class Client {
  private static final int SENT_BYTES_MAX = 20_000;

  /** A turn of the reactor takes milliseconds here, and each read takes one turn. */
  private static final int READ_BYTES_MIN = 100;

  private static final int READ_BYTES_MAX = 8_000;
  private static final int MILLISECOND = 1_000_000;

  private final Tally tally;
  private final long number;
  private final Random random;
  private final boolean wild;

  /** The bytes that the kernel has certainly accepted, and those that it may have accepted. */
  private long sent;

  private boolean sentAll;
  private long received;

  Client(Tally tally, long number, boolean wild) {
    this.tally = tally;
    this.number = number;
    this.wild = wild;
    random = new Random(number);
  }

  void run(InetSocketAddress server) {
    try (TcpSocket socket = TcpSocket.connect(server, SocketOptions.defaults(), timeout())) {
      tally.connections++;
      try (Bundle bundle = Bundle.supervising(failure -> tally.ended("client", failure))) {
        Task<?> writing = bundle.go(() -> write(socket));
        Task<?> reading = bundle.go(() -> read(socket));
        if (wild) {
          Fiber.sleep(Duration.ofNanos(random.nextInt(4 * MILLISECOND)));
          disturb(socket, writing, reading);
          endOutput(socket, writing);
        }
        bundle.await();
      }
      if (!wild) {
        checkWhole();
      }
      if (wild && random.nextInt(4) == 0 && socket.isOpen()) {
        tally.resets++;
        socket.resetOnClose();
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      tally.ended("client", e);
    }
  }

  private static Deadline timeout() {
    return Deadline.after(Server.TIMEOUT);
  }

  private void checkWhole() {
    if (sentAll && received == sent) {
      tally.whole++;
    } else {
      tally.fault("a calm connection got back " + received + " of " + sent + " bytes");
    }
  }

  private void disturb(TcpSocket socket, Task<?> writing, Task<?> reading) throws IOException {
    switch (random.nextInt(6)) {
      case 0 -> {
        tally.cancels++;
        writing.cancel();
      }
      case 1 -> {
        tally.cancels++;
        reading.cancel();
        writing.cancel();
      }
      case 2 -> {
        tally.resets++;
        socket.resetOnClose();
        socket.close();
      }
      case 3 -> {
        tally.closesByOthers++;
        socket.close();
      }
      case 4 -> {
        tally.halfCloses++;
        socket.shutdownInput();
        writing.cancel();
      }
      default -> writing.cancel();
    }
  }

  /** If the writer was cancelled, ends the server's input, so that the reader ends too. */
  private void endOutput(TcpSocket socket, Task<?> writing) throws IOException {
    while (writing.state() == Task.State.RUNNING) {
      Fiber.sleep(Duration.ofMillis(1));
    }
    if (socket.isOpen()) {
      socket.shutdownOutput();
    }
  }

  private void write(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 + random.nextInt(SENT_BYTES_MAX));
      Random mine = new Random(~number);
      for (int parts = mine.nextInt(10); parts >= 0; parts--) {
        MemorySegment part = buffer.asSlice(0, 1 + mine.nextInt((int) buffer.byteSize()));
        Stream.fill(part, number, sent);
        if (mine.nextInt(4) == 0) {
          sent += socket.writeSome(part, timeout());
        } else {
          socket.write(part, timeout());
          sent += part.byteSize();
        }
        if (mine.nextInt(8) == 0) {
          Fiber.sleep(Duration.ofNanos(mine.nextInt(2 * MILLISECOND)));
        }
      }
    }
    tally.halfCloses++;
    socket.shutdownOutput();
    sentAll = true;
  }

  private void read(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(random.nextInt(READ_BYTES_MIN, READ_BYTES_MAX));
      Random mine = new Random(number + 1);
      Deadline end = timeout();
      while (true) {
        int count;
        try {
          boolean isShort = mine.nextInt(5) == 0 && !end.hasPassed();
          count =
              socket.read(
                  buffer,
                  isShort ? Deadline.after(Duration.ofNanos(mine.nextInt(MILLISECOND))) : end);
        } catch (DeadlineExceededException e) {
          tally.deadlines++;
          if (end.hasPassed()) {
            tally.fault("nothing came for a minute on a connection, wild: " + wild);
            Kernel.printConnections(socket.localAddress().getPort());
            return;
          }
          continue;
        }
        if (count < 0) {
          return;
        }
        if (!Stream.isRight(buffer.asSlice(0, count), number, received)) {
          tally.fault("a byte is not the one that was sent");
          return;
        }
        received += count;
        end = timeout();
        tally.bytes += count;
      }
    }
  }
}
