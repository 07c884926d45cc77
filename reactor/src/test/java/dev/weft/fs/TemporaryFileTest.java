// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFileTest {
  @TempDir Path folder;

  private void assertEmpty() throws Exception {
    try (DirectoryListing listing = FileSystem.list(folder)) {
      assertEquals(null, listing.next());
    }
  }

  @Test
  void aFileIsItsOwnersAloneAndGoneOnceItIsClosed() throws Exception {
    Reactors.run(
        () -> {
          Path path;
          try (TemporaryFile temporary = TemporaryFile.create(folder, "report-", ".txt");
              Arena arena = Arena.ofShared()) {
            path = temporary.path();
            assertEquals(folder, path.getParent());
            String name = path.getFileName().toString();
            assertTrue(name.startsWith("report-") && name.endsWith(".txt"), name);
            FileStat stat = FileSystem.lstat(path);
            assertEquals(FileStat.Kind.REGULAR, stat.kind());
            assertEquals(0600, stat.permissions());
            MemorySegment bytes = arena.allocateFrom("text");
            temporary.file().writeAt(bytes, 0);
            assertEquals(bytes.byteSize(), temporary.file().readAt(bytes, 0));
          }
          assertFalse(FileSystem.exists(path));
          assertEmpty();
        });
  }

  @Test
  void aDirectoryIsItsOwnersAloneAndGoneWithItsContentsOnceItIsClosed() throws Exception {
    Path outside = Files.createDirectories(folder.resolve("outside/below"));
    Reactors.run(
        () -> {
          Path path;
          try (TemporaryDirectory temporary = TemporaryDirectory.create(folder, "work-")) {
            path = temporary.path();
            assertEquals(0700, FileSystem.lstat(path).permissions());
            assertTrue(path.getFileName().toString().startsWith("work-"));
            FileSystem.createDirectory(path.resolve("a"));
            FileSystem.createDirectory(path.resolve("a/b"));
            FileSystem.createSymbolicLink(path.resolve("a/link"), outside.getParent());
          }
          assertFalse(FileSystem.exists(path));
          assertTrue(FileSystem.exists(outside));
        });
  }

  @Test
  void whatIsToBeKeptStays() throws Exception {
    Reactors.run(
        () -> {
          TemporaryFile file = TemporaryFile.create(folder, "", "");
          file.keep();
          file.close();
          TemporaryDirectory directory = TemporaryDirectory.create(folder, "");
          directory.keep();
          directory.close();
          assertTrue(FileSystem.exists(file.path()));
          assertTrue(FileSystem.exists(directory.path()));
          assertThrows(ClosedChannelException.class, () -> file.file().stat());
        });
  }

  @Test
  void noTwoHaveTheSameName() throws Exception {
    Reactors.run(
        () -> {
          Set<Path> names = new HashSet<>();
          for (int i = 0; i < 100; i++) {
            try (TemporaryFile file = TemporaryFile.create(folder, "", "");
                TemporaryDirectory directory = TemporaryDirectory.create(folder, "")) {
              assertTrue(names.add(file.path()));
              assertTrue(names.add(directory.path()));
            }
          }
          assertEmpty();
        });
  }

  @Test
  void theDefaultPlaceIsTheSystemsFolderForThem() throws Exception {
    Path expected = Path.of(System.getProperty("java.io.tmpdir"));
    Reactors.run(
        () -> {
          try (TemporaryFile file = TemporaryFile.create();
              TemporaryDirectory directory = TemporaryDirectory.create()) {
            assertEquals(expected, file.path().getParent());
            assertEquals(expected, directory.path().getParent());
          }
        });
  }

  @Test
  void whatIsGoneOrMovedAlreadyIsNotDeleted() throws Exception {
    Reactors.run(
        () -> {
          TemporaryFile file = TemporaryFile.create(folder, "", "");
          FileSystem.rename(file.path(), folder.resolve("result"));
          file.close();
          file.close();
          assertTrue(FileSystem.exists(folder.resolve("result")));
          TemporaryDirectory directory = TemporaryDirectory.create(folder, "");
          FileSystem.deleteDirectory(directory.path());
          directory.close();
        });
  }

  @Test
  void aCancelledFiberDeletesToo() throws Exception {
    Reactors.run(
        () -> {
          Fiber fiber =
              Fiber.start(
                  () -> {
                    try (TemporaryFile file = TemporaryFile.create(folder, "", "");
                        TemporaryDirectory directory = TemporaryDirectory.create(folder, "")) {
                      FileSystem.createDirectory(directory.path().resolve("below"));
                      assertTrue(FileSystem.exists(file.path()));
                      Fiber.current().cancel();
                    }
                  });
          fiber.join();
          assertEmpty();
        });
  }

  @Test
  void aFolderThatIsNotThereIsNamed() throws Exception {
    Path absent = folder.resolve("absent");
    Reactors.run(
        () -> {
          ErrnoException e =
              assertThrows(ErrnoException.class, () -> TemporaryFile.create(absent, "", ""));
          assertEquals(Errno.ENOENT, e.errno());
          assertThrows(ErrnoException.class, () -> TemporaryDirectory.create(absent, ""));
          assertThrows(
              IllegalArgumentException.class, () -> TemporaryFile.create(folder, "../", ""));
          assertThrows(
              IllegalArgumentException.class, () -> TemporaryFile.create(folder, "", "/x"));
        });
  }

  @Test
  void aDeadlineThatHasPassedLeavesNothing() throws Exception {
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          assertThrows(DeadlineExceededException.class, () -> TemporaryFile.create(past));
          assertThrows(
              DeadlineExceededException.class, () -> TemporaryFile.create(folder, "", "", past));
          assertThrows(DeadlineExceededException.class, () -> TemporaryDirectory.create(past));
          assertThrows(
              DeadlineExceededException.class, () -> TemporaryDirectory.create(folder, "", past));
          assertEmpty();
        });
  }
}
