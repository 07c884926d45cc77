// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.BufferPool;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.ByteStream;
import dev.weft.io.DuplexStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/** The messages in the frames of a byte stream: what streams of messages are made of. */
public final class FramedMessages {
  private final Object name;
  private final ByteStream stream;
  private final Frame frame;
  private final int max;
  private final ReadAhead input;
  private final GatheredOutput output;
  private final Direction receiving = new Direction();
  private final Direction sending = new Direction();
  private final SegmentCursor cursor = new SegmentCursor();
  private final SegmentList single = new SegmentList();
  private boolean isAttached = true;

  /**
   * Takes over a stream. What has been read ahead of it by an earlier owner comes first.
   *
   * @param name the name for messages; {@code toString} is called only to make one
   * @param max the longest message that is sent or received
   * @param bufferBytes the size of the buffers
   * @throws WrongThreadException outside of fibers
   */
  public FramedMessages(Object name, ByteStream stream, Frame frame, int max, int bufferBytes) {
    BufferPool.Buffers buffers = BufferPool.of(Strand.require("attach").loop, bufferBytes);
    this.name = name;
    this.stream = stream;
    this.frame = frame;
    this.max = max;
    this.input = new ReadAhead(stream, buffers);
    this.output = new GatheredOutput(stream, buffers);
  }

  /** The stream that the messages are in. */
  public ByteStream stream() {
    return stream;
  }

  private void requireAttached() throws ClosedChannelException {
    if (!isAttached) {
      throw new ClosedChannelException();
    }
  }

  /** Throws if the fiber is cancelled or a deadline has passed. */
  private void checkBeforeWait(String verb, Deadline deadline) {
    Strand strand = Strand.require(verb);
    strand.checkBeforeWait(verb, name, deadline.nanoTime(), WaitMode.EXTERNAL);
  }

  private ErrnoException failure(String verb, Errno errno) {
    return new ErrnoException(verb, name.toString(), errno.code());
  }

  // ---- receiving

  /** Receives a message into a segment. Suspends. */
  public int receive(MemorySegment target, Deadline deadline) throws IOException {
    SegmentCursor.check(target);
    if (isAtEnd(deadline)) {
      return -1;
    }
    cursor.start(target);
    return receive(deadline);
  }

  /** Receives a message into several segments. Suspends. */
  public int receive(SegmentList target, Deadline deadline) throws IOException {
    SegmentCursor.check(target);
    if (isAtEnd(deadline)) {
      return -1;
    }
    cursor.start(target);
    return receive(deadline);
  }

  /** Whether no message will come; otherwise a receive begins. */
  private boolean isAtEnd(Deadline deadline) throws IOException {
    requireAttached();
    if (receiving.hasEnded()) {
      checkBeforeWait("receive", deadline);
      return true;
    }
    receiving.begin("receive", name);
    return false;
  }

  private int receive(Deadline deadline) throws IOException {
    try {
      checkBeforeWait("receive", deadline);
      int length = frame.receive(input, cursor, max, deadline);
      if (length == Frame.TOO_LONG) {
        throw failure("receive", Errno.EMSGSIZE);
      }
      if (length < 0) {
        receiving.end();
      } else {
        receiving.idle();
      }
      return length;
    } catch (ClosedChannelException e) {
      ClosedChannelException closed = isAttached ? e : new AsynchronousCloseException();
      receiving.fail(closed);
      throw closed;
    } catch (Throwable e) {
      receiving.fail(e);
      throw e;
    } finally {
      cursor.finish();
      input.release();
      if (!isAttached) {
        input.discard(); // closed meanwhile
      }
    }
  }

  // ---- sending

  /** Sends a message. Suspends. */
  public void send(MemorySegment message, Deadline deadline) throws IOException {
    GatheredOutput.check(message);
    requireAttached();
    sending.begin("send", name);
    write(single.clear().add(message), deadline);
  }

  /** Sends a message of several segments. Suspends. */
  public void send(SegmentList message, Deadline deadline) throws IOException {
    GatheredOutput.check(message);
    requireAttached();
    sending.begin("send", name);
    write(message, deadline);
  }

  private void write(SegmentList message, Deadline deadline) throws IOException {
    boolean isSendable = false;
    try {
      if (message.byteSize() > max) {
        throw failure("send", Errno.EMSGSIZE);
      }
      frame.check(message);
      isSendable = true;
      checkBeforeWait("send", deadline);
      sendFramed(message, deadline);
      sending.idle();
    } catch (Throwable e) {
      if (isSendable) {
        sending.fail(e);
      } else {
        sending.idle(); // it was refused for what it is, so the next message can be sent
      }
      throw e;
    } finally {
      single.clear();
    }
  }

  private void sendFramed(SegmentList message, Deadline deadline) throws IOException {
    output.start();
    try {
      frame.send(message, output, deadline);
    } catch (ClosedChannelException e) {
      throw isAttached ? e : new AsynchronousCloseException();
    } finally {
      output.finish();
    }
  }

  // ---- the end

  /**
   * Gives the stream back: between two messages in both directions.
   *
   * @return the stream, or one that first returns what was read ahead of it
   */
  public ByteStream detach() throws IOException {
    requireAttached();
    receiving.requireUsable("detach", name);
    sending.requireUsable("detach", name);
    isAttached = false;
    if (input.available() == 0) {
      return stream;
    }
    return stream instanceof DuplexStream duplex
        ? new RestStream.Duplex(input, duplex)
        : new RestStream(input, stream);
  }

  /** Closes the stream, unless it has been given back. Suspends, even in a cancelled fiber. */
  public void close() throws IOException {
    if (isAttached) {
      isAttached = false;
      if (!receiving.isBusy()) {
        input.discard();
      }
      stream.close();
    }
  }
}
