// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.queue.IntDeque;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopExtensions;
import dev.weft.internal.strand.WaitList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a reactor that its sockets receive into by themselves. Small ones are a buffer
 * group of the backend, which chooses one when bytes have arrived; large ones are for {@link
 * DirectTransfers}, the one that was given back last first. There are as many as were in use at the
 * same time, up to a limit. Their memory is freed when nothing refers to it any more, so that a
 * segment that is kept too long is never unmapped.
 *
 * <p>What was received is one number: that of the buffer, and how many bytes are in it.
 */
public final class ReceivePool implements LoopExtensions.Memory {
  /** The size of a small buffer. */
  static final int SMALL_BYTES = 4096;

  /** The size of a large buffer. */
  static final int LARGE_BYTES = 64 << 10;

  /** No buffer is free, or nothing was received. */
  static final int NONE = -1;

  /** The number of the first large buffer; small ones have those before. */
  private static final int FIRST_LARGE = 1 << 13;

  private static final int NUMBERS = FIRST_LARGE << 1;
  private static final int LENGTH_BITS = 17;
  private static final int LENGTH_MASK = (1 << LENGTH_BITS) - 1;

  /** How many small buffers there are at first. */
  private static final int SMALL_MIN = 64;

  /** Made on the reactor's thread: that takes a lock, in which a fiber could be suspended. */
  private final Arena arena = Arena.ofAuto();

  private final Backend backend;
  private final long limitBytes;
  private long bytes;

  private @Nullable BufferGroup group;
  private boolean hasTriedGroup;

  /** The places of the group, a power of two. */
  private final int smallMax;

  private int smallCount;
  private int largeCount;

  /** How many small buffers are on offer. */
  private int offered;

  /** The large buffers that are free. */
  private final IntDeque free = new IntDeque();

  /** The buffers by number, and the last slice of each. */
  private MemorySegment[] smallBuffers = {};

  private MemorySegment[] largeBuffers = {};
  private @Nullable MemorySegment[] slices = {};

  /** Which socket has received into a buffer that is in use, by number. */
  private @Nullable Receiver[] holders = {};

  /** Strands that wait for a buffer. */
  final WaitList waiters = new WaitList();

  private boolean isClosed;

  /**
   * Makes a pool without memory.
   *
   * @param limitBytes the size of all buffers together, at least 1 MiB
   */
  public ReceivePool(EventLoop loop, long limitBytes) {
    backend = loop.backend();
    this.limitBytes = limitBytes;
    smallMax = (int) Math.min(FIRST_LARGE, Long.highestOneBit(limitBytes / SMALL_BYTES));
  }

  /** The pool of the reactor with {@code loop}. */
  static ReceivePool of(EventLoop loop) {
    ReceivePool pool = loop.extensions.get(ReceivePool.class);
    assert pool != null : "the reactor has made one";
    return pool;
  }

  // ---- what was received

  /** Says that {@code count} bytes are in a buffer. */
  static int received(int number, int count) {
    return number << LENGTH_BITS | count;
  }

  private static int number(int received) {
    return received >>> LENGTH_BITS;
  }

  /** How many bytes were received. */
  public static int length(int received) {
    return received & LENGTH_MASK;
  }

  /** The bytes that were received, from the one at {@code from} on. */
  public MemorySegment segment(int received, int from) {
    int number = number(received);
    MemorySegment buffer = buffer(number);
    int length = length(received) - from;
    if (length == buffer.byteSize()) {
      return buffer;
    }
    MemorySegment last = slices[number];
    if (from == 0 && last != null && last.byteSize() == length) {
      return last;
    }
    MemorySegment slice = buffer.asSlice(from, length);
    if (from == 0) {
      slices[number] = slice;
    }
    return slice;
  }

  private MemorySegment buffer(int number) {
    return number < FIRST_LARGE ? smallBuffers[number] : largeBuffers[number - FIRST_LARGE];
  }

  /** Says which socket has received into a buffer, until it is given back. */
  void hold(int received, Receiver holder) {
    holder.held++;
    holders[number(received)] = holder;
  }

  /** Lets a buffer outlive its socket. */
  public void release(int received) {
    releaseNumber(number(received));
  }

  private void releaseNumber(int number) {
    Receiver holder = holders[number];
    if (holder != null) {
      holder.held--;
      holders[number] = null;
    }
  }

