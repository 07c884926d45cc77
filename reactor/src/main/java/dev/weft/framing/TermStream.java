// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.framing.Direction;
import dev.weft.internal.framing.GatheredOutput;
import dev.weft.internal.framing.SegmentCursor;
import dev.weft.internal.io.BufferPool;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;

/**
 * A stream of messages each direction of which ends with a terminal message (libdill's TERM), so
 * that the stream below can be used for something else afterwards. That terminal message is not
 * sent as an ordinary one: it throws an {@link IllegalArgumentException}. If the stream below ends
 * without it, a receive fails with an {@link EOFException}. After other failures the next call does
 * what the stream below does.
 */
public final class TermStream implements MessageStream {
  private static final int TERMINAL_BYTES_MAX = 32;

  private final MessageStream stream;
  private final MemorySegment terminal; // on the heap, to compare with
  private final BufferPool.Buffers buffers;
  private final Direction receiving = new Direction();
  private final Direction sending = new Direction();
  private final SegmentList list = new SegmentList();
  private boolean isAttached = true;

  private TermStream(MessageStream stream, byte[] terminal) {
    this.stream = stream;
    this.terminal = MemorySegment.ofArray(terminal.clone());
    this.buffers = BufferPool.of(Strand.require("attach").loop, TERMINAL_BYTES_MAX);
  }

