// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Throwing;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.io.Splice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTest {
  @TempDir Path folder;

  @Test
  void writtenBytesCanBeRead() throws Exception {
    Path path = folder.resolve("file");
    byte[] bytes = new byte[300_000];
    new Random(1).nextBytes(bytes);

    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            try (File file =
                File.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
              file.write(source.asSlice(0, 100_000));
              file.write(source.asSlice(100_000));
              file.syncData();
              file.sync();
            }
            try (File file = File.open(path)) {
              MemorySegment target = arena.allocate(bytes.length);
              file.readFully(target);
              assertEquals(-1, source.mismatch(target));
              assertEquals(-1, file.read(target));
            }
          }
        });

    assertArrayEquals(bytes, Files.readAllBytes(path));
  }

  @Test
  void positionalCallsDoNotMoveTheFilesPosition() throws Exception {
    Path path = folder.resolve("file");
    Files.writeString(path, "0123456789");

    Reactors.run(
        () -> {
          try (File file = File.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
              Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(4);
            assertEquals(4, file.readAt(target, 3));
            assertEquals("3456", text(target));
            assertEquals(2, file.readAt(target, 8));
            assertEquals(-1, file.readAt(target, 10));
            assertEquals(-1, file.readAt(target, 1L << 40));
            file.writeAt(arena.allocateFrom("ab").asSlice(0, 2), 8);
            assertEquals(4, file.read(target));
            assertEquals("0123", text(target));
            assertThrows(IllegalArgumentException.class, () -> file.readAt(target, -1));
          }
        });

    assertEquals("01234567ab", Files.readString(path));
  }

  private static String text(MemorySegment bytes) {
    return new String(
        bytes.toArray(ValueLayout.JAVA_BYTE), java.nio.charset.StandardCharsets.US_ASCII);
  }

  @Test
  void appendingWritesAtTheEnd() throws Exception {
    Path path = folder.resolve("file");
    Files.writeString(path, "one");

    Reactors.run(
        () -> {
          try (File file = File.open(path, StandardOpenOption.APPEND);
              Arena arena = Arena.ofConfined()) {
            file.write(arena.allocateFrom("two").asSlice(0, 3));
          }
        });

    assertEquals("onetwo", Files.readString(path));
  }

  @Test
  void failuresNameTheFile() throws Exception {
    Reactors.run(
        () -> {
          Path missing = folder.resolve("missing");
          ErrnoException e = assertThrows(ErrnoException.class, () -> File.open(missing));
          assertEquals(Errno.ENOENT, e.errno());
          assertEquals(missing.toString(), e.subject());
          Path existing = Files.createFile(folder.resolve("existing"));
          e =
              assertThrows(
                  ErrnoException.class,
                  () ->
                      File.open(existing, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
          assertEquals(Errno.EEXIST, e.errno());
          try (File directory = File.open(folder);
              Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(1);
            e = assertThrows(ErrnoException.class, () -> directory.read(target));
            assertEquals(Errno.EISDIR, e.errno());
          }
          try (File file = File.open(existing);
              Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(1);
            e = assertThrows(ErrnoException.class, () -> file.write(source));
            assertEquals(Errno.EBADF, e.errno());
          }
        });
  }

  @Test
  void aFullDeviceIsAnError() throws Exception {
    Reactors.run(
        () -> {
          try (File full = File.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
              Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(1);
            ErrnoException e = assertThrows(ErrnoException.class, () -> full.write(source));
            assertEquals(Errno.ENOSPC, e.errno());
          }
        });
  }

  @Test
  void statReturnsTheAttributesOfTheSystem() throws Exception {
    Path path = folder.resolve("file");
    Files.writeString(path, "hello");

    Reactors.run(
        () -> {
          try (File file = File.open(path);
              File directory = File.open(folder);
              File device = File.open(Path.of("/dev/null"))) {
            FileStat stat = file.stat();
            assertEquals(FileStat.Kind.REGULAR, stat.kind());
            assertEquals(5, stat.sizeBytes());
            assertEquals(1, stat.links());
            assertEquals(Files.getAttribute(path, "unix:ino"), stat.inode());
            assertEquals(
                (int) (Integer) Files.getAttribute(path, "unix:mode") & 07777, stat.permissions());
            assertEquals(Files.getLastModifiedTime(path).toInstant(), stat.modified());
            assertTrue(directory.stat().isDirectory());
            assertEquals(FileStat.Kind.CHARACTER_DEVICE, device.stat().kind());
          }
        });
  }

  @Test
  void everyCallFailsIfItsDeadlineHasPassed() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "x");
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          assertThrows(DeadlineExceededException.class, () -> File.open(path, past));
          try (File file = File.open(path);
              Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(1);
            for (MemorySegment segment : List.of(one, one.asSlice(1))) { // one byte, and no byte
              overdue(() -> file.read(segment, past));
              overdue(() -> file.readAt(segment, 0, past));
              overdue(() -> file.write(segment, past));
              overdue(() -> file.writeSome(segment, past));
              overdue(() -> file.writeAt(segment, 0, past));
            }
            overdue(() -> file.stat(past));
            overdue(() -> file.sync(past));
            overdue(() -> file.syncData(past));
            overdue(() -> Splice.copy(file, file, past));
            overdue(() -> Splice.copy(file, file, 0, past));
            assertEquals(1, file.stat(Deadline.after(Duration.ofHours(1))).sizeBytes());
            assertEquals(1, file.read(one), "nothing has been read");
          }
        });
  }

  private static void overdue(Throwing.Body call) {
    assertThrows(DeadlineExceededException.class, call);
  }

  @Test
  void aClosedFileRefusesEveryCall() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));

    Reactors.run(
        () -> {
          File file = File.open(path);
          file.close();
          file.close();
          assertThrows(ClosedChannelException.class, file::stat);
          assertThrows(ClosedChannelException.class, file::sync);
        });
  }

  @Test
  void aCancelledFiberCanCloseAFile() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));

    Reactors.run(
        () -> {
          boolean[] closed = {false};
          Fiber fiber =
              Fiber.start(
                  () -> {
                    File file = File.open(path);
                    Fiber.current().cancel();
                    file.close();
                    closed[0] = true;
                  });
          fiber.join();
          assertTrue(closed[0]);
        });
  }

  @Test
  void unknownOptionsAreRefused() throws Exception {
    Reactors.run(
        () ->
            assertThrows(
                IllegalArgumentException.class,
                () -> File.open(folder, StandardOpenOption.DELETE_ON_CLOSE)));
    assertThrows(WrongThreadException.class, () -> File.open(folder));
  }

  @Test
  void anOptionMayBeGivenTwice() throws Exception {
    Path path = Files.writeString(folder.resolve("f"), "text");

    Reactors.assertEnds(
        () -> File.open(path, StandardOpenOption.READ, StandardOpenOption.READ).close());
  }

  @Test
  void aPathOfAnotherFileSystemIsRefused() throws Exception {
    Path archive = folder.resolve("a.zip");
    try (FileSystem other = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Path path = other.getPath(Files.writeString(folder.resolve("f"), "text").toString());

      Reactors.run(() -> assertThrows(ProviderMismatchException.class, () -> File.open(path)));
    }
  }

  @Test
  void manyFilesAreReadConcurrently() throws Exception {
    int count = 200;
    for (int i = 0; i < count; i++) {
      Files.writeString(folder.resolve("f" + i), "content " + i);
    }

    Reactors.run(
        () -> {
          for (int i = 0; i < count; i++) {
            int number = i;
            Fiber.start(() -> check(number));
          }
        });
  }

  private void check(int number) throws IOException {
    try (File file = File.open(folder.resolve("f" + number));
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(100);
      int count = file.read(target);
      assertEquals("content " + number, text(target.asSlice(0, count)));
    }
  }
}
