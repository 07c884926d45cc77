// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.IntDeque;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Receives of a socket into buffers of the {@link ReceivePool}. Where the backend has buffer groups
 * one multishot operation receives until {@value #UNREAD_MAX} buffers have not been read, so a
 * waiting socket has no buffer, and most receives need no operation. Much is received by {@link
 * DirectTransfers}, and so is all where there are no groups.
 *
 * <p>What was received in advance is read before what the kernel has, by all ways of reading.
 *
 * <p>It has no reference to the endpoint, so that a socket that became garbage can be detected.
 */
public final class Receiver implements Op.Listener {
  /** The result of a receive at the end of the stream. */
  public static final int END = ReceivePool.NONE;

  private static final int UNREAD_MAX = 8;

  private static final int WOULD_WAIT = Endpoint.WOULD_WAIT;

  /** The outcome of the operation that is to be reported: none. */
  private static final int NOTHING = 1;

  private final Backend backend;
  private final Handle handle;
  private final ReceivePool pool;

  /** The multishot operation; null until the first one. */
  private @Nullable Op op;

  /** What was received and not read, each as the number that {@link ReceivePool} makes. */
  private final IntDeque unread = new IntDeque();

  private int unreadBytes;

  /** How many bytes of the first one have been read. */
  private int from;

  /** How the operation has ended, after what is unread: 0, -errno or {@link #NOTHING}. */
  private int outcome = NOTHING;

  /** Whether the next receive is a call, because the kernel would not wait. */
  private boolean isNonBlocking;

  /** How many buffers {@link ReceivePool#hold} counts for this socket. */
  int held;

  private final WaitList waiters = new WaitList();

  Receiver(EventLoop loop, Handle handle) {
    backend = loop.backend();
    this.handle = handle;
    pool = ReceivePool.of(loop);
    handle.onClose(this::closed);
  }

  /** Where the buffers come from. */
  public ReceivePool pool() {
    return pool;
  }

  /** How many bytes have been received and not read. */
  public int unreadBytes() {
    return unreadBytes;
  }

  /** Whether there is something that the kernel does not have any more, or can be at any time. */
  boolean isAhead() {
    return !unread.isEmpty() || outcome != NOTHING || isArmed();
  }

  private boolean isArmed() {
    Op mine = op;
    return mine != null && mine.isBusy();
  }

  // ---- receiving into buffers

  /**
   * Waits until there are bytes, and receives them. Suspends.
   *
   * @return what was received, to be given back; or {@link #END}
   */
  public int receive(Endpoint endpoint, Strand strand, long deadline) throws IOException {
    endpoint.requireNoReader("receive");
    endpoint.reading = true;
    try {
      strand.checkBeforeWait("receive", endpoint.name(), deadline, WaitMode.EXTERNAL);
      return next(endpoint, strand, deadline);
    } finally {
      endpoint.reading = false;
    }
  }

  private int next(Endpoint endpoint, Strand strand, long deadline) throws IOException {
    int seen = endpoint.cancels();
    while (true) {
      endpoint.requireOpen();
      if (!unread.isEmpty()) {
        return take(endpoint);
      }
      if (outcome != NOTHING) {
        return endpoint.check("receive", takeOutcome()) - 1; // 0 is the end
      }
      endpoint.requireGoing("receive", seen);
      if (isArmed()) {
        if (deadline == TimerQueue.NOW) {
          look();
          requireTimeIfArmed(endpoint, strand, "receive", deadline);
        } else {
          strand.await(waiters, "receive", endpoint.name(), deadline, WaitMode.EXTERNAL);
        }
        continue;
      }
      int received = fetch(endpoint, strand, deadline);
      if (received != WOULD_WAIT) {
        return received;
      }
    }
  }

  /**
   * Starts the operation, or receives by a call, depending on what is better and which buffers are
   * left. Suspends.
   *
   * @return what was received, {@link #END}, or -EAGAIN if nothing has been so far
   */
  private int fetch(Endpoint endpoint, Strand strand, long deadline) throws IOException {
    BufferGroup group = isNonBlocking || deadline == TimerQueue.NOW ? null : pool.group();
    if (group != null && !pool.offersAny()) {
      group = null;
    }
    if ((group == null || endpoint.receivesMuch()) && pool.hasLarge()) {
      return receiveDirectly(endpoint, strand, deadline);
    }
    if (group != null) {
      arm(group);
    } else {
      strand.waiting.requireTime("receive", endpoint.name(), deadline);
      strand.await(pool.waiters, "receive", endpoint.name(), deadline, WaitMode.INTERNAL);
    }
    return WOULD_WAIT;
  }

  /** What was received first. If much has been, the next receives are calls. */
  private int take(Endpoint endpoint) {
    if (unreadBytes >= DirectTransfers.LARGE_BYTES) {
      endpoint.received(unreadBytes);
      stop();
    }
    int received = unread.poll();
    unreadBytes -= ReceivePool.length(received) - from;
    pool.hold(received, this);
    return received;
  }

  /** How many of the first bytes of what {@link #receive} has returned have been read before. */
  public int takeFrom() {
    int read = from;
    from = 0;
    return read;
  }

  private int takeOutcome() {
    int taken = outcome;
    outcome = NOTHING;
    return taken;
  }

  private void arm(BufferGroup group) {
    StackReserve.check();
    Op mine = op;
    if (mine == null) {
      mine = backend.create(this);
      op = mine;
    }
    backend.submit(mine.receiveMultishot(handle, group));
  }

  /** Cancels the operation, which can still bring something. */
  private void stop() {
    Op mine = op;
    if (mine != null && mine.isBusy()) {
      backend.cancel(mine);
    }
  }

  /** Receives by a call; -EAGAIN if it has to be tried again. Suspends. */
  private int receiveDirectly(Endpoint endpoint, Strand strand, long deadline) throws IOException {
    Op call = strand.waiting.op();
    if (deadline != TimerQueue.NOW) {
      call.poll(handle, PollEvents.READABLE);
      int ready = endpoint.perform(strand, "receive", call, deadline);
      if (Retry.of(ready) == Retry.AT_ONCE) {
        return WOULD_WAIT;
      }
      endpoint.check("receive", ready);
      endpoint.requireOpen();
    }
    int number = pool.takeLarge();
    if (number == ReceivePool.NONE) {
      return WOULD_WAIT; // another fiber has taken the last one
    }
    int result = 0;
    try {
      MemorySegment buffer = pool.large(number);
      result = endpoint.attempt(call.receive(handle, buffer, 0, ReceivePool.LARGE_BYTES));
    } finally {
      if (result <= 0) {
        pool.giveNumber(number);
      }
    }
    if (result == WOULD_WAIT) {
      strand.waiting.requireTime("receive", endpoint.name(), deadline);
      return WOULD_WAIT;
    }
    if (endpoint.check("receive", result) == 0) {
      return END;
    }
    isNonBlocking = false;
    endpoint.received(result);
    int received = ReceivePool.received(number, result);
    pool.hold(received, this);
    return received;
  }

  // ---- what the operation brings

  @Override
  public void completed(Op op) {
    int result = op.result();
    int buffer = op.buffer();
    if (buffer != Op.NO_BUFFER) {
      pool.taken();
      store(buffer, result);
    }
    if (result <= 0) {
      ended(result);
    }
    if (unread.size() >= UNREAD_MAX) {
      stop();
    }
    waiters.wakeAll();
  }

  private void store(int buffer, int count) {
    boolean stored = false;
    try {
      if (count > 0 && handle.isOpen()) {
        unread.addLast(ReceivePool.received(buffer, count));
        unreadBytes += count;
        stored = true;
      }
    } catch (OutOfMemoryError e) {
      outcome = -Errno.ENOMEM.code(); // the bytes are lost
    } finally {
      if (!stored) {
        pool.giveNumber(buffer);
      }
    }
  }

  private void ended(int result) {
    if (result == -Errno.ENOBUFS.code()) {
      pool.offersAny();
    } else if (result == WOULD_WAIT) {
      isNonBlocking = true;
    } else if (!Retry.isCancelled(result) && outcome == NOTHING) {
      outcome = result;
    }
  }

  /** Wakes a strand that waits for a buffer: the socket is being closed, or it is cancelled. */
  void wakeForBuffer() {
    pool.waiters.wakeAll();
  }

  /** Called when the handle has been closed; nothing is in flight. */
  private void closed() {
    while (!unread.isEmpty()) {
      pool.give(unread.poll());
    }
    unreadBytes = 0;
    if (held > 0) {
      pool.giveAllOf(this);
    }
    Op mine = op;
    if (mine != null) {
      op = null;
      backend.release(mine);
    }
  }

  // ---- reading in other ways

  /**
   * Copies what was received in advance, and ends that. Suspends.
   *
   * @param verb the call, for messages
   * @param takes whether the bytes are read, and not only copied
   * @return the number of bytes, {@link #END} at the end of the stream, or 0 if nothing was
   *     received in advance: the kernel has what comes next
   */
  int read(
      Endpoint endpoint,
      Strand strand,
      MemorySegment target,
      String verb,
      boolean takes,
      long deadline)
      throws IOException {
    strand.checkBeforeWait(verb, endpoint.name(), deadline, WaitMode.EXTERNAL);
    catchUp(endpoint, strand, verb, true, deadline);
    requireTimeIfArmed(endpoint, strand, verb, deadline);
    if (!unread.isEmpty()) {
      return copy(target, takes);
    }
    if (outcome == NOTHING) {
      return 0;
    }
    return endpoint.check(verb, takes || outcome < 0 ? takeOutcome() : outcome) - 1;
  }

  /**
   * Waits for the end of the operation unless something is there to be read; with NOW, only looks
   * whether something is. Suspends.
   *
   * @param stops whether to end the operation, which no other fiber waits for
   */
  void catchUp(Endpoint endpoint, Strand strand, String verb, boolean stops, long deadline)
      throws IOException {
    if (deadline == TimerQueue.NOW) {
      look();
      return;
    }
    int seen = endpoint.cancels();
    while (!isReadable() && isArmed()) {
      endpoint.requireGoing(verb, seen);
      if (stops) {
        stop();
      }
      strand.await(waiters, verb, endpoint.name(), deadline, WaitMode.EXTERNAL);
      endpoint.requireOpen();
    }
    if (!isReadable()) {
      endpoint.requireGoing(verb, seen);
    }
  }

  /** Fails if the call may not wait and only the operation can bring something. */
  private void requireTimeIfArmed(Endpoint endpoint, Strand strand, String verb, long deadline) {
    if (!isReadable() && isArmed()) {
      strand.waiting.requireTime(verb, endpoint.name(), deadline);
    }
  }

  /** Lets the operation bring what has arrived. */
  private void look() {
    if (!isReadable() && isArmed()) {
      backend.pollNow();
    }
  }

  /** Whether there is something to be read, and the kernel need not be asked. */
  boolean isReadable() {
    return !unread.isEmpty() || outcome != NOTHING;
  }

  /**
   * As {@link #read}, without waiting.
   *
   * @return as {@link #read}, and -EAGAIN if nothing has come and the kernel must not be asked
   */
  int tryRead(Endpoint endpoint, MemorySegment target) throws IOException {
    look();
    if (!unread.isEmpty()) {
      return copy(target, true);
    }
    if (outcome != NOTHING) {
      return endpoint.check("read", takeOutcome()) - 1;
    }
    return isArmed() ? WOULD_WAIT : 0;
  }

  private int copy(MemorySegment target, boolean takes) {
    long room = target.byteSize();
    long copied = 0;
    int start = from;
    for (int i = 0; copied < room && i < unread.size(); ) {
      MemorySegment bytes = pool.segment(unread.at(i), start);
      long count = Math.min(bytes.byteSize(), room - copied);
      MemorySegment.copy(bytes, 0, target, copied, count);
      copied += count;
      if (!takes) {
        start = 0;
        i++;
      } else if (count == bytes.byteSize()) {
        start = 0;
        pool.give(unread.poll());
      } else {
        start += (int) count;
      }
    }
    if (takes) {
      from = start;
      unreadBytes -= (int) copied;
    }
    return (int) copied;
  }
}
