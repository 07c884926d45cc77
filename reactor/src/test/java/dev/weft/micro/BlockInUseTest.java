// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks into which an operation still writes when their process has ended. */
@Timeout(60)
class BlockInUseTest {
  private static final int BYTES = 4096;
  private static final byte OURS = 7;
  private static final byte THEIRS = 1;
  private static final int RECEIVED = 100;

  private final Runs runs = new Runs();

  private static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(20));
  }

  /** Has a block that another process uses, and waits until it is ended. */
  private static final class Owner extends MicroThread {
    @Nullable MemorySegment segment;

    @Override
    protected void run() throws Exception {
      segment = calloc(1, BYTES).segment();
      pollread();
    }
  }

  /** Reads into the block of another process. */
  private static final class Reader extends MicroThread {
    private final TcpSocket socket;
    private final MemorySegment target;
    int received;
    byte last;

    Reader(TcpSocket socket, MemorySegment target) {
      this.socket = socket;
      this.target = target;
    }

    @Override
    protected void run() throws Exception {
      received = socket.read(target, soon());
      last = target.get(ValueLayout.JAVA_BYTE, RECEIVED - 1);
    }
  }

  /** Has a block of the same size, and looks whether anything has been written to it. */
  private static final class Next extends MicroThread {
    boolean isReceived;
    int intact;

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, BYTES);
      block.fill(OURS);
      while (!isReceived) {
        Fiber.yield();
      }
      for (int i = 0; i < BYTES; i++) {
        intact += block.getByte(i) == OURS ? 1 : 0;
      }
    }
  }

  private static MemorySegment segment(Owner owner) {
    while (true) {
      MemorySegment made = owner.segment;
      if (made != null) {
        return made;
      }
      Fiber.yield();
    }
  }

  private void endWhileReading(boolean fails, Next next, MicroOptions options) throws Exception {
    try (TcpListener listener =
            TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        TcpSocket client = TcpSocket.connect(listener.localAddress(), soon());
        TcpSocket socket = listener.accept(soon());
        Arena arena = Arena.ofConfined()) {
      Owner owner = new Owner();
      MicroProcess process = MicroProcess.start(owner, options);
      Reader reader = new Reader(socket, segment(owner));
      MicroProcess reading = MicroProcess.start(reader, options);
      while (reader.status() != MicroStatus.WAIT) {
        Fiber.yield();
      }
      if (fails) {
        process.control.waits().failed(new IllegalStateException("of the test"));
      } else {
        process.kill();
      }
      process.join(soon());
      MicroProcess other = MicroProcess.start(next, options);
      MemorySegment bytes = arena.allocate(RECEIVED).fill(THEIRS);
      client.write(bytes, soon());
      reading.join(soon());
      next.isReceived = true;
      other.join(soon());
      assertEquals(RECEIVED, reader.received);
      assertEquals(THEIRS, reader.last);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theirMemoryIsNotGivenToOthers(boolean fails) throws Exception {
    Next next = new Next();
    try (SystemPipe input = SystemPipe.open()) {
      MicroOptions options = Runs.options(false).withDescriptors(input.reading, 1);
      runs.run(() -> endWhileReading(fails, next, options));
    }

    assertEquals(BYTES, next.intact);
    assertEquals(fails ? 1 : 0, runs.failures.size());
    assertTrue(runs.logged("has ended while a block of it is in use") > 0);
  }
}
