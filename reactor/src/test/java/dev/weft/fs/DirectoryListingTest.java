// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.net.URI;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryListingTest {
  @TempDir Path folder;

  private static Map<Path, FileStat.Kind> all(DirectoryListing listing) throws Exception {
    Map<Path, FileStat.Kind> found = new HashMap<>();
    for (DirectoryEntry entry; (entry = listing.next()) != null; ) {
      assertNull(found.put(entry.name(), entry.kind()), entry::toString);
    }
    return found;
  }

  @Test
  void allEntriesComeWithTheirTypes() throws Exception {
    Files.createFile(folder.resolve("file"));
    Files.createDirectory(folder.resolve("directory"));
    Files.createSymbolicLink(folder.resolve("link"), Path.of("absent"));
    Map<Path, FileStat.Kind> expected =
        Map.of(
            Path.of("file"), FileStat.Kind.REGULAR,
            Path.of("directory"), FileStat.Kind.DIRECTORY,
            Path.of("link"), FileStat.Kind.LINK);
    Reactors.run(
        () -> {
          try (DirectoryListing listing = FileSystem.list(folder)) {
            assertEquals(expected, all(listing));
            assertNull(listing.next());
          }
          if (Reactor.current().backend() != BackendKind.SELECTOR) {
            try (Directory directory = Directory.open(folder);
                DirectoryListing one = directory.list();
                DirectoryListing two = directory.list()) {
              assertEquals(expected, all(one));
              assertEquals(expected, all(two), "each listing starts anew");
            }
          }
        });
  }

  @Test
  void theEntriesOfALargeDirectoryComeOnceEach() throws Exception {
    int count = 1000; // with names so long that one system call does not return them all
    for (int i = 0; i < count; i++) {
      Files.createFile(folder.resolve("x".repeat(200) + i));
    }
    Reactors.run(
        () -> {
          try (DirectoryListing listing = FileSystem.list(folder)) {
            assertEquals(count, all(listing).size());
          }
        });
  }

  @Test
  void everyEntryCanBeOpenedWhateverItsBytesAre() throws Exception {
    for (String name : new String[] {"%FF%0A%FE", "%C3%BC", "%F0%9F%90%98"}) {
      Files.createFile(Path.of(URI.create(folder.toUri() + name)));
    }
    Reactors.run(
        () -> {
          Set<Long> inodes = new HashSet<>();
          try (DirectoryListing listing = FileSystem.list(folder)) {
            for (DirectoryEntry entry; (entry = listing.next()) != null; ) {
              assertEquals(entry.inode(), FileSystem.stat(folder.resolve(entry.name())).inode());
              inodes.add(entry.inode());
            }
          }
          assertEquals(3, inodes.size());
        });
  }

  @Test
  void aDirectoryMayBeRemovedWhileItIsListed() throws Exception {
    Path directory = Files.createDirectory(folder.resolve("directory"));
    for (int i = 0; i < 10; i++) {
      Files.createFile(directory.resolve("file" + i));
    }
    Reactors.run(
        () -> {
          try (DirectoryListing listing = FileSystem.list(directory)) {
            for (DirectoryEntry entry; (entry = listing.next()) != null; ) {
              FileSystem.delete(directory.resolve(entry.name()));
            }
            FileSystem.deleteDirectory(directory);
            assertNull(listing.next());
          }
        });
  }

  @Test
  void whatCantBeListedIsNamed() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Reactors.run(
        () -> {
          ErrnoException e = assertThrows(ErrnoException.class, () -> FileSystem.list(file));
          assertEquals(Errno.ENOTDIR, e.errno());
          assertEquals(file.toString(), e.subject());
        });
  }

  @Test
  void aListingThatMissedItsDeadlineGoesOn() throws Exception {
    Files.createFile(folder.resolve("one"));
    Files.createFile(folder.resolve("two"));
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          try (DirectoryListing listing = FileSystem.list(folder)) {
            assertThrows(DeadlineExceededException.class, () -> listing.next(past));
            assertThrows(DeadlineExceededException.class, () -> listing.next(Deadline.NOW));
            assertNotNull(listing.next());
            assertThrows(DeadlineExceededException.class, () -> listing.next(past));
            assertNotNull(listing.next(Deadline.NOW), "it has been read already");
            assertNull(listing.next());
          }
        });
  }

  @Test
  void aClosedListingRefusesEveryCall() throws Exception {
    Reactors.run(
        () -> {
          DirectoryListing listing = FileSystem.list(folder);
          listing.close();
          listing.close();
          assertThrows(ClosedChannelException.class, () -> listing.next());
        });
  }

  @Test
  void manyDirectoriesAreListedAtOnce() throws Exception {
    int count = 50;
    for (int i = 0; i < count; i++) {
      Files.createFile(Files.createDirectory(folder.resolve("directory" + i)).resolve("file"));
    }
    Set<Path> found = new HashSet<>();
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < count; i++) {
              Path path = folder.resolve("directory" + i);
              bundle.go(
                  () -> {
                    try (DirectoryListing listing = FileSystem.list(path)) {
                      for (DirectoryEntry entry; (entry = listing.next()) != null; ) {
                        found.add(path.resolve(entry.name()));
                      }
                    }
                  });
            }
            bundle.await();
          }
          assertTrue(found.contains(folder.resolve("directory7/file")));
          assertEquals(count, found.size());
        });
  }
}
