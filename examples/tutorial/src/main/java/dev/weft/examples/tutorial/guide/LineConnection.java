// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.TcpSocket;
import dev.weft.sync.Channel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous object. A connection that sends and receives lines has two fibers of its own, one
 * for each direction. Any fiber of the reactor may use and close it. When close returns, both
 * fibers have ended.
 */
public final class LineConnection implements AutoCloseable {
  private static final int QUEUED_MAX = 16;
  private static final int BUFFER_BYTES = 4096;
  private static final Duration LINGER = Duration.ofSeconds(1);

  private final TcpSocket socket;
  private final Channel<String> incoming = Channel.buffered(QUEUED_MAX);
  private final Channel<String> outgoing = Channel.buffered(QUEUED_MAX);
  private final Bundle fibers = Bundle.detached();
  private final Task<@Nullable Void> sender;

  /** Takes over {@code socket}, and starts the fibers. */
  LineConnection(TcpSocket socket) {
    this.socket = socket;
    fibers.go("receiver", () -> receiveAll());
    sender = fibers.go("sender", () -> sendAll());
  }

  /** Queues a line to be sent. Waits while the queue is full. */
  void send(String line) {
    outgoing.send(line);
  }

  /**
   * Returns the next line, without its end.
   *
   * @throws ChannelClosedException if the peer sends no more
   */
  String receive(Deadline deadline) {
    return incoming.receive(deadline);
  }

  /** Sends what is queued, for a second at most, and ends both fibers. */
  @Override
  public void close() throws IOException {
    outgoing.done();
    try (socket;
        fibers) { // the fibers end first
      sender.join(Deadline.after(LINGER));
    } catch (DeadlineExceededException e) {
      // the peer does not read: the rest is not sent
    }
  }

  private void sendAll() throws IOException {
    try {
      while (true) {
        String line = outgoing.receive();
        try (Arena arena = Arena.ofConfined()) {
          byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
          socket.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
        }
      }
    } catch (ChannelClosedException e) {
      socket.shutdownOutput(); // close was called, and everything is sent
    }
  }

  private void receiveAll() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      for (int n; (n = socket.read(buffer)) >= 0; ) {
        for (int i = 0; i < n; i++) {
          byte next = buffer.get(ValueLayout.JAVA_BYTE, i);
          if (next == '\n') {
            incoming.send(line.toString(StandardCharsets.UTF_8));
            line.reset();
          } else {
            line.write(next);
          }
        }
      }
    } finally {
      incoming.done();
    }
  }
}
