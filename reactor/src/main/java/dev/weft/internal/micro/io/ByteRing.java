// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.internal.queue.IntDeque;
import org.jspecify.annotations.Nullable;

/**
 * Ring buffer of bytes: from a descriptor to a thread, from a thread to a descriptor, or from one
 * thread to another, which then share the ring (a pipe).
 *
 * <p>Its bytes are in {@link RingBytes}. Its state is in two diagrams: {@link WritingEnd} is about
 * its two ends, {@link TransferState} about the operation that moves its bytes.
 */
public final class ByteRing extends RingBytes {
  /** The longest message. A received one that fills the ring may have been longer. */
  public static final int MESSAGE_MAX = BYTES - 1;

  private final @Nullable SharedDescriptor descriptor;

  /** Whether it is filled from a descriptor. */
  public final boolean isInput;

  /** Whether it is drained to a descriptor. */
  public final boolean isOutput;

  /** Whether its descriptor keeps the boundaries of messages; it holds one at a time then. */
  public final boolean isOfMessages;

  private WritingEnd end = WritingEnd.OPEN;
  private TransferState state = TransferState.IDLE;

  /** Whether no reader is left: written bytes are not consumed. */
  private boolean abandoned;

  /** The error number of the descriptor's failure; 0 if it has not failed. */
  private int failure;

  /** How many threads may read from it, and write to it. */
  int readerEnds;

  int writerEnds;

  // ---- the lists of threads that wait; their owner links them, the ring has only their heads

  /** The first thread that waits for bytes; {@link IntDeque#NONE} if none does. */
  public int firstReader = IntDeque.NONE;

  /** The first thread that waits for room. */
  public int firstWriter = IntDeque.NONE;

  // ---- the sides of a pair

  /** The set of the process that writes to it; that of its readers unless they are a pair. */
  RingSet writers;

  /** Whether no thread has the end of the pair that reads from it, or writes to it, yet. */
  boolean isReaderFree;

  boolean isWriterFree;

  // ---- facts about its end of the descriptor

  /** Whether this end of the descriptor has been closed. */
  private boolean closed;

  /** Whether a thread has shut down the descriptor's side; the descriptor itself stays open. */
  boolean isShut;

  /** Whether a thread that wrote here was past its deadline when it ended. */
  private boolean overdue;

  // ---- places in lists

  /** Whether it is on the list of rings to be filled or drained. */
  boolean pending;

  /** The deadline for bytes that an ended thread has left here, or null. */
  @Nullable DrainDeadline drainDeadline;

  @Nullable ByteRing nextDue;
  @Nullable ByteRing previousDue;

  /** The operation of the driver, created by the first transfer. */
  @Nullable RingTransfer transfer;

  private ByteRing(
      RingSet rings, @Nullable SharedDescriptor descriptor, boolean input, boolean output) {
    super(rings);
    writers = rings;
    this.descriptor = descriptor;
    isInput = input;
    isOutput = output;
    isOfMessages = descriptor != null && descriptor.messages;
  }

  static ByteRing pipe(RingSet rings) {
    return new ByteRing(rings, null, false, false);
  }

  static ByteRing input(RingSet rings, SharedDescriptor source) {
    source.opened();
    return new ByteRing(rings, source, true, false);
  }

  static ByteRing output(RingSet rings, SharedDescriptor sink) {
    sink.opened();
    return new ByteRing(rings, sink, false, true);
  }

  /** The descriptor at the other end; a pipe has none. */
  SharedDescriptor descriptor() {
    SharedDescriptor found = descriptor;
    if (found == null) {
      throw new IllegalStateException("a pipe between threads has no descriptor");
    }
    return found;
  }

  public boolean isPipe() {
    return descriptor == null;
  }

  /** Whether there is something to be written to the descriptor. */
  boolean hasOutput() {
    return isOfMessages ? isHungUp() : !isEmpty();
  }

  /** Whether it delivers the connections of a listening socket instead of bytes. */
  public boolean isListening() {
    return descriptor != null && descriptor.listening;
  }

  // ---- the end that is written

  /** Whether a reader has reached the end of the message or of the stream. */
  public boolean isAtEnd() {
    return end != WritingEnd.OPEN && isEmpty();
  }

  /** Whether a reader need not wait for more bytes of the message or of the stream. */
  public boolean isFinal() {
    return end != WritingEnd.OPEN || abandoned || failure != 0;
  }

  /** Whether no more bytes follow. */
  public boolean isEnded() {
    return end.isEnded();
  }

  /** Whether the writer has ended its message and waits for {@link #acknowledge}. */
  public boolean isHungUp() {
    return end.isHungUp();
  }

  /** Whether nothing can be written at present. */
  public boolean refusesWriters() {
    return abandoned || end != WritingEnd.OPEN;
  }

  /** Ends a message; the writer waits until it has been acknowledged. */
  public void hangUp() {
    assert end == WritingEnd.OPEN : end;
    wakeReaders();
    end = WritingEnd.HUNG_UP;
  }

