// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import dev.weft.Deadline;
import dev.weft.internal.framing.FramedMessages;
import dev.weft.internal.framing.SuffixFrame;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Messages over a byte stream, each before a terminator (libdill's SUFFIX), such as lines. A
 * message in which the receiver would find the terminator is not sent: that throws an {@link
 * IllegalArgumentException}. A stream that ends within a message fails with an {@link
 * java.io.EOFException}.
 */
public final class SuffixStream implements MessageStream {
  private static final int SUFFIX_BYTES_MAX = 32;
  private static final byte[] CRLF = {'\r', '\n'};

  private final FramedMessages messages;

  private SuffixStream(ByteStream stream, byte[] suffix, FramingOptions options) {
    messages =
        new FramedMessages(
            this,
            stream,
            new SuffixFrame(suffix),
            options.maxMessageBytes(),
            options.bufferBytes());
  }

  /**
   * Makes a byte stream one of messages, with default options.
   *
   * @param stream the byte stream, owned by the result from now on
   * @param suffix the terminator, 1 to 32 bytes, which are copied
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static SuffixStream attach(ByteStream stream, byte[] suffix) {
    return attach(stream, suffix, FramingOptions.defaults());
  }

  /**
   * Makes a byte stream one of messages.
   *
   * @param stream the byte stream, owned by the result from now on
   * @param suffix the terminator, 1 to 32 bytes, which are copied
   * @param options limits and memory
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static SuffixStream attach(ByteStream stream, byte[] suffix, FramingOptions options) {
    if (suffix.length < 1 || suffix.length > SUFFIX_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a suffix must have 1 to " + SUFFIX_BYTES_MAX + " bytes: " + suffix.length);
    }
    return new SuffixStream(stream, suffix, options);
  }

  /**
   * Makes a byte stream one of lines that end with CR LF, with default options.
   *
   * @param stream the byte stream, owned by the result from now on
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static SuffixStream attachLines(ByteStream stream) {
    return attach(stream, CRLF);
  }

  /**
   * Makes a byte stream one of lines that end with CR LF.
   *
   * @param stream the byte stream, owned by the result from now on
   * @param options limits and memory
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static SuffixStream attachLines(ByteStream stream, FramingOptions options) {
    return attach(stream, CRLF, options);
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
    return "delimited messages of " + messages.stream();
  }
}
