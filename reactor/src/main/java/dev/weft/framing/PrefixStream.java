// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import dev.weft.Deadline;
import dev.weft.internal.framing.FramedMessages;
import dev.weft.internal.framing.PrefixFrame;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Messages over a byte stream, each after its length (libdill's PREFIX). A stream that ends within
 * a message fails with an {@link java.io.EOFException}.
 */
public final class PrefixStream implements MessageStream {
  private final FramedMessages messages;

  private PrefixStream(
      ByteStream stream, int headerBytes, ByteOrder order, FramingOptions options) {
    long longest = headerBytes < 4 ? (1L << (8 * headerBytes)) - 1 : Integer.MAX_VALUE;
    messages =
        new FramedMessages(
            this,
            stream,
            new PrefixFrame(headerBytes, order),
            (int) Math.min(longest, options.maxMessageBytes()),
            options.bufferBytes());
  }

  /**
   * Makes a byte stream one of messages, with default options.
   *
   * @param stream the byte stream, owned by the result from now on
   * @param headerBytes the size of the length before each message, 1 to 8 bytes
   * @param order the order of these bytes; the length is unsigned
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static PrefixStream attach(ByteStream stream, int headerBytes, ByteOrder order) {
    return attach(stream, headerBytes, order, FramingOptions.defaults());
  }

  /**
   * Makes a byte stream one of messages.
   *
   * @param stream the byte stream, owned by the result from now on
   * @param headerBytes the size of the length before each message, 1 to 8 bytes
   * @param order the order of these bytes; the length is unsigned
   * @param options limits and memory
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static PrefixStream attach(
      ByteStream stream, int headerBytes, ByteOrder order, FramingOptions options) {
    if (headerBytes < 1 || headerBytes > 8) {
      throw new IllegalArgumentException("headerBytes must be 1 to 8: " + headerBytes);
    }
    return new PrefixStream(stream, headerBytes, order, options);
  }

  @Override
  public int receive(MemorySegment target, Deadline deadline) throws IOException {
    return messages.receive(target, deadline);
  }

  @Override
  public int receive(SegmentList target, Deadline deadline) throws IOException {
    return messages.receive(target, deadline);
  }

  @Override
  public void send(MemorySegment message, Deadline deadline) throws IOException {
    messages.send(message, deadline);
  }

  @Override
  public void send(SegmentList message, Deadline deadline) throws IOException {
    messages.send(message, deadline);
  }

  /**
   * Gives the byte stream back, at the position after the last message in each direction. This
   * stream is closed then. The peer is not notified: what was sent can still be received.
   *
   * @return the byte stream that was attached to; if more of it has been read than messages were
   *     received, another one that reads the rest first, and is a {@link dev.weft.io.DuplexStream}
   *     if the attached one is
   * @throws dev.weft.error.ErrnoException ECONNRESET if a receive or send has failed: the byte
   *     stream's position is unknown. It is still this stream's, to be closed
   * @throws IOException if this stream is closed
   */
  public ByteStream detach() throws IOException {
    return messages.detach();
  }

  /**
   * Closes the byte stream, unless it has been given back. Another fiber that is in a call gets an
   * {@link java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the stream is closed even so
   */
  @Override
  public void close() throws IOException {
    messages.close();
  }

  @Override
  public String toString() {
    return "prefixed messages of " + messages.stream();
  }
}
