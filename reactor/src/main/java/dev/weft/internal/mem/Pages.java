// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import dev.weft.internal.os.Libc;

/** Memory mapped from the kernel: page-aligned, zeroed, and unmapped as a whole. */
public final class Pages implements AutoCloseable {
  public static final int PAGE_BYTES = 4096;

  /** The only size of reserved huge pages that is used. */
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
   * @param huge whether to use huge pages; falls back to ordinary pages
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static Pages map(long bytes, boolean huge) {
    long unit = huge ? HUGE_PAGE_BYTES : PAGE_BYTES;
    if (bytes <= 0 || bytes > Long.MAX_VALUE - unit) {
      throw new IllegalArgumentException("bytes must be positive and can't be " + bytes);
    }
    long whole = (bytes + unit - 1) / unit * unit;
    long address = Libc.map(whole, huge);
    if (address < 0) {
      throw new OutOfMemoryError("mmap of " + whole + " bytes: errno " + -address);
    }
    return new Pages(address, whole);
  }

  /**
   * Returns the memory behind whole pages of a mapping to the kernel. The pages stay mapped and
   * read as zeros. They must not be in use by the kernel or registered with a ring.
   */
  public static void discard(long address, long bytes) {
    int result = Libc.discard(address, bytes);
    assert result == 0 : "madvise: errno " + -result;
  }

  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /** Unmaps the memory. No address in it may be used any more. */
  @Override
  public void close() {
    if (mapped) {
      mapped = false;
      int result = Libc.unmap(address, bytes);
      assert result == 0 : "munmap: errno " + -result;
    }
  }
}
