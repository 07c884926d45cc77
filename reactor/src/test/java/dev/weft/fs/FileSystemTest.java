// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.Throwing;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemTest {
  @TempDir Path folder;

  private static boolean isSelector() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  private static ErrnoException fails(Errno errno, Throwing.Body call) {
    ErrnoException e = assertThrows(ErrnoException.class, call);
    assertEquals(errno, e.errno());
    return e;
  }

  @Test
  void directoriesAndFilesAreMadeRenamedAndRemoved() throws Exception {
    Path directory = folder.resolve("directory");
    Path file = Files.writeString(folder.resolve("file"), "text");
    Reactors.run(
        () -> {
          FileSystem.createDirectory(directory);
          assertTrue(FileSystem.stat(directory).isDirectory());
          Path renamed = directory.resolve("renamed");
          FileSystem.rename(file, renamed);
          assertFalse(FileSystem.exists(file));
          assertTrue(FileSystem.exists(renamed));
          assertEquals(4, FileSystem.stat(renamed).sizeBytes());
          fails(Errno.ENOTEMPTY, () -> FileSystem.deleteDirectory(directory));
          FileSystem.delete(renamed);
          FileSystem.deleteDirectory(directory);
          assertFalse(FileSystem.exists(directory));
        });
    assertFalse(Files.exists(directory));
  }

  @Test
  void theUmaskTakesFromThePermissionsOfADirectory() throws Exception {
    Path directory = folder.resolve("directory");
    Reactors.run(
        () -> {
          FileSystem.createDirectory(directory, 0700);
          assertEquals(0700, FileSystem.stat(directory).permissions());
        });
  }

  @Test
  void aSymbolicLinkIsFollowedByStatAndNotByLstat() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Path link = folder.resolve("link");
    Reactors.run(
        () -> {
          FileSystem.createSymbolicLink(link, Path.of("file"));
          assertEquals(FileStat.Kind.LINK, FileSystem.lstat(link).kind());
          assertEquals(FileSystem.stat(file).inode(), FileSystem.stat(link).inode());
          FileSystem.delete(file);
          assertFalse(FileSystem.exists(link));
          fails(Errno.ENOENT, () -> FileSystem.stat(link));
          assertEquals(4, FileSystem.lstat(link).sizeBytes());
        });
    assertEquals(Path.of("file"), Files.readSymbolicLink(link));
  }

  @Test
  void theContentOfASymbolicLinkKeepsItsBytes() throws Exception {
    Path odd = Path.of(URI.create("file:///%FF%0A%FE"));
    Path link = folder.resolve("link");
    Path file = Files.writeString(folder.resolve("file"), "text");
    Reactors.run(
        () -> {
          FileSystem.createSymbolicLink(link, odd);
          assertEquals(odd, FileSystem.readSymbolicLink(link));
          fails(Errno.EINVAL, () -> FileSystem.readSymbolicLink(file));
        });
  }

  @Test
  void aHardLinkIsTheSameFile() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Path link = folder.resolve("link");
    Reactors.run(
        () -> {
          FileSystem.createLink(link, file);
          assertEquals(2, FileSystem.stat(file).links());
          assertEquals(FileSystem.stat(file).inode(), FileSystem.stat(link).inode());
        });
  }

  @Test
  void aRenameCanSpareWhatIsThereOrExchangeBoth() throws Exception {
    Path one = Files.writeString(folder.resolve("one"), "1");
    Path two = Files.writeString(folder.resolve("two"), "22");
    Path three = folder.resolve("three");
    Reactors.run(
        () -> {
          if (isSelector()) {
            assertThrows(
                UnsupportedOperationException.class, () -> FileSystem.renameToNew(one, three));
            assertThrows(UnsupportedOperationException.class, () -> FileSystem.exchange(one, two));
            return;
          }
          fails(Errno.EEXIST, () -> FileSystem.renameToNew(one, two));
          FileSystem.exchange(one, two);
          assertEquals(2, FileSystem.stat(one).sizeBytes());
          FileSystem.renameToNew(one, three);
          assertEquals(2, FileSystem.stat(three).sizeBytes());
          fails(Errno.ENOENT, () -> FileSystem.exchange(one, two));
        });
  }

  @Test
  void anErrorNamesTheCallAndTheFiles() throws Exception {
    Path absent = folder.resolve("absent");
    Path other = folder.resolve("other");
    Reactors.run(
        () -> {
          ErrnoException stat = fails(Errno.ENOENT, () -> FileSystem.stat(absent));
          assertEquals("stat", stat.operation());
          assertEquals(absent.toString(), stat.subject());
          ErrnoException rename = fails(Errno.ENOENT, () -> FileSystem.rename(absent, other));
          assertEquals(absent + " -> " + other, rename.subject());
        });
  }

  @Test
  void aNameNeedNotBeText() throws Exception {
    Path odd = Path.of(URI.create(folder.toUri() + "%FF%0A%FE"));
    Path link = folder.resolve("link");
    Reactors.run(
        () -> {
          FileSystem.createDirectory(odd);
          FileSystem.createSymbolicLink(link, odd.getFileName());
          assertTrue(FileSystem.stat(link).isDirectory());
        });
    assertTrue(Files.isDirectory(odd));
  }

  @Test
  void aNameInAnotherFileSystemIsRefusedWithItsReason() throws Exception {
    Path shared = Path.of("/dev/shm"); // a tmpfs, shm_overview(7)
    assumeTrue(Files.isWritable(shared), "there is no other file system");
    Path file = Files.writeString(folder.resolve("file"), "x");
    Reactors.run(
        () -> {
          boolean isOther = FileSystem.stat(shared).device() != FileSystem.stat(folder).device();
          assumeTrue(isOther, "there is no other file system");
          try (TemporaryDirectory other = TemporaryDirectory.create(shared, "weft-")) {
            Path target = other.path().resolve("file");
            fails(Errno.EXDEV, () -> FileSystem.rename(file, target));
            fails(Errno.EXDEV, () -> FileSystem.createLink(target, file));
            assertTrue(FileSystem.exists(file));
            assertFalse(FileSystem.exists(target));
          }
        });
  }

  @Test
  void everyCallFailsIfItsDeadlineHasPassed() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Path other = folder.resolve("other");
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          overdue(() -> FileSystem.stat(file, past));
          overdue(() -> FileSystem.lstat(file, past));
          overdue(() -> FileSystem.exists(file, past));
          overdue(() -> FileSystem.createDirectory(other, past));
          overdue(() -> FileSystem.createDirectory(other, 0700, past));
          overdue(() -> FileSystem.delete(file, past));
          overdue(() -> FileSystem.deleteDirectory(file, past));
          overdue(() -> FileSystem.rename(file, other, past));
          overdue(() -> FileSystem.createLink(other, file, past));
          overdue(() -> FileSystem.createSymbolicLink(other, file, past));
          overdue(() -> FileSystem.readSymbolicLink(file, past));
          overdue(() -> FileSystem.list(folder, past));
          if (!isSelector()) {
            overdue(() -> FileSystem.renameToNew(file, other, past));
            overdue(() -> FileSystem.exchange(file, other, past));
          }
          assertTrue(FileSystem.exists(file));
          assertFalse(FileSystem.exists(other));
        });
  }

  private static void overdue(Throwing.Body call) {
    assertThrows(DeadlineExceededException.class, call);
  }

  @Test
  void aCancelledFiberChangesNothing() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Reactors.run(
        () -> {
          Fiber fiber =
              Fiber.start(
                  () -> assertThrows(CancelledException.class, () -> FileSystem.delete(file)));
          fiber.cancel();
          fiber.join();
          assertTrue(FileSystem.exists(file));
        });
  }
}