  /**
   * Gives a stream of messages an end in each direction.
   *
   * @param stream the stream, owned by the result from now on
   * @param terminal the terminal message, 0 to 32 bytes, which are copied; the same for both peers
   * @return a stream of messages
   * @throws WrongThreadException outside of fibers
   */
  public static TermStream attach(MessageStream stream, byte[] terminal) {
    if (terminal.length > TERMINAL_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a terminal message must have at most "
              + TERMINAL_BYTES_MAX
              + " bytes: "
              + terminal.length);
    }
    return new TermStream(stream, terminal);
  }

  private void requireAttached() throws ClosedChannelException {
    if (!isAttached) {
      throw new ClosedChannelException();
    }
  }

  // ---- receiving

  @Override
  public int receive(MemorySegment target, Deadline deadline) throws IOException {
    if (target.byteSize() < terminal.byteSize()) {
      return receive(SegmentList.of(target), deadline);
    }
    SegmentCursor.check(target);
    requireAttached();
    if (receiving.hasEnded()) {
      return end(deadline);
    }
    receiving.begin("receive", this);
    int length = 0;
    try {
      length = stream.receive(target, deadline);
    } finally {
      receiving.idle(); // if it has failed, the stream below knows what that means for the next one
    }
    return received(length, target, target.byteSize());
  }

  @Override
  public int receive(SegmentList target, Deadline deadline) throws IOException {
    SegmentCursor.check(target);
    requireAttached();
    if (receiving.hasEnded()) {
      return end(deadline);
    }
    receiving.begin("receive", this);
    MemorySegment buffer = buffers.take();
    try {
      return receive(target, buffer.asSlice(0, terminal.byteSize()), deadline);
    } finally {
      buffers.give(buffer);
    }
  }

  /** Receives the first bytes of a message where they can be compared with the terminal one. */
  private int receive(SegmentList target, MemorySegment start, Deadline deadline)
      throws IOException {
    int length = 0;
    try {
      list.clear().add(start);
      addFrom(target, start.byteSize());
      length = stream.receive(list, deadline);
    } finally {
      list.clear();
      receiving.idle();
    }
    length = received(length, start, target.byteSize());
    if (length > 0) {
      target.copyFrom(start.asSlice(0, Math.min(length, start.byteSize())));
    }
    return length;
  }

  /** The end, again; throws if the fiber is cancelled or a deadline has passed. */
  private int end(Deadline deadline) {
    Strand strand = Strand.require("receive");
    strand.checkBeforeWait("receive", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    return -1;
  }

  /** Appends the places of {@code target} from byte {@code offset} on. */
  private void addFrom(SegmentList target, long offset) {
    long before = offset;
    for (int i = 0; i < target.size(); i++) {
      long bytes = target.byteSize(i);
      long left = Math.min(before, bytes);
      before -= left;
      MemorySegment segment = target.segment(i);
      if (segment == null) {
        list.skip(bytes - left);
      } else {
        list.add(segment.asSlice(left));
      }
    }
  }

  /** The result for a message of {@code length} bytes; -1 if it is the terminal one. */
  private int received(int length, MemorySegment message, long room) throws IOException {
    if (length < 0) {
      throw new EOFException("the stream ended without a terminal message");
    }
    if (length == terminal.byteSize() && startsWithTerminal(message)) {
      receiving.end();
      return -1;
    }
    if (length > room) {
      throw failure("receive", Errno.EMSGSIZE);
    }
    return length;
  }

  private boolean startsWithTerminal(MemorySegment message) {
    long bytes = terminal.byteSize();
    return MemorySegment.mismatch(message, 0, bytes, terminal, 0, bytes) < 0;
  }

  private ErrnoException failure(String verb, Errno errno) {
    return new ErrnoException(verb, toString(), errno.code());
  }

  // ---- sending

  @Override
  public void send(MemorySegment message, Deadline deadline) throws IOException {
    GatheredOutput.check(message);
    if (message.byteSize() == terminal.byteSize()) {
      requireNotTerminal(message);
    }
    requireAttached();
    beginSending("send");
    try {
      stream.send(message, deadline);
    } finally {
      sending.idle();
    }
  }

  @Override
  public void send(SegmentList message, Deadline deadline) throws IOException {
    GatheredOutput.check(message);
    if (message.byteSize() == terminal.byteSize()) {
      MemorySegment whole = MemorySegment.ofArray(new byte[(int) message.byteSize()]);
      message.copyTo(whole);
      requireNotTerminal(whole);
    }
    requireAttached();
    beginSending("send");
    try {
      stream.send(message, deadline);
    } finally {
      sending.idle();
    }
  }

  private void requireNotTerminal(MemorySegment message) {
    if (startsWithTerminal(message)) {
      throw new IllegalArgumentException("the message is the terminal one of " + this);
    }
  }

  private void beginSending(String verb) throws ErrnoException {
    if (sending.hasEnded()) {
      throw failure(verb, Errno.EPIPE);
    }
    sending.begin(verb, this);
  }

  /**
   * Ends the sending direction with the terminal message. The peer can still send. Suspends.
   *
   * @throws ErrnoException EPIPE if it has ended before
   * @throws IOException if the stream is broken or closed
   */
  public void done() throws IOException {
    done(Deadline.NEVER);
  }

  /**
   * Ends the sending direction, as {@link #done()} does; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EPIPE if it has ended before
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void done(Deadline deadline) throws IOException {
    requireAttached();
    beginSending("done");
    MemorySegment buffer = buffers.take();
    try {
      MemorySegment message = buffer.asSlice(0, terminal.byteSize());
      stream.send(message.copyFrom(terminal), deadline);
    } finally {
      buffers.give(buffer);
      sending.idle();
    }
    sending.end();
  }

  // ---- the end

  /**
   * Ends both directions and gives the stream back: sends the terminal message, unless {@link
   * #done()} has, and skips messages until the peer's. Suspends. This stream is closed then.
   *
   * @return the stream that was attached to
   * @throws IOException if the stream is broken or closed. It is still this stream's, to be closed
   */
  public MessageStream detach() throws IOException {
    return detach(Deadline.NEVER);
  }

  /**
   * Ends both directions and gives the stream back, as {@link #detach()} does; waits until {@code
   * deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return the stream that was attached to
   * @throws IOException if the stream is broken or closed. It is still this stream's, to be closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public MessageStream detach(Deadline deadline) throws IOException {
    requireAttached();
    receiving.requireUsable("detach", this);
    sending.requireUsable("detach", this);
    if (!sending.hasEnded()) {
      done(deadline);
    }
    SegmentList all = new SegmentList().skip(Long.MAX_VALUE);
    while (receive(all, deadline) >= 0) {
      // the peer had not finished
    }
    isAttached = false;
    return stream;
  }

  /**
   * Closes the stream, unless it has been given back. Another fiber that is in a call gets an
   * {@link java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the stream is closed even so
   */
  @Override
  public void close() throws IOException {
    if (isAttached) {
      isAttached = false;
      stream.close();
    }
  }

  @Override
  public String toString() {
    return "messages up to a terminal one of " + stream;
  }
}
