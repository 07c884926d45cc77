// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import java.util.TreeMap;

/** Counts events in a storm. For one reactor: not thread-safe. */
final class Tally {
  private static final int FAULTS_SHOWN = 20;

  long connections;
  long whole;
  long bytes;
  long cancels;
  long deadlines;
  long resets;
  long halfCloses;
  long closesByOthers;
  long exhaustions;
  long refusals;
  private long faults;

  /** The faults, with their counts. */
  private final Map<String, Long> kinds = new TreeMap<>();

  long faults() {
    return faults;
  }

  void fault(String what) {
    faults++;
    if (kinds.size() < FAULTS_SHOWN || kinds.containsKey(what)) {
      kinds.merge(what, 1L, Long::sum);
    }
  }

  /** Counts a failure that a connection may have in a storm; every other one is a fault. */
  void ended(String where, Throwable thrown) {
    switch (thrown) {
      case DeadlineExceededException _ -> deadlines++;
      case CancelledException _, ClosedChannelException _ -> {}
      case ErrnoException e when isUsual(e.errno()) -> {}
      case ErrnoException e when isShortage(e.errno()) -> refusals++;
      default -> fault(where + ": " + thrown);
    }
  }

  private static boolean isUsual(Errno errno) {
    return switch (errno) {
      case ECONNRESET, EPIPE, ENOTCONN, ECONNREFUSED, ECONNABORTED -> true;
      default -> false;
    };
  }

  /** Whether descriptors or memory of the kernel have run out. */
  static boolean isShortage(Errno errno) {
    return switch (errno) {
      case EMFILE, ENFILE, ENOBUFS, ENOMEM -> true;
      default -> false;
    };
  }

  /** Whether a call failed because descriptors or kernel memory were short. */
  static boolean isShortage(IOException failure) {
    return failure instanceof ErrnoException known && isShortage(known.errno());
  }

  /** Prints the counts. */
  void print() {
    System.out.printf(
        "%d connections (%d whole), %d bytes verified, %d cancels, %d deadlines, %d resets, %d half"
            + " closes, %d closes by others, %d times out of descriptors (%d calls refused)%n",
        connections,
        whole,
        bytes,
        cancels,
        deadlines,
        resets,
        halfCloses,
        closesByOthers,
        exhaustions,
        refusals);
    kinds.forEach((what, count) -> System.out.println("FAULT (" + count + "): " + what));
  }
}
