// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The open descriptors of one backend: a number is an index, and the lowest free one is next. */
final class ChannelTable {
  /** 0, 1 and 2 are those of the standard streams. */
  static final int FIRST_FREE = 3;

  private static final int ENTRIES_INITIAL = 64;

  private @Nullable Entry[] entries = new @Nullable Entry[ENTRIES_INITIAL];

  /** No number below is free. */
  private int lowest = FIRST_FREE;

  /** The entry of a descriptor, or null if the number is not open. */
  @Nullable Entry find(int number) {
    return number >= 0 && number < entries.length ? entries[number] : null;
  }

  /** Makes room for {@code more} entries, so that {@link #add} can't fail. */
  void reserve(int more) {
    int free = 0;
    int number = lowest;
    for (; free < more && number < entries.length; number++) {
      if (entries[number] == null) {
        free++;
      }
    }
    if (free < more) {
      entries = Arrays.copyOf(entries, Math.max(2 * entries.length, entries.length + more));
    }
  }

  /** Gives an entry the lowest free number. */
  int add(Entry entry) {
    reserve(1);
    int number = lowest;
    while (entries[number] != null) {
      number++;
    }
    entries[number] = entry;
    lowest = number + 1;
    return number;
  }

  /** Gives an entry a number that is not in use. */
  void put(int number, Entry entry) {
    entries[number] = entry;
  }

  /** Frees a number; returns its entry, or null if it was not open. */
  @Nullable Entry remove(int number) {
    Entry entry = find(number);
    if (entry != null) {
      entries[number] = null;
      if (number >= FIRST_FREE) {
        lowest = Math.min(lowest, number);
      }
    }
    return entry;
  }

  /** One more than the highest number that has been in use. */
  int size() {
    return entries.length;
  }
}
