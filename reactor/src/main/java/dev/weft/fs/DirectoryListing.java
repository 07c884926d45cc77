// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.fs.FileNames;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads the entries of a directory one after the other, in no order, without {@code .} and {@code
 * ..}. What is in the directory all the time comes once; what is added or removed meanwhile may
 * come or not (readdir(3)). Holds the directory open until it is closed. Not an {@code Iterator},
 * because it suspends.
 *
 * {@snippet :
 *   try (DirectoryListing listing = FileSystem.list(path)) {
 *     for (DirectoryEntry entry; (entry = listing.next()) != null; ) {
 *       use(path.resolve(entry.name()));
 *     }
 *   }
 * }
 */
public final class DirectoryListing implements AutoCloseable {
  private final Endpoint endpoint;
  private final DirectoryBatch batch = new DirectoryBatch();
  private int taken;

  private DirectoryListing(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /** Opens a listing; {@code name} is for messages. */
  static DirectoryListing open(@Nullable Endpoint parent, Path path, Object name, Deadline deadline)
      throws IOException {
    return open(parent, path, name, true, deadline);
  }

  /** As above; {@code follows} says whether the path may be that of a symbolic link. */
  static DirectoryListing open(
      @Nullable Endpoint parent, Path path, Object name, boolean follows, Deadline deadline)
      throws IOException {
    Strand strand = PathCalls.enter(parent, "open");
    Endpoint endpoint = new Endpoint(strand.loop, Endpoint.Kind.STREAM, name, name);
    DirectoryListing listing = new DirectoryListing(endpoint);
    int flags = OpenFlags.READ | OpenFlags.DIRECTORY | (follows ? 0 : OpenFlags.NO_FOLLOW);
    PathCalls.open(parent, endpoint, path, flags, 0, deadline.nanoTime());
    return listing;
  }

  /**
   * Returns the next entry. Suspends, unless it has been read with the one before.
   *
   * @return null at the end
   * @throws ErrnoException EIO and so on (getdents(2))
   */
  public @Nullable DirectoryEntry next() throws IOException {
    return next(Deadline.NEVER);
  }

  /**
   * As {@link #next()}; waits until {@code deadline} at most. Suspends, unless the entry has been
   * read with the one before.
   *
   * @param deadline when to stop waiting; the next call continues
   * @return null at the end
   * @throws ErrnoException EIO and so on (getdents(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public @Nullable DirectoryEntry next(Deadline deadline) throws IOException {
    if (taken == batch.count()) {
      taken = 0;
      if (fill(deadline) == 0) {
        return null;
      }
    } else {
      Strand strand = endpoint.enter("list");
      strand.checkBeforeWait("list", endpoint.name(), deadline.nanoTime(), WaitMode.EXTERNAL);
    }
    int index = taken++;
    return new DirectoryEntry(
        FileNames.path(batch.name(index)), FileStat.kind(batch.type(index)), batch.inode(index));
  }

  private int fill(Deadline deadline) throws IOException {
    batch.clear();
    return PathCalls.list(endpoint, batch, deadline.nanoTime());
  }

  /** The open directory, to look names up in. */
  Endpoint endpoint() {
    return endpoint;
  }

  /** Reads the attributes of the open directory. */
  void stat(FileAttributes target, Deadline deadline) throws IOException {
    Strand strand = endpoint.enter("stat");
    Op op = strand.waiting.op().stat(endpoint.handle(), target);
    endpoint.check(
        "stat",
        Operations.performRepeatedly(
            strand, "stat", endpoint.name(), op, deadline.nanoTime(), WaitMode.EXTERNAL));
  }

  /**
   * Closes the directory. Suspends, even in a cancelled fiber. Does nothing the second time.
   *
   * @throws ErrnoException as close(2) says; the directory is closed even so
   */
  @Override
  public void close() throws IOException {
    endpoint.closeChecked();
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}
