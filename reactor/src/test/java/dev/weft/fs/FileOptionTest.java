// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.EOFException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How files are opened, and their size and permissions. */
class FileOptionTest {
  @TempDir Path folder;

  private static boolean onSelector() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  private static Errno errno(dev.weft.Throwing.Body call) {
    return assertThrows(ErrnoException.class, call).errno();
  }

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aNewFileHasThePermissionsThatAreAskedFor() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          File.open(path, CREATE_NEW, WRITE, new Permissions(0600)).close();
          assertEquals("rw-------", permissions(path));
          try (File file = File.open(path)) {
            file.setPermissions(0666);
            assertEquals("rw-rw-rw-", permissions(path));
            assertEquals(0666, file.stat().permissions());
            assertThrows(IllegalArgumentException.class, () -> file.setPermissions(010000));
          }
          FileSystem.setPermissions(path, 0440);
          assertEquals("r--r-----", permissions(path));
          Path absent = folder.resolve("absent");
          assertEquals(Errno.ENOENT, errno(() -> FileSystem.setPermissions(absent, 0600)));
          if (!onSelector()) {
            try (Directory directory = Directory.open(folder)) {
              directory.setPermissions(Path.of("file"), 0604);
              assertEquals("rw----r--", permissions(path));
            }
          }
          assertThrows(IllegalArgumentException.class, () -> new Permissions(-1));
        });
  }

  @Test
  void aFileIsMadeShorterAndLonger() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "abcdef");
    long large = (4L << 30) + 1;
    Reactors.run(
        () -> {
          try (File file = File.open(path, READ, WRITE);
              Arena arena = Arena.ofConfined()) {
            file.truncate(2);
            assertEquals("ab", Files.readString(path));
            file.truncate(large);
            assertEquals(large, file.stat().sizeBytes());
            MemorySegment end = arena.allocate(2).fill((byte) 1);
            file.readFullyAt(end, large - 2);
            assertEquals(0, end.get(ValueLayout.JAVA_SHORT, 0));
            file.truncate(0);
            assertThrows(IllegalArgumentException.class, () -> file.truncate(-1));
          }
          try (File file = File.open(path)) {
            assertEquals(Errno.EINVAL, errno(() -> file.truncate(1)));
          }
        });
  }

  @Test
  void aSegmentIsFilledAtAPosition() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "0123456789");
    Reactors.run(
        () -> {
          try (File file = File.open(path);
              Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(5);
            file.readFullyAt(target.asSlice(0, 4), 3);
            assertEquals("3456", target.getString(0));
            file.readFullyAt(target.asSlice(0, 0), 100);
            EOFException e = assertThrows(EOFException.class, () -> file.readFullyAt(target, 7));
            assertEquals("the file ended after 3 of 5 bytes", e.getMessage());
          }
        });
  }

  @Test
  void positionsInAPipeAreRefused() throws Exception {
    Path path = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
    Reactors.run(
        () -> {
          try (File pipe = File.open(path, READ, WRITE);
              Arena arena = Arena.ofConfined()) {
            MemorySegment byte1 = arena.allocate(1);
            assertEquals(Errno.ESPIPE, errno(() -> pipe.writeAt(byte1, 0)));
            pipe.write(byte1);
            assertEquals(Errno.ESPIPE, errno(() -> pipe.readAt(byte1, 0)));
            assertEquals(Errno.ESPIPE, errno(() -> pipe.readFullyAt(byte1, 7)));
            assertEquals(1, pipe.read(byte1));
          }
        });
  }

  @Test
  void aLinkIsNotFollowedAndADirectoryCanBeDemanded() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    Reactors.run(
        () -> {
          assertEquals(Errno.ELOOP, errno(() -> File.open(link, LinkOption.NOFOLLOW_LINKS)));
          assertEquals(Errno.ENOTDIR, errno(() -> File.open(file, FileOption.DIRECTORY)));
          File.open(folder, FileOption.DIRECTORY, LinkOption.NOFOLLOW_LINKS).close();
        });
  }

  @Test
  @Tag("needs-io-uring")
  void directTransfersUseAlignedMemory() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          try (File file = File.open(path, CREATE_NEW, READ, WRITE, FileOption.DIRECT_IO);
              Arena arena = Arena.ofConfined()) {
            FileAlignment alignment = file.alignment();
            int unit = alignment.positionBytes();
            MemorySegment block = alignment.allocate(arena, 1);
            assertEquals(unit, block.byteSize());
            block.fill((byte) 3);
            file.writeAt(block, unit);
            MemorySegment both = alignment.allocate(arena, 2L * unit);
            file.readFullyAt(both, 0);
            assertEquals(-1, both.asSlice(unit).mismatch(block));
            assertEquals(Errno.EINVAL, errno(() -> file.readAt(both, 1)));
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void aTemporaryFileIsGoneWhenItIsClosed() throws Exception {
    Reactors.run(
        () -> {
          try (File file = File.open(folder, READ, WRITE, FileOption.TEMPORARY);
              Arena arena = Arena.ofConfined()) {
            file.writeAt(arena.allocateFrom("text"), 0);
            assertEquals(5, file.stat().sizeBytes());
            assertEquals(0, file.stat().links());
          }
          try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void aPlaceIsOpenedWithoutItsFile() throws Exception {
    Path path = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
    Path link = Files.createSymbolicLink(folder.resolve("link"), path);
    Reactors.run(
        () -> {
          try (File place = File.open(path, FileOption.PATH);
              File other = File.open(link, FileOption.PATH, LinkOption.NOFOLLOW_LINKS);
              Arena arena = Arena.ofConfined()) {
            assertEquals(FileStat.Kind.PIPE, place.stat().kind());
            assertEquals(FileStat.Kind.LINK, other.stat().kind());
            assertEquals(Errno.EBADF, errno(() -> place.read(arena.allocate(1))));
          }
          assertEquals(Errno.ENXIO, errno(() -> File.open(path, WRITE, FileOption.NON_BLOCKING)));
          File.open(path, FileOption.NON_BLOCKING).close();
        });
  }

  @Test
  void whatTheBackendOrTheSystemCanNotDoIsRefusedByName() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "text");
    Reactors.run(
        () -> {
          assertThrows(
              IllegalArgumentException.class, () -> File.open(folder, FileOption.TEMPORARY));
          assertThrows(
              IllegalArgumentException.class, () -> File.open(path, WRITE, FileOption.PATH));
          if (onSelector()) {
            String message =
                assertThrows(
                        UnsupportedOperationException.class,
                        () -> File.open(path, FileOption.DIRECT_IO))
                    .getMessage();
            assertTrue(message.contains("DIRECT_IO") && message.contains("selector"), message);
          }
        });
  }

  @Test
  void callsFailAfterTheirDeadlineAndOnClosedFiles() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "text");
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          File file = File.open(path, READ, WRITE);
          MemorySegment one = Arena.ofAuto().allocate(1);
          assertThrows(DeadlineExceededException.class, () -> file.truncate(0, past));
          assertThrows(DeadlineExceededException.class, () -> file.setPermissions(0, past));
          assertThrows(DeadlineExceededException.class, () -> file.readFullyAt(one, 0, past));
          assertThrows(
              DeadlineExceededException.class, () -> FileSystem.setPermissions(path, 0, past));
          file.close();
          assertThrows(ClosedChannelException.class, () -> file.truncate(0));
          assertThrows(ClosedChannelException.class, () -> file.readFullyAt(one, 0));
        });
    assertEquals("text", Files.readString(path));
  }
}
