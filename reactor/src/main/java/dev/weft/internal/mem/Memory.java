// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The whole address space as one segment, which rings and slabs slice. */
public final class Memory {
  /**
   * The whole address space. A slice of fixed length of this constant costs one bounds check, after
   * which the JIT folds all accesses at constant offsets: as fast as C, and without allocation once
   * compiled.
   */
  public static final MemorySegment ALL = everything();

  private static final boolean ACCESSIBLE = ALL.byteSize() > 0;

  /** The segments of {@link #segmentOf} where addresses are not accessible; never changed. */
  private static volatile MemorySegment[] segments = {};

  private Memory() {}

  @SuppressWarnings(
      "restricted") // callers slice only what they have mapped or allocated themselves
  private static MemorySegment everything() {
    if (!NativeLibrary.isWelcome()) {
      return MemorySegment.NULL; // nothing needs addresses, and the JVM would warn of the next call
    }
    try {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    } catch (IllegalCallerException e) {
      return MemorySegment.NULL; // the JVM denies native access
    }
  }

  /**
   * Whether addresses can be accessed: the JVM allows it, and there is a native library for this
   * system. Without it {@link #ALL} is empty.
   */
  public static boolean isAccessible() {
    return ACCESSIBLE;
  }

  /**
   * The segment that has {@code address}, which lies in {@link Pages}; its index there is {@code
   * address - segment.address()}. That is {@link #ALL}, at no cost, if addresses can be accessed.
   */
  public static MemorySegment segmentOf(long address) {
    return ACCESSIBLE ? ALL : find(address);
  }

  private static MemorySegment find(long address) {
    for (MemorySegment segment : segments) {
      long index = address - segment.address();
      if (index >= 0 && index < segment.byteSize()) {
        return segment;
      }
    }
    throw new IndexOutOfBoundsException("no pages have the address " + address);
  }

  /** Lets {@link #segmentOf} find a segment until it is {@link #removed}. Thread-safe. */
  static synchronized void added(MemorySegment segment) {
    MemorySegment[] more = Arrays.copyOf(segments, segments.length + 1);
    more[segments.length] = segment;
    segments = more;
  }

  static synchronized void removed(MemorySegment segment) {
    segments =
        Arrays.stream(segments).filter(each -> each != segment).toArray(MemorySegment[]::new);
  }

  /** The {@code bytes} bytes at {@code address}. */
  public static MemorySegment at(long address, long bytes) {
    return ALL.asSlice(address, bytes);
  }

  /** As {@link #at}, of an address in {@link Pages}. */
  public static MemorySegment inPages(long address, long bytes) {
    MemorySegment segment = segmentOf(address);
    return segment.asSlice(address - segment.address(), bytes);
  }

  // ---- values at addresses in pages

  public static byte getByte(long address) {
    MemorySegment segment = segmentOf(address);
    return segment.get(JAVA_BYTE, address - segment.address());
  }

  public static void setByte(long address, byte value) {
    MemorySegment segment = segmentOf(address);
    segment.set(JAVA_BYTE, address - segment.address(), value);
  }

  public static int getInt(long address) {
    MemorySegment segment = segmentOf(address);
    return segment.get(JAVA_INT, address - segment.address());
  }

  public static void setInt(long address, int value) {
    MemorySegment segment = segmentOf(address);
    segment.set(JAVA_INT, address - segment.address(), value);
  }

  /** Copies {@code count} bytes of an array from {@code offset} on to {@code address}. */
  public static void set(long address, byte[] bytes, int offset, int count) {
    MemorySegment segment = segmentOf(address);
    MemorySegment.copy(bytes, offset, segment, JAVA_BYTE, address - segment.address(), count);
  }

  public static void copy(long from, long to, long count) {
    MemorySegment source = segmentOf(from);
    MemorySegment target = segmentOf(to);
    MemorySegment.copy(source, from - source.address(), target, to - target.address(), count);
  }

  /**
   * The {@code bytes} bytes at {@code address}, which lies in {@link Pages}, until {@code scope} is
   * closed. If the JVM denies access to addresses, the scope is that of the pages.
   */
  @SuppressWarnings("restricted") // callers scope only what outlives the scope, and is theirs
  public static MemorySegment scoped(long address, long bytes, Arena scope) {
    if (!ACCESSIBLE) {
      return inPages(address, bytes);
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes, scope, null);
  }
}
