// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import dev.weft.bindings.NativeLibrary;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Memory in whole pages: page-aligned, zeroed, and released as a whole. It is mapped from the
 * kernel, or of an arena if the JVM denies native access or has no native library.
 */
public final class Pages implements AutoCloseable {
  public static final int PAGE_BYTES = 4096;

  /** The only size of reserved huge pages that is used. */
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  private final long address;
  private final long bytes;

  /** The arena of the memory, and its segment; null if it is mapped. */
  private final @Nullable Arena arena;

  private final MemorySegment segment;
  private boolean open = true;

  private Pages(long address, long bytes, @Nullable Arena arena, MemorySegment segment) {
    this.address = address;
    this.bytes = bytes;
    this.arena = arena;
    this.segment = segment;
  }

  /**
   * Makes at least {@code bytes} bytes.
   *
   * @param huge whether to use huge pages; falls back to ordinary pages
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static Pages map(long bytes, boolean huge) {
    long unit = huge ? HUGE_PAGE_BYTES : PAGE_BYTES;
    if (bytes <= 0 || bytes > Long.MAX_VALUE - unit) {
      throw new IllegalArgumentException("bytes must be positive and can't be " + bytes);
    }
    long whole = (bytes + unit - 1) / unit * unit;
    return Memory.isAccessible() && Libc.isAvailable() ? mapped(whole, huge) : allocated(whole);
  }

  private static Pages mapped(long whole, boolean huge) {
    long address = Libc.map(whole, huge);
    if (address < 0) {
      throw new OutOfMemoryError("mmap of " + whole + " bytes: errno " + -address);
    }
    return new Pages(address, whole, null, Memory.ALL);
  }

  private static Pages allocated(long whole) {
    Arena arena = Arena.ofShared();
    MemorySegment segment = arena.allocate(whole, PAGE_BYTES);
    Memory.added(segment);
    return new Pages(segment.address(), whole, arena, segment);
  }

  /**
   * Returns the memory behind whole pages of a mapping to the kernel. The pages stay usable, and
   * have arbitrary contents. They must not be in use by the kernel or registered with a ring.
   */
  public static void discard(long address, long bytes) {
    if (NativeLibrary.isLoaded()) {
      int result = Libc.discard(address, bytes);
      assert result == 0 : "madvise: errno " + -result;
    }
  }

  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /** Releases the memory. No address in it may be used any more. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    if (arena == null) {
      int result = Libc.unmap(address, bytes);
      assert result == 0 : "munmap: errno " + -result;
    } else {
      Memory.removed(segment);
      arena.close();
    }
  }
}
