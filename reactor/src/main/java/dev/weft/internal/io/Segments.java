// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Gather;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What transfers need of the lists of segments that users have. */
public abstract class Segments {
  private static volatile @Nullable Function<Object, Segments> access;

  /** Called by the static initialiser of the public type; the function gets objects of it. */
  public static void register(Function<Object, Segments> function) {
    access = function;
  }

  /**
   * The segments of a list of the public type that are to be written.
   *
   * @throws IllegalArgumentException if it skips places
   */
  public static Segments toWrite(Object list) {
    return checked(list, "a list to write must not skip places: ");
  }

  /**
   * The segments of a list of the public type that one operation is to fill.
   *
   * @throws IllegalArgumentException if it skips places, or a segment is read-only
   */
  public static Segments toFill(Object list) {
    Segments segments = checked(list, "one read can't skip places: ");
    for (int i = 0; i < segments.size(); i++) {
      Transferable.writableLength(Objects.requireNonNull(segments.segment(i)));
    }
    return segments;
  }

  private static Segments checked(Object list, String refusal) {
    Segments segments = Objects.requireNonNull(access).apply(list);
    for (int i = 0; i < segments.size(); i++) {
      if (segments.segment(i) == null) {
        throw new IllegalArgumentException(refusal + list);
      }
    }
    return segments;
  }

  /** For the list of the public type. */
  protected Segments() {}

  /** The number of segments. */
  protected abstract int size();

  /** A segment, or null for a skipped place. */
  protected abstract @Nullable MemorySegment segment(int index);

  /** The size of a segment. */
  protected abstract long byteSize(int index);

  /** The size of all. */
  public abstract long byteSize();

  /**
   * Gathers the bytes from the one at {@code offset} of all on, as many as fit.
   *
   * @return whether these are the rest
   */
  public boolean gather(Gather target, long offset) {
    long skipped = offset;
    for (int i = 0; i < size(); i++) {
      long left = byteSize(i) - skipped;
      if (left > 0) {
        MemorySegment segment = Objects.requireNonNull(segment(i));
        Transferable.requireTransferable(segment);
        if (target.add(segment, skipped, left) < left) {
          return false;
        }
      }
      skipped = Math.max(0, -left);
    }
    return true;
  }
}
