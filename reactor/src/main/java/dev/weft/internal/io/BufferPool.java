// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopExtensions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Native buffers of a reactor, for streams over other streams. One that is given back is used
 * again; the memory is freed when the reactor has been closed. Arenas of the JDK are no
 * alternative: closing a shared one stops all threads, and an automatic one takes a lock, in which
 * its thread can be suspended.
 */
public final class BufferPool implements LoopExtensions.Memory {
  private static final int CHOSEN_MIN = 16;
  private static final int CHOSEN_MAX = 1 << 30;

  private final Arena arena = Arena.ofShared();
  private final Map<Integer, Buffers> sizes = new HashMap<>();

  private BufferPool() {}

  /** The buffers of a size, of the reactor with {@code loop}. */
  public static Buffers of(EventLoop loop, int bytes) {
    BufferPool pool = loop.extensions.get(BufferPool.class);
    if (pool == null) {
      pool = new BufferPool();
      loop.extensions.put(BufferPool.class, pool);
    }
    return pool.buffers(bytes);
  }

  /**
   * The buffers of a size that a user has chosen, of the current reactor.
   *
   * @param what what is made of it, for messages
   */
  public static Buffers of(String what, int bytes) {
    EventLoop loop = EventLoop.require(what);
    if (bytes < CHOSEN_MIN || bytes > CHOSEN_MAX) {
      throw new IllegalArgumentException(
          "the buffer of " + what + " must have 16 to 1073741824 bytes, not " + bytes);
    }
    return of(loop, bytes);
  }

  private Buffers buffers(int bytes) {
    return sizes.computeIfAbsent(bytes, size -> new Buffers(this, size));
  }

  @Override
  public void close() {
    arena.close();
  }

  /** The buffers of one size; the one that was given back last is taken first. */
  public static final class Buffers {
    private final BufferPool pool;
    private final int bytes;
    private @Nullable MemorySegment[] free = new MemorySegment[4];
    private int count;
    private int taken;

    private Buffers(BufferPool pool, int bytes) {
      this.pool = pool;
      this.bytes = bytes;
    }

    /** The size of each. */
    public int bytes() {
      return bytes;
    }

    /** The buffers of twice this size, of the same reactor. */
    public Buffers twiceAsLarge() {
      return pool.buffers(Math.multiplyExact(2, bytes));
    }

    /** How many are in use. */
    public int taken() {
      return taken;
    }

    /** Takes a buffer, with arbitrary contents. */
    public MemorySegment take() {
      if (count + taken == free.length) {
        free = Arrays.copyOf(free, 2 * free.length); // so that giving back allocates nothing
      }
      MemorySegment buffer = count > 0 ? free[--count] : null;
      if (buffer == null) {
        buffer = pool.arena.allocate(bytes);
      }
      taken++;
      return buffer;
    }

    /** Gives back a buffer, which no operation uses any more. */
    public void give(MemorySegment buffer) {
      taken--;
      free[count++] = buffer;
    }
  }
}
