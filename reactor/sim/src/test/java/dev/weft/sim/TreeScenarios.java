// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.fs.FileSystem;
import dev.weft.fs.FileWalk;
import dev.weft.fs.TemporaryDirectory;
import dev.weft.fs.TemporaryFile;
import dev.weft.fs.WalkEntry;
import dev.weft.fs.WalkOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Walks through trees of directories: each file comes once, however often a deadline passes. */
final class TreeScenarios {
  private TreeScenarios() {}

  static void trees() throws Exception {
    Path path;
    try (TemporaryDirectory temporary = TemporaryDirectory.create(Path.of("/tmp"), "tree-")) {
      path = temporary.path();
      Set<Path> made = make(path);
      boolean contentsFirst = Simulation.random().nextBoolean();
      WalkOptions options =
          WalkOptions.defaults().withFollowedLinks(true).withContentsFirst(contentsFirst);
      try (FileWalk walk = FileSystem.walk(path, options)) {
        assertEquals(made, new TreeSet<>(paths(walk, contentsFirst)));
      }
    }
    assertFalse(FileSystem.exists(path));
  }

  /** Makes directories, files, and links that lead to the directory that they are in. */
  private static Set<Path> make(Path root) throws Exception {
    RandomGenerator random = Simulation.random();
    Set<Path> made = new TreeSet<>(List.of(root));
    List<Path> directories = new ArrayList<>(made);
    for (int i = random.nextInt(12); i > 0; i--) {
      Path path = directories.get(random.nextInt(directories.size())).resolve("name" + i);
      switch (random.nextInt(3)) {
        case 0 -> {
          FileSystem.createDirectory(path);
          directories.add(path);
        }
        case 1 -> {
          try (TemporaryFile file = TemporaryFile.create(root, "file", "")) {
            FileSystem.rename(file.path(), path);
          }
        }
        default -> FileSystem.createSymbolicLink(path, Path.of("."));
      }
      made.add(path);
    }
    return made;
  }

  /** What a walk finds; a link to a directory that the walk is in comes with that failure. */
  private static List<Path> paths(FileWalk walk, boolean contentsFirst) throws Exception {
    List<Path> found = new ArrayList<>();
    for (WalkEntry entry; (entry = next(walk)) != null; ) {
      if (entry.failure() != null) {
        assertEquals(Errno.ELOOP, entry.failure().errno());
        assertEquals(contentsFirst ? -1 : found.size() - 1, found.indexOf(entry.path()));
      }
      if (entry.failure() == null || contentsFirst) {
        assertEquals(-1, found.indexOf(entry.path()), "it came twice");
        found.add(entry.path());
      }
    }
    return found;
  }

  private static @Nullable WalkEntry next(FileWalk walk) throws Exception {
    while (true) {
      try {
        int micros = Simulation.random().nextInt(20);
        return walk.next(Deadline.after(Duration.ofNanos(micros * 1000L)));
      } catch (DeadlineExceededException e) {
        if (Simulation.random().nextBoolean()) {
          return walk.next();
        }
      }
    }
  }
}
