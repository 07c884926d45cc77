// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Walks through a directory and all directories below it, one file after the other, each directory
 * as a {@link DirectoryListing} reads it. Not an {@code Iterator}, because it suspends. One fiber
 * uses it at a time.
 *
 * <p>A directory that can't be entered or read does not end the walk: it comes once more, with the
 * reason in {@link WalkEntry#failure}, or with it at once if contents come first.
 *
 * <p>Holds one directory open for each level that it is below the root. What is below the root is
 * looked up in these, so that a walk stays in the same directories when they are renamed, and paths
 * may be longer than the system's limit; on a selector it is looked up by its path.
 *
 * {@snippet :
 *   try (FileWalk walk = FileSystem.walk(root)) {
 *     for (WalkEntry entry; (entry = walk.next()) != null; ) {
 *       use(entry.path());
 *     }
 *   }
 * }
 */
public final class FileWalk implements AutoCloseable {
  /** An open directory between the root and where the walk is. */
  private record Level(DirectoryListing listing, WalkEntry entry, FileAttributes identity) {}

  private final EventLoop loop;
  private final Path root;
  private final WalkOptions options;

  /** Whether names are looked up in open directories. */
  private final boolean looksUpInOpen;

  private final List<Level> levels = new ArrayList<>();

  /** What comes next; null if it has to be read. */
  private @Nullable WalkEntry ready;

  /** A name that has been read, whose type is not known yet. */
  private @Nullable DirectoryEntry unknown;

  /** The directory that is entered next. */
  private @Nullable WalkEntry entering;

  private boolean inUse;
  private boolean closed;

  private FileWalk(EventLoop loop, Path root, WalkOptions options) {
    this.loop = loop;
    this.root = root;
    this.options = options;
    looksUpInOpen = loop.backend().has(Capability.OPEN_DIRECTORIES);
  }

  /** Begins a walk; nothing is open yet. */
  static FileWalk open(Path root, WalkOptions options, Deadline deadline) throws IOException {
    Strand strand = Strand.require("walk");
    FileWalk walk = new FileWalk(strand.loop, root, options);
    WalkEntry first =
        walk.find(null, root, new WalkEntry(root, 0, FileStat.Kind.OTHER, null), deadline);
    if (first.failure() != null) {
      throw first.failure();
    }
    walk.ready = first;
    return walk;
  }

  /**
   * Deletes a directory and all that is in it, or a file.
   *
   * @throws ErrnoException the first failure
   */
  static void deleteTree(Path root, Deadline deadline) throws IOException {
    try (FileWalk walk = open(root, WalkOptions.defaults().withContentsFirst(true), deadline)) {
      for (WalkEntry entry; (entry = walk.next(deadline)) != null; ) {
        if (entry.failure() != null) {
          throw entry.failure();
        }
        walk.delete(entry, deadline);
      }
    }
  }

  /** Deletes the entry that has come last, which is in the directory that is being read. */
  private void delete(WalkEntry entry, Deadline deadline) throws IOException {
    if (entry.kind() == FileStat.Kind.DIRECTORY) {
      PathCalls.deleteDirectory(parent(), lookedUp(entry), deadline.nanoTime());
    } else {
      PathCalls.delete(parent(), lookedUp(entry), deadline.nanoTime());
    }
  }

  /**
   * Returns the next file or directory. Suspends.
   *
   * @return null at the end
   * @throws ClosedChannelException if the walk is closed
   */
  public @Nullable WalkEntry next() throws IOException {
    return next(Deadline.NEVER);
  }

  /**
   * As {@link #next()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting; the next call continues
   * @return null at the end
   * @throws ClosedChannelException if the walk is closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public @Nullable WalkEntry next(Deadline deadline) throws IOException {
    Strand strand = Strand.requireOf(loop, "walk", root);
    if (closed) {
      throw new ClosedChannelException();
    }
    if (inUse) {
      throw new IllegalStateException("walk " + root + ": another fiber is using it");
    }
    strand.checkBeforeWait("walk", root, deadline.nanoTime(), WaitMode.EXTERNAL);
    inUse = true;
    try {
      return advance(deadline);
    } finally {
      inUse = false;
    }
  }

  /**
   * Does not enter the directory that {@link #next()} has returned last. Does nothing if that was
   * no directory, or if contents come first: it has been entered then.
   */
  public void skipDirectory() {
    if (!options.contentsFirst()) {
      entering = null;
    }
  }

  private @Nullable WalkEntry advance(Deadline deadline) throws IOException {
    while (true) {
      WalkEntry found;
      WalkEntry directory = entering;
      WalkEntry known = ready;
      if (directory != null) {
        found = enter(directory, deadline);
      } else if (known != null) {
        ready = null;
        found = arrive(known);
      } else if (levels.isEmpty()) {
        return null;
      } else {
        found = read(levels.getLast(), deadline);
      }
      if (found != null) {
        return found;
      }
    }
  }

  /** Returns the entry, or null if it comes later; the next step enters it if it is a directory. */
  private @Nullable WalkEntry arrive(WalkEntry entry) {
    boolean enters =
        entry.kind() == FileStat.Kind.DIRECTORY
            && entry.failure() == null
            && entry.depth() < options.depthMax();
    entering = enters ? entry : null;
    return enters && options.contentsFirst() ? null : entry;
  }

  // ---- one step: each returns what comes next, or null if there is another step before it

  private @Nullable WalkEntry enter(WalkEntry directory, Deadline deadline) throws IOException {
    try {
      openLevel(directory, deadline);
      entering = null;
      return null;
    } catch (ErrnoException e) {
      entering = null;
      return directory.failed(e);
    }
  }

  private void openLevel(WalkEntry directory, Deadline deadline) throws IOException {
    boolean follows = options.followsLinks();
    DirectoryListing listing =
        DirectoryListing.open(parent(), lookedUp(directory), directory.path(), follows, deadline);
    boolean kept = false;
    try {
      FileAttributes identity = new FileAttributes();
      if (follows) { // without links, no directory is below itself
        listing.stat(identity, deadline);
        requireNoCycle(directory, identity);
      }
      requireOpen();
      levels.add(new Level(listing, directory, identity));
      kept = true;
    } finally {
      if (!kept) {
        listing.close();
      }
    }
  }

  /** Checks that the walk is not in that directory already. */
  private void requireNoCycle(WalkEntry directory, FileAttributes identity) throws ErrnoException {
    if (identity.inode == 0) {
      return; // the system has no inodes
    }
    for (Level above : levels) {
      if (above.identity.inode == identity.inode && above.identity.device == identity.device) {
        throw new ErrnoException("walk", directory.path().toString(), Errno.ELOOP.code());
      }
    }
  }

  private @Nullable WalkEntry read(Level level, Deadline deadline) throws IOException {
    DirectoryEntry child = unknown;
    try {
      if (child == null) {
        child = level.listing.next(deadline);
      }
      if (child == null) {
        leave(level);
        return options.contentsFirst() ? level.entry : null;
      }
    } catch (ErrnoException e) {
      leave(level);
      return level.entry.failed(e);
    }
    unknown = child; // until its type is known: the deadline can pass before
    WalkEntry entry =
        new WalkEntry(
            level.entry.path().resolve(child.name()), level.entry.depth() + 1, child.kind(), null);
    boolean isKnown =
        child.kind() != FileStat.Kind.OTHER
            && (child.kind() != FileStat.Kind.LINK || !options.followsLinks());
    WalkEntry found = isKnown ? entry : find(parent(), lookedUp(entry), entry, deadline);
    requireOpen();
    unknown = null;
    return arrive(found);
  }

  private void leave(Level level) throws IOException {
    levels.remove(level);
    level.listing.close();
  }

  /** Finds the type of an entry, or why it can't be found. */
  private WalkEntry find(@Nullable Endpoint parent, Path name, WalkEntry entry, Deadline deadline)
      throws IOException {
    try {
      return ofKind(
          entry, PathCalls.stat(parent, name, options.followsLinks(), deadline.nanoTime()));
    } catch (ErrnoException e) {
      if (!options.followsLinks() || (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR)) {
        return entry.failed(e);
      }
    }
    try { // perhaps it is a link that leads nowhere
      return ofKind(entry, PathCalls.stat(parent, name, false, deadline.nanoTime()));
    } catch (ErrnoException e) {
      return entry.failed(e);
    }
  }

  private static WalkEntry ofKind(WalkEntry entry, FileAttributes attributes) {
    return new WalkEntry(entry.path(), entry.depth(), FileStat.kind(attributes.type), null);
  }

  /** The open directory in which names are looked up now; null for paths. */
  private @Nullable Endpoint parent() {
    return looksUpInOpen && !levels.isEmpty() ? levels.getLast().listing.endpoint() : null;
  }

  /** The name of an entry in the {@link #parent}. */
  private Path lookedUp(WalkEntry entry) {
    Path last = entry.path().getFileName();
    return parent() == null || last == null ? entry.path() : last;
  }

  /** Checked after each wait: another fiber can have closed the walk meanwhile. */
  private void requireOpen() throws AsynchronousCloseException {
    if (closed) {
      throw new AsynchronousCloseException();
    }
  }

  /**
   * Closes the directories that are open. Suspends, even in a cancelled fiber. Does nothing the
   * second time.
   *
   * @throws ErrnoException as close(2) says; the directories are closed even so
   */
  @Override
  public void close() throws IOException {
    closed = true;
    IOException failure = null;
    while (!levels.isEmpty()) {
      try {
        levels.removeLast().listing.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public String toString() {
    return "walk " + root;
  }
}
