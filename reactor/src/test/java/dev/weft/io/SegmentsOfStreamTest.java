// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.room;
import static dev.weft.framing.Peers.text;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.framing.Peers;
import java.io.EOFException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Lists of segments that are written to and read from byte streams. */
class SegmentsOfStreamTest {
  private static final int ROUNDS = 1000;

  /** libdill iol: a counter in five segments of random sizes, and into five, some skipped. */
  @Test
  void randomSegmentsCarryACounterInOrder() throws Exception {
    int[] sizes = new Random(7).ints(5 * ROUNDS, 0, 40).toArray();
    Peers.run(
        (left, right) -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  int counter = 0;
                  for (int round = 0; round < ROUNDS; round++) {
                    SegmentList list = new SegmentList();
                    for (int i = 0; i < 5; i++) {
                      MemorySegment segment = room(sizes[5 * round + i]);
                      for (long at = 0; at < segment.byteSize(); at++) {
                        segment.set(JAVA_BYTE, at, (byte) counter++);
                      }
                      list.add(segment);
                    }
                    left.write(list);
                  }
                  left.shutdownOutput();
                });
            Random random = new Random(8);
            int counter = 0;
            for (int round = 0; round < ROUNDS; round++) {
              SegmentList list = new SegmentList();
              for (int i = 0; i < 5; i++) {
                int size = sizes[sizes.length - 1 - (5 * round + i)];
                if (random.nextInt(3) == 0) {
                  list.skip(size);
                } else {
                  list.add(room(size));
                }
              }
              right.readFully(list);
              counter = checked(list, counter);
            }
            assertEquals(-1, right.read(room(1)));
            bundle.await();
          }
        });
  }

  private static int checked(SegmentList list, int first) {
    int counter = first;
    for (int i = 0; i < list.size(); i++) {
      MemorySegment segment = list.segment(i);
      for (long at = 0; at < list.byteSize(i); at++, counter++) {
        if (segment != null) {
          assertEquals((byte) counter, segment.get(JAVA_BYTE, at));
        }
      }
    }
    return counter;
  }

  /** libdill ipc 6 and 7, on TCP. */
  @Test
  void bytesCanBeSkippedByThemselvesAndWithinAList() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("ABCDEFGHIJKL"));
          right.skip(2);
          assertEquals("CD", Peers.read(right, 2));
          MemorySegment first = room(1);
          MemorySegment last = room(2);

          right.readFully(SegmentList.of(first).skip(3).add(last));

          assertEquals("E", text(first));
          assertEquals("IJ", text(last));
          right.skip(0);
          right.skip(1);
          assertEquals("L", Peers.read(right, 1));
        });
  }

  @Test
  void aSkipThatCantBeDoneIsRefused() throws Exception {
    Peers.run(
        (left, right) -> {
          SegmentList skipping = SegmentList.of(bytes("x")).skip(1);
          assertThrows(IllegalArgumentException.class, () -> left.write(skipping));
          assertThrows(IllegalArgumentException.class, () -> right.skip(-1));
          assertThrows(DeadlineExceededException.class, () -> right.skip(1, Deadline.NOW));
          left.write(bytes("ab"));
          left.shutdownOutput();
          assertThrows(EOFException.class, () -> right.skip(3));
        });
  }
}