  /** Undoes {@link #hangUp}: it has been acknowledged, or never will be. */
  public void withdrawHangUp() {
    end = end.resumed();
  }

  /**
   * Acknowledges the end of a message, or of an input, as a terminal can be read on after its end.
   */
  public void acknowledge() {
    if (isHungUp()) {
      wakeWriters();
      withdrawHangUp();
    } else if (!isPipe()) {
      end = WritingEnd.OPEN;
    }
  }

  void endWriting() {
    end = end.ended();
  }

  // ---- the end that is read

  /** Whether no reader is left: written bytes are not consumed. */
  public boolean isAbandoned() {
    return abandoned;
  }

  void abandon() {
    abandoned = true;
  }

  /** Whether no thread writes to the pipe any more, and none reads from it. */
  boolean isDead() {
    return abandoned && end.isEnded();
  }

  // ---- its end of the descriptor

  /** Whether this end of the descriptor has been closed. */
  public boolean isClosed() {
    return closed;
  }

  void closed() {
    closed = true;
  }

  /** Counts a writer that has ended; returns whether it or another one was past its deadline. */
  boolean writerEnded(boolean isOverdue) {
    overdue |= isOverdue;
    return overdue;
  }

  // ---- the transfer

  @Override
  public boolean isInFlight() {
    return state.isInFlight();
  }

  /** Whether the operation in flight connects the descriptor instead of moving bytes. */
  public boolean isConnecting() {
    return state.isConnecting();
  }

  /** Whether bytes that the descriptor does not accept immediately are to be dropped. */
  boolean isDropRequested() {
    return state.isDropRequested();
  }

  void requestDrop() {
    state = state.dropRequested();
  }

  /** Sets whether the operation is in flight, so that the kernel may use the ring's memory. */
  void setInFlight(boolean inFlight) {
    state = inFlight ? state.started() : state.done();
  }

  /** Marks the operation in flight as one that connects the descriptor. */
  void setConnecting() {
    assert isInFlight() : state;
    state = state.connecting();
  }

  /** Whether the operation in flight is no longer needed. */
  boolean isGivenUp() {
    return isInput ? abandoned : isDropRequested() || rings.isKilled();
  }

  // ---- completions

  /** Takes over memory that starts with {@code count} received bytes. */
  void adopt(long memory, int count) {
    adopt(memory);
    filled(count);
  }

  /** Completes the attempt to connect the descriptor, with 0 or -errno. */
  void connected(int result) {
    boolean expired = isDropRequested() && result == -Errno.ECANCELED.code();
    setInFlight(false);
    failure = expired ? Errno.ETIMEDOUT.code() : -result;
    wakeWriters();
  }

  /** Completes a read from the descriptor, with a byte count, 0 at its end, or -errno. */
  void filled(int result) {
    if (result > 0) {
      appended(result);
    }
    if (result <= 0 || isOfMessages) {
      endWriting();
      failure = Math.max(-result, 0);
    }
    if (isOfMessages && result > MESSAGE_MAX) {
      failure = Errno.EMSGSIZE.code(); // its end may have been cut off
      dropAll();
    }
    wakeReaders();
  }

  /** Completes a write to the descriptor, with a byte count or -errno. */
  void drained(int result) {
    if (isOfMessages) {
      rewind(); // the next message begins at the start of the memory
      failure = Math.max(-result, 0); // of this message alone
      state = TransferState.IDLE;
      withdrawHangUp();
    } else if (result > 0) {
      removed(result);
      if (state == TransferState.DROP_DUE && isEmpty()) {
        state = TransferState.IDLE;
      }
    } else {
      failure = -result;
      abandoned = true;
      dropAll(); // they can't be written any more
    }
    wakeWriters();
  }

  /**
   * Whether this completion empties the ring and no thread waits for it, so that the process need
   * not be dispatched.
   */
  boolean isDoneWith(int result) {
    return isOutput && result == readable() && result > 0 && !isEnded() && !isAwaited();
  }

  /** The error number of the descriptor's failure; 0 if it has not failed. */
  public int failure() {
    return failure;
  }

  void fail(int code) {
    failure = code;
  }

  /** Returns the failure and resets it, so that it is raised once. */
  public int takeFailure() {
    int taken = failure;
    failure = 0;
    return taken;
  }

  // ---- waiting

  /** Whether a thread waits here for the descriptor. */
  boolean isAwaitedOutside() {
    return descriptor != null && isAwaited();
  }

  private boolean isAwaited() {
    return firstReader != IntDeque.NONE || firstWriter != IntDeque.NONE;
  }

  /** Whether one process reads from it and another one writes to it. */
  boolean isShared() {
    return rings != writers;
  }

  public void wakeReaders() {
    if (firstReader != IntDeque.NONE) {
      if (isShared()) {
        rings.owner.ready(); // first: it is not the process that runs
      }
      rings.owner.wakeReaders(this);
    }
  }

  public void wakeWriters() {
    if (firstWriter != IntDeque.NONE) {
      if (isShared()) {
        writers.owner.ready();
      }
      writers.owner.wakeWriters(this);
    }
  }
}