  /** Gives back the buffers that a socket still has, whose user does not know them any more. */
  void giveAllOf(Receiver holder) {
    for (int number = 0; number < holders.length; number++) {
      if (holders[number] == holder) {
        giveNumber(number);
      }
    }
  }

  /** Gives back a buffer, which no operation uses any more. */
  public void give(int received) {
    giveNumber(number(received));
  }

  /** Gives back the buffer of that number. */
  void giveNumber(int number) {
    if (isClosed) {
      return;
    }
    releaseNumber(number);
    if (number < FIRST_LARGE) {
      offer(number);
    } else {
      free.addFirst(number);
    }
    waiters.wakeAll();
  }

  // ---- small buffers

  /** Whether there is a group, so that a socket can receive in advance. */
  public boolean hasGroup() {
    return group != null;
  }

  /**
   * The group of the small buffers; null if the backend has no groups, or this is the thread of a
   * fiber that may not open one.
   */
  @Nullable BufferGroup group() {
    if (!hasTriedGroup) {
      group = backend.openBufferGroup(smallMax, SMALL_BYTES);
      hasTriedGroup = true;
    }
    if (group != null && smallCount == 0) {
      growSmall(SMALL_MIN);
    }
    return group;
  }

  /** Notes that the backend has taken a small buffer. */
  void taken() {
    offered--;
  }

  /** Whether the backend can take a small buffer; offers more if it can't, and if there can be. */
  boolean offersAny() {
    if (offered == 0) {
      growSmall(smallCount);
    }
    return offered > 0;
  }

  private void growSmall(int wanted) {
    int more = (int) Math.min(wanted, (limitBytes - bytes) / SMALL_BYTES);
    more = Math.min(more, smallMax - smallCount);
    if (more <= 0) {
      return;
    }
    MemorySegment memory = allocate((long) more * SMALL_BYTES);
    int first = smallCount;
    MemorySegment[] larger = Arrays.copyOf(smallBuffers, first + more);
    for (int i = 0; i < more; i++) {
      larger[first + i] = memory.asSlice((long) i * SMALL_BYTES, SMALL_BYTES);
    }
    reserve(first + more);
    smallBuffers = larger;
    smallCount += more;
    bytes += memory.byteSize();
    for (int number = first; number < smallCount; number++) {
      offer(number);
    }
  }

  private void offer(int number) {
    BufferGroup open = group;
    assert open != null : number;
    open.offer(number, smallBuffers[number], 0);
    offered++;
  }

  // ---- large buffers

  /** Whether there is a large buffer to take. */
  boolean hasLarge() {
    return !free.isEmpty()
        || (limitBytes - bytes >= LARGE_BYTES && largeCount < NUMBERS - FIRST_LARGE);
  }

  /** Takes a large buffer; {@link #NONE} if there can't be another. */
  int takeLarge() {
    int number = free.poll();
    return number == IntDeque.NONE ? growLarge() : number;
  }

  /** The large buffer of that number. */
  MemorySegment large(int number) {
    return largeBuffers[number - FIRST_LARGE];
  }

  private int growLarge() {
    if (limitBytes - bytes < LARGE_BYTES || largeCount == NUMBERS - FIRST_LARGE) {
      return NONE;
    }
    MemorySegment memory = allocate(LARGE_BYTES);
    int index = largeCount;
    if (index == largeBuffers.length) {
      int length = Math.max(4, index * 2);
      reserve(FIRST_LARGE + length);
      free.reserve(length); // so that giving back allocates nothing
      largeBuffers = Arrays.copyOf(largeBuffers, length);
    }
    largeBuffers[index] = memory;
    largeCount++;
    bytes += LARGE_BYTES;
    return FIRST_LARGE + index;
  }

  /** Makes room for what is known of the buffers up to a number. */
  private void reserve(int numbers) {
    if (numbers > slices.length) {
      holders = Arrays.copyOf(holders, numbers);
      slices = Arrays.copyOf(slices, numbers);
    }
  }

  private MemorySegment allocate(long bytes) {
    return arena.allocate(bytes, SMALL_BYTES);
  }

  /** Whether the reactor has been closed, and nothing can be given back. */
  public boolean isClosed() {
    return isClosed;
  }

  /** How many bytes the buffers have. */
  public long bytes() {
    return bytes;
  }

  /** How many buffers are neither on offer nor free. */
  public int inUse() {
    return smallCount - offered + largeCount - free.size();
  }

  /** The backend uses no buffer any more; those that are in use are forgotten. */
  @Override
  public void close() {
    isClosed = true;
  }
}
