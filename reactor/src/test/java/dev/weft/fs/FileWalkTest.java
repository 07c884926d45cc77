// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.net.URI;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWalkTest {
  @TempDir Path folder;

  private static final WalkOptions FOLLOWING = WalkOptions.defaults().withFollowedLinks(true);

  /** What comes: depth, name from the root, type, and the reason of a failure. */
  private List<String> all(FileWalk walk) throws Exception {
    List<String> found = new ArrayList<>();
    for (WalkEntry entry; (entry = walk.next()) != null; ) {
      found.add(text(entry));
    }
    return found;
  }

  private String text(WalkEntry entry) {
    ErrnoException failure = entry.failure();
    return entry.depth()
        + " "
        + folder.relativize(entry.path())
        + " "
        + entry.kind()
        + (failure == null ? "" : " " + failure.errno());
  }

  private List<String> sorted(WalkOptions options) throws Exception {
    try (FileWalk walk = FileSystem.walk(folder, options)) {
      return List.copyOf(new TreeSet<>(all(walk)));
    }
  }

  private void makeTree() throws Exception {
    Files.createDirectories(folder.resolve("a/b/c"));
    Files.createFile(folder.resolve("a/b/file"));
    Files.createFile(folder.resolve("file"));
    Files.createSymbolicLink(folder.resolve("link"), Path.of("a"));
    Files.createSymbolicLink(folder.resolve("lost"), Path.of("absent"));
  }

  @Test
  void allFilesComeAndLinksAreNotFollowed() throws Exception {
    makeTree();
    List<String> expected =
        List.of(
            "0  DIRECTORY",
            "1 a DIRECTORY",
            "1 file REGULAR",
            "1 link LINK",
            "1 lost LINK",
            "2 a/b DIRECTORY",
            "3 a/b/c DIRECTORY",
            "3 a/b/file REGULAR");
    Reactors.run(() -> assertEquals(expected, sorted(WalkOptions.defaults())));
  }

  @Test
  void aFollowedLinkStandsForWhatItLeadsToIfThatExists() throws Exception {
    makeTree();
    List<String> expected =
        List.of(
            "0  DIRECTORY",
            "1 a DIRECTORY",
            "1 file REGULAR",
            "1 link DIRECTORY",
            "1 lost LINK",
            "2 a/b DIRECTORY",
            "2 link/b DIRECTORY",
            "3 a/b/c DIRECTORY",
            "3 a/b/file REGULAR",
            "3 link/b/c DIRECTORY",
            "3 link/b/file REGULAR");
    Reactors.run(() -> assertEquals(expected, sorted(FOLLOWING)));
  }

  @Test
  void aFollowedLinkToADirectoryAboveIsACycleAndNotEntered() throws Exception {
    Files.createDirectories(folder.resolve("a/b"));
    Files.createSymbolicLink(folder.resolve("a/b/up"), folder.resolve("a"));
    Files.createSymbolicLink(folder.resolve("self"), Path.of("self"));
    List<String> expected =
        List.of(
            "0  DIRECTORY",
            "1 a DIRECTORY",
            "1 self LINK ELOOP",
            "2 a/b DIRECTORY",
            "3 a/b/up DIRECTORY",
            "3 a/b/up DIRECTORY ELOOP");
    Reactors.run(() -> assertEquals(expected, sorted(FOLLOWING)));
  }

  @Test
  void directoriesComeBeforeWhatIsInThemOrAfter() throws Exception {
    Files.createDirectories(folder.resolve("a/b"));
    Files.createFile(folder.resolve("a/b/file"));
    List<String> before =
        List.of("0  DIRECTORY", "1 a DIRECTORY", "2 a/b DIRECTORY", "3 a/b/file REGULAR");
    WalkOptions last = WalkOptions.defaults().withContentsFirst(true);
    Reactors.run(
        () -> {
          try (FileWalk one = FileSystem.walk(folder);
              FileWalk two = FileSystem.walk(folder, last)) {
            assertEquals(before, all(one));
            assertNull(one.next(), "the end stays the end");
            assertEquals(before.reversed(), all(two));
          }
        });
  }

  @Test
  void aWalkGoesNoDeeperThanItMay() throws Exception {
    makeTree();
    Reactors.run(
        () -> {
          assertEquals(List.of("0  DIRECTORY"), sorted(WalkOptions.defaults().withDepthMax(0)));
          List<String> one = sorted(WalkOptions.defaults().withDepthMax(1).withContentsFirst(true));
          assertEquals(
              List.of(
                  "0  DIRECTORY", "1 a DIRECTORY", "1 file REGULAR", "1 link LINK", "1 lost LINK"),
              one);
        });
  }

  @Test
  void aSkippedDirectoryIsNotEntered() throws Exception {
    Files.createDirectories(folder.resolve("a/b"));
    Files.createDirectories(folder.resolve("c/d"));
    Reactors.run(
        () -> {
          List<String> found = new ArrayList<>();
          try (FileWalk walk = FileSystem.walk(folder)) {
            for (WalkEntry entry; (entry = walk.next()) != null; ) {
              found.add(text(entry));
              if (entry.path().endsWith("a")) {
                walk.skipDirectory();
              }
            }
          }
          found.sort(null);
          assertEquals(
              List.of("0  DIRECTORY", "1 a DIRECTORY", "1 c DIRECTORY", "2 c/d DIRECTORY"), found);
        });
  }

  @Test
  void aDirectoryThatCantBeEnteredComesAgainWithTheReasonAndTheWalkGoesOn() throws Exception {
    Files.createDirectories(folder.resolve("a"));
    Files.createDirectories(folder.resolve("b"));
    Reactors.run(
        () -> {
          List<String> found = new ArrayList<>();
          try (FileWalk walk = FileSystem.walk(folder)) {
            for (WalkEntry entry; (entry = walk.next()) != null; ) {
              found.add(text(entry));
              if (entry.depth() == 1 && entry.failure() == null) {
                FileSystem.deleteDirectory(entry.path());
              }
            }
          }
          found.sort(null);
          assertEquals(
              List.of(
                  "0  DIRECTORY",
                  "1 a DIRECTORY",
                  "1 a DIRECTORY ENOENT",
                  "1 b DIRECTORY",
                  "1 b DIRECTORY ENOENT"),
              found);
        });
  }

  @Test
  void aDirectoryThatBecomesALinkIsNotEntered() throws Exception {
    Path directory = Files.createDirectory(folder.resolve("directory"));
    Files.createDirectories(folder.resolve("hidden/file"));
    Reactors.run(
        () -> {
          try (FileWalk walk = FileSystem.walk(directory)) {
            assertNotNull(walk.next());
            FileSystem.deleteDirectory(directory);
            FileSystem.createSymbolicLink(directory, Path.of("hidden"));
            assertEquals(List.of("0 directory DIRECTORY ENOTDIR"), all(walk));
          }
        });
  }

  @Test
  void aFileOrALinkAsRootComesAlone() throws Exception {
    makeTree();
    Reactors.run(
        () -> {
          try (FileWalk file = FileSystem.walk(folder.resolve("file"));
              FileWalk link = FileSystem.walk(folder.resolve("link"));
              FileWalk lost = FileSystem.walk(folder.resolve("lost"), FOLLOWING)) {
            assertEquals(List.of("0 file REGULAR"), all(file));
            assertEquals(List.of("0 link LINK"), all(link));
            assertEquals(List.of("0 lost LINK"), all(lost));
          }
          Path absent = folder.resolve("absent");
          ErrnoException e = assertThrows(ErrnoException.class, () -> FileSystem.walk(absent));
          assertEquals(Errno.ENOENT, e.errno());
          assertEquals(absent.toString(), e.subject());
        });
  }

  @Test
  void namesNeedNotBeText() throws Exception {
    Path odd = Path.of(URI.create(folder.toUri() + "%FF%0A%FE"));
    Files.createDirectories(odd.resolve("file"));
    Reactors.run(
        () -> {
          List<Path> found = new ArrayList<>();
          try (FileWalk walk = FileSystem.walk(folder)) {
            for (WalkEntry entry; (entry = walk.next()) != null; ) {
              found.add(entry.path());
            }
          }
          assertEquals(List.of(folder, odd, odd.resolve("file")), found);
        });
  }

  @Test
  void aTreeMayBeDeeperThanAPathMayBeLong() throws Exception {
    int levels = 100;
    Path name = Path.of("a directory with a name of some length, a hundred of which are too much");
    Reactors.run(
        () -> {
          if (Reactor.current().backend() == BackendKind.SELECTOR) {
            return; // it looks paths up
          }
          Directory at = Directory.open(folder);
          for (int i = 0; i < levels; i++) {
            at.createDirectory(name);
            Directory below = at.openDirectory(name);
            at.close();
            at = below;
          }
          at.close();
          int count = 0;
          try (FileWalk walk = FileSystem.walk(folder)) {
            for (WalkEntry entry; (entry = walk.next()) != null; count++) {
              assertNull(entry.failure(), entry::toString);
            }
          }
          assertEquals(levels + 1, count);
          FileSystem.deleteTree(folder.resolve(name));
          assertFalse(FileSystem.exists(folder.resolve(name)));
        });
  }

  @Test
  void aWalkThatMissedItsDeadlineGoesOn() throws Exception {
    makeTree();
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          List<String> found = new ArrayList<>();
          try (FileWalk walk = FileSystem.walk(folder, FOLLOWING)) {
            for (WalkEntry entry; (entry = walk.next()) != null; ) {
              found.add(text(entry));
              assertThrows(DeadlineExceededException.class, () -> walk.next(past));
              lookAhead(walk, found);
            }
          }
          found.sort(null);
          assertEquals(sorted(FOLLOWING), found);
          assertThrows(DeadlineExceededException.class, () -> FileSystem.walk(folder, past));
          assertThrows(
              DeadlineExceededException.class, () -> FileSystem.walk(folder, FOLLOWING, past));
        });
  }

  /** Takes what is there without waiting. */
  private void lookAhead(FileWalk walk, List<String> found) throws Exception {
    try {
      WalkEntry entry = walk.next(Deadline.NOW);
      if (entry != null) {
        found.add(text(entry));
      }
    } catch (DeadlineExceededException e) {
      // the next call waits
    }
  }

  @Test
  void aCancelledFiberLeavesTheWalkToOthers() throws Exception {
    makeTree();
    Reactors.run(
        () -> {
          try (FileWalk walk = FileSystem.walk(folder)) {
            Fiber fiber =
                Fiber.start(() -> assertThrows(CancelledException.class, () -> walk.next()));
            fiber.cancel();
            fiber.join();
            assertEquals(8, all(walk).size());
          }
        });
  }

  @Test
  void aClosedWalkRefusesEveryCall() throws Exception {
    makeTree();
    Reactors.run(
        () -> {
          FileWalk walk = FileSystem.walk(folder);
          assertNotNull(walk.next());
          assertNotNull(walk.next());
          walk.close();
          walk.close();
          assertThrows(ClosedChannelException.class, () -> walk.next());
        });
  }

  @Test
  void aWalkThatIsClosedMeanwhileEndsTheCallOfAnotherFiber() throws Exception {
    makeTree();
    Reactors.run(
        () -> {
          FileWalk walk = FileSystem.walk(folder);
          Fiber fiber =
              Fiber.start(() -> assertThrows(ClosedChannelException.class, () -> all(walk)));
          Fiber.yield();
          assertThrows(IllegalStateException.class, () -> walk.next());
          walk.close();
          fiber.join();
        });
  }

  @Test
  void aTreeIsDeletedAndLinksInItAreNotFollowed() throws Exception {
    makeTree();
    Path tree = folder.resolve("tree");
    Files.createDirectories(tree.resolve("a/b"));
    Files.createFile(tree.resolve("a/b/file"));
    Files.createSymbolicLink(tree.resolve("a/link"), folder.resolve("a"));
    Reactors.run(
        () -> {
          Deadline past = Deadline.after(Duration.ofSeconds(-1));
          assertThrows(DeadlineExceededException.class, () -> FileSystem.deleteTree(tree, past));
          FileSystem.deleteTree(tree);
          assertFalse(FileSystem.exists(tree));
          FileSystem.deleteTree(folder.resolve("file"));
          ErrnoException e = assertThrows(ErrnoException.class, () -> FileSystem.deleteTree(tree));
          assertEquals(Errno.ENOENT, e.errno());
        });
    assertTrue(Files.exists(folder.resolve("a/b/file")));
    assertFalse(Files.exists(folder.resolve("file")));
  }
}
