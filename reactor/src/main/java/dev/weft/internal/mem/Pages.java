// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import dev.weft.bindings.NativeLibrary;
import dev.weft.bindings.weft_h;

/**
 * A stretch of memory straight from the kernel, page-aligned and zeroed, that goes back in one
 * step.
 */
public final class Pages implements AutoCloseable {
  public static final int PAGE_BYTES = 4096;

  /** Reserved huge pages come in this size only. */
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  private final long address;
  private final long bytes;
  private boolean mapped = true;

  private Pages(long address, long bytes) {
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Maps at least {@code bytes} bytes.
   *
   * @param huge whether huge pages are wanted; where there are none, ordinary ones serve
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static Pages map(long bytes, boolean huge) {
    long unit = huge ? HUGE_PAGE_BYTES : PAGE_BYTES;
    if (bytes <= 0 || bytes > Long.MAX_VALUE - unit) {
      throw new IllegalArgumentException("bytes must be positive and can't be " + bytes);
    }
    long whole = (bytes + unit - 1) / unit * unit;
    NativeLibrary.load();
    long address = weft_h.weft_map(whole, huge ? 1 : 0);
    if (address < 0) {
      throw new OutOfMemoryError("mmap of " + whole + " bytes: errno " + -address);
    }
    return new Pages(address, whole);
  }

  /**
   * Takes the memory behind whole pages of a mapping away, which stay mapped: whoever touches them
   * again finds zeros. The kernel may not have them in hand, nor a ring know them as registered.
   */
  public static void discard(long address, long bytes) {
    int result = weft_h.weft_discard(address, bytes);
    assert result == 0 : "madvise: errno " + -result;
  }

  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /** Unmaps it. Nobody may hold an address of it any more. */
  @Override
  public void close() {
    if (mapped) {
      mapped = false;
      int result = weft_h.weft_unmap(address, bytes);
      assert result == 0 : "munmap: errno " + -result;
    }
  }
}
