// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.Throwing;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryTest {
  private static final Path ONE = Path.of("one");
  private static final Path TWO = Path.of("two");

  @TempDir Path folder;

  /** Runs {@code task}, or checks that directories are refused if the backend has none. */
  private void run(FiberTask task) throws Exception {
    Reactors.run(
        () -> {
          if (Reactor.current().backend() == BackendKind.SELECTOR) {
            assertThrows(UnsupportedOperationException.class, () -> Directory.open(folder));
          } else {
            task.run();
          }
        });
  }

  @Test
  void namesAreLookedUpInTheDirectoryWhateverItsPathIs() throws Exception {
    Path path = Files.createDirectory(folder.resolve("before"));
    run(
        () -> {
          try (Directory directory = Directory.open(path)) {
            FileSystem.rename(path, folder.resolve("after"));
            FileSystem.createDirectory(path);
            directory.createDirectory(ONE);
            directory.createDirectory(TWO, 0700);
            assertTrue(FileSystem.exists(folder.resolve("after/one")));
            assertFalse(FileSystem.exists(path.resolve("one")));
            assertTrue(directory.stat(ONE).isDirectory());
            directory.deleteDirectory(ONE);
            assertFalse(directory.exists(ONE));
          }
        });
  }

  @Test
  void filesAreOpenedLinkedRenamedAndRemovedInIt() throws Exception {
    run(
        () -> {
          try (Directory directory = Directory.open(folder)) {
            directory
                .openFile(ONE, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
                .close();
            directory.createLink(TWO, directory, ONE);
            assertEquals(2, directory.stat(ONE).links());
            directory.delete(ONE);
            directory.rename(TWO, directory, ONE);
            directory.createSymbolicLink(TWO, ONE);
            assertEquals(FileStat.Kind.LINK, directory.lstat(TWO).kind());
            assertEquals(ONE, directory.readSymbolicLink(TWO));
            directory.exchange(ONE, directory, TWO);
            assertEquals(FileStat.Kind.REGULAR, directory.lstat(TWO).kind());
            ErrnoException e =
                assertThrows(
                    ErrnoException.class, () -> directory.renameToNew(ONE, directory, TWO));
            assertEquals(Errno.EEXIST, e.errno());
          }
        });
  }

  @Test
  void aFileMovesBetweenTwoOpenDirectories() throws Exception {
    run(
        () -> {
          try (Directory directory = Directory.open(folder)) {
            directory.createDirectory(ONE);
            directory.createDirectory(TWO);
            try (Directory one = directory.openDirectory(ONE);
                Directory two = directory.openDirectory(TWO)) {
              one.createDirectory(ONE);
              one.rename(ONE, two, TWO);
              assertTrue(FileSystem.exists(folder.resolve("two/two")));
              one.createSymbolicLink(ONE, TWO);
              two.createLink(ONE, one, ONE);
              assertEquals(FileStat.Kind.LINK, two.lstat(ONE).kind());
            }
          }
        });
  }

  @Test
  void onlyADirectoryIsOpened() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    run(
        () -> {
          ErrnoException e = assertThrows(ErrnoException.class, () -> Directory.open(file));
          assertEquals(Errno.ENOTDIR, e.errno());
        });
  }

  @Test
  void aRemovedDirectoryTakesNoFiles() throws Exception {
    Path path = Files.createDirectory(folder.resolve("directory"));
    run(
        () -> {
          try (Directory directory = Directory.open(path)) {
            FileSystem.deleteDirectory(path);
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> directory.createDirectory(ONE));
            assertEquals(Errno.ENOENT, e.errno());
          }
        });
  }

  @Test
  void aClosedDirectoryRefusesEveryCall() throws Exception {
    run(
        () -> {
          Directory directory = Directory.open(folder);
          directory.close();
          directory.close();
          refused(() -> directory.stat(ONE));
          refused(() -> directory.lstat(ONE));
          refused(() -> directory.exists(ONE));
          refused(() -> directory.createDirectory(ONE));
          refused(() -> directory.openDirectory(ONE));
          refused(() -> directory.openFile(ONE));
          refused(() -> directory.delete(ONE));
          refused(() -> directory.deleteDirectory(ONE));
          refused(() -> directory.createSymbolicLink(ONE, TWO));
          refused(() -> directory.readSymbolicLink(ONE));
          refused(() -> directory.list());
          try (Directory open = Directory.open(folder)) {
            refused(() -> open.rename(ONE, directory, TWO));
            refused(() -> directory.exchange(ONE, open, TWO));
            refused(() -> open.createLink(ONE, directory, TWO));
          }
        });
  }

  private static void refused(Throwing.Body call) {
    assertThrows(ClosedChannelException.class, call);
  }

  @Test
  void everyCallFailsIfItsDeadlineHasPassed() throws Exception {
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    run(
        () -> {
          overdue(() -> Directory.open(folder, past));
          try (Directory directory = Directory.open(folder)) {
            overdue(() -> directory.openDirectory(ONE, past));
            overdue(() -> directory.openFile(ONE, past));
            overdue(() -> directory.stat(ONE, past));
            overdue(() -> directory.lstat(ONE, past));
            overdue(() -> directory.exists(ONE, past));
            overdue(() -> directory.createDirectory(ONE, past));
            overdue(() -> directory.createDirectory(ONE, 0700, past));
            overdue(() -> directory.delete(ONE, past));
            overdue(() -> directory.deleteDirectory(ONE, past));
            overdue(() -> directory.rename(ONE, directory, TWO, past));
            overdue(() -> directory.renameToNew(ONE, directory, TWO, past));
            overdue(() -> directory.exchange(ONE, directory, TWO, past));
            overdue(() -> directory.createLink(ONE, directory, TWO, past));
            overdue(() -> directory.createSymbolicLink(ONE, TWO, past));
            overdue(() -> directory.readSymbolicLink(ONE, past));
            overdue(() -> directory.list(past));
          }
        });
  }

  private static void overdue(Throwing.Body call) {
    assertThrows(DeadlineExceededException.class, call);
  }
}
