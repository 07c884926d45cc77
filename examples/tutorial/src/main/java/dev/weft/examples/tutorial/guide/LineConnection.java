// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.TcpSocket;
import dev.weft.sync.Channel;
import dev.weft.text.ByteReader;
import dev.weft.text.ByteWriter;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous object. A connection that sends and receives lines has two fibers of its own, one
 * for each direction. Any fiber of the reactor may use and close it. When close returns, both
 * fibers have ended.
 */
public final class LineConnection implements AutoCloseable {
  private static final int QUEUED_MAX = 16;
  private static final int LINE_BYTES_MAX = 64 << 10;
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
    ByteWriter out = new ByteWriter(socket);
    for (String line; (line = outgoing.next()) != null; ) {
      out.println(line);
      out.flush();
    }
    socket.shutdownOutput(); // close was called, and everything is sent
  }

  private void receiveAll() throws IOException {
    ByteReader in = new ByteReader(socket);
    try {
      for (String line; (line = in.readLine(LINE_BYTES_MAX)) != null; ) {
        incoming.send(line);
      }
    } finally {
      incoming.done();
    }
  }
}
