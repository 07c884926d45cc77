// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopListener;
import dev.weft.io.Pipe;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads and writes several segments as one. */
class VectoredFileTest {
  private static final StandardOpenOption READ = StandardOpenOption.READ;
  private static final StandardOpenOption WRITE = StandardOpenOption.WRITE;
  private static final StandardOpenOption CREATE = StandardOpenOption.CREATE;

  @TempDir Path folder;

  /** A list of the texts, each in a segment of its own. */
  private static SegmentList texts(Arena arena, String... texts) {
    SegmentList list = new SegmentList();
    for (String each : texts) {
      list.add(arena.allocateFrom(each).asSlice(0, each.length()));
    }
    return list;
  }

  /** A list of empty segments of those sizes. */
  private static SegmentList room(Arena arena, int... sizes) {
    SegmentList list = new SegmentList();
    for (int each : sizes) {
      list.add(arena.allocate(each));
    }
    return list;
  }

  private static String text(SegmentList list, int length) {
    MemorySegment all = Arena.ofAuto().allocate(list.byteSize());
    list.copyTo(all);
    return new String(all.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), US_ASCII);
  }

  private static boolean onSelector() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  /** Fills the list with single reads until it is full or the file ends; the number of bytes. */
  private static int readAll(File file, SegmentList target, long position) throws Exception {
    int count = file.readAt(target, position);
    if (onSelector()) { // one segment at a time
      int filled = 0;
      for (int i = 0; i < target.size(); i++) {
        MemorySegment segment = Objects.requireNonNull(target.segment(i));
        int more = segment.byteSize() == 0 ? 0 : file.readAt(segment, position + filled);
        filled += Math.max(more, 0);
      }
      return filled;
    }
    return count;
  }

  @Test
  void segmentsAreWrittenAndReadAtAPosition() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          try (File file = File.open(path, READ, WRITE, CREATE);
              Arena arena = Arena.ofConfined()) {
            file.writeAt(texts(arena, "abc", "", "defg"), 2);
            SegmentList target = room(arena, 1, 0, 4, 10);
            assertEquals(6, readAll(file, target, 3));
            assertEquals("bcdefg", text(target, 6));
            assertEquals(-1, file.readAt(target, 9));
            assertEquals(0, file.readAt(room(arena, 0), 0));
            file.writeAt(new SegmentList(), 0);
          }
        });
    assertEquals("\0\0abcdefg", Files.readString(path));
  }

  @Test
  void theFilesOwnPositionMoves() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          try (File file = File.open(path, READ, WRITE, CREATE);
              Arena arena = Arena.ofConfined()) {
            file.write(texts(arena, "ab", "cd"));
            file.write(texts(arena, "ef"));
          }
          try (File file = File.open(path);
              Arena arena = Arena.ofConfined()) {
            SegmentList target = room(arena, 1, 2);
            file.readFully(target);
            assertEquals("abc", text(target, 3));
            assertEquals(1, file.read(room(arena, 1)));
            SegmentList skipping = new SegmentList().skip(1).add(arena.allocate(1));
            file.readFully(skipping);
            assertThrows(EOFException.class, () -> file.readFully(room(arena, 1, 1)));
            assertEquals(-1, file.read(target));
          }
        });
    assertEquals("abcdef", Files.readString(path));
  }

  @Test
  void moreSegmentsThanOneOperationTakesAreWrittenInOrder() throws Exception {
    Path path = folder.resolve("file");
    List<String> numbers = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      numbers.add("<" + i + ">");
    }
    Reactors.run(
        () -> {
          try (File file = File.open(path, READ, WRITE, CREATE);
              Arena arena = Arena.ofConfined()) {
            SegmentList list = texts(arena, numbers.toArray(String[]::new));
            file.write(list);
            file.writeAt(list, list.byteSize());
          }
          try (File file = File.open(path);
              Arena arena = Arena.ofConfined()) {
            int size = String.join("", numbers).length();
            SegmentList target =
                room(arena, Collections.nCopies(size, 1).stream().mapToInt(i -> i).toArray());
            file.readFully(target);
            assertEquals(String.join("", numbers), text(target, size));
          }
        });
    assertEquals(String.join("", numbers).repeat(2), Files.readString(path));
  }

  @Test
  void aPipeCarriesSegments() throws Exception {
    int size = 300_000; // more than the pipe holds
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment bytes = arena.allocate(size);
            for (int i = 0; i < size; i++) {
              bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
            }
            SegmentList source =
                SegmentList.of(
                    bytes.asSlice(0, 1), bytes.asSlice(1, 100_000), bytes.asSlice(100_001));
            bundle.go(() -> pipe.sink().write(source));
            MemorySegment copy = arena.allocate(size);
            pipe.source()
                .readFully(
                    SegmentList.of(
                        copy.asSlice(0, 7), copy.asSlice(7, 200_000), copy.asSlice(200_007)));
            assertEquals(-1, bytes.mismatch(copy));
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void oneOperationMovesSeveralSegments() throws Exception {
    Path path = folder.resolve("file");
    List<Opcode> used = new ArrayList<>();
    Reactors.run(
        () -> {
          try (File file = File.open(path, READ, WRITE, CREATE);
              Arena arena = Arena.ofConfined()) {
            EventLoop.require("test")
                .observe(
                    new LoopListener() {
                      @Override
                      public void submitted(Op op) {
                        used.add(op.opcode());
                      }
                    });
            file.writeAt(texts(arena, "ab", "cd", "ef"), 0);
            assertEquals(6, file.readAt(room(arena, 3, 3), 0));
            EventLoop.require("test").observe(null);
          }
        });
    assertEquals(List.of(Opcode.WRITE_GATHERED, Opcode.READ_SCATTERED), used);
  }

  @Test
  void severalFibersTransferAtPositionsAtTheSameTime() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          try (File file = File.open(path, READ, WRITE, CREATE);
              Arena arena = Arena.ofShared()) {
            try (Bundle bundle = Bundle.open()) {
              for (int i = 0; i < 20; i++) {
                int number = i;
                bundle.go(
                    () -> {
                      String text = "%02d".formatted(number);
                      file.writeAt(
                          texts(arena, text.substring(0, 1), text.substring(1)), 2L * number);
                    });
              }
              bundle.await();
            }
          }
        });
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      expected.append("%02d".formatted(i));
    }
    assertEquals(expected.toString(), Files.readString(path));
  }

  @Test
  void aCancelledReadLeavesTheSegments() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofShared()) {
            SegmentList target = room(arena, 2, 2);
            try (Bundle bundle = Bundle.open()) {
              Task<?> reader = bundle.go(() -> pipe.source().readFully(target));
              Fiber.yield();
              reader.cancel();
            }
            pipe.sink().write(texts(arena, "ab", "cd"));
            assertEquals("\0\0\0\0", text(target, 4));
            pipe.source().readFully(target);
            assertEquals("abcd", text(target, 4));
            assertThrows(
                DeadlineExceededException.class,
                () -> pipe.source().readFully(target, Deadline.NOW));
          }
        });
  }

  @Test
  void whatCanNotBeTransferredIsRefused() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          File file = File.open(path, READ, WRITE, CREATE);
          try (file;
              Arena arena = Arena.ofConfined()) {
            SegmentList skips = new SegmentList().skip(1);
            assertThrows(IllegalArgumentException.class, () -> file.writeAt(skips, 0));
            assertThrows(IllegalArgumentException.class, () -> file.readAt(skips, 0));
            SegmentList readOnly = SegmentList.of(arena.allocate(1).asReadOnly());
            assertThrows(IllegalArgumentException.class, () -> file.readAt(readOnly, 0));
            assertThrows(IllegalArgumentException.class, () -> file.readAt(readOnly, -1));
            file.writeAt(readOnly, 0);
            SegmentList closed = SegmentList.of(MemorySegment.NULL);
            try (Arena shorter = Arena.ofConfined()) {
              closed.add(shorter.allocate(1));
            }
            assertThrows(IllegalStateException.class, () -> file.writeAt(closed, 0));
            file.close();
            assertThrows(ClosedChannelException.class, () -> file.writeAt(readOnly, 0));
          }
        });
  }
}
