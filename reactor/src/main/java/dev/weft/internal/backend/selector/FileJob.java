// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The work of one operation on a file, used again by the next operation of its slot. A cancelled
 * operation waits for work in progress. The open of a named pipe would not end by itself: it is
 * given the other end. If that fails, it is abandoned, as is the open of a device, and what it
 * opens in the end is closed.
 */
final class FileJob extends Job {
  private @Nullable Request request;
  private Opcode opcode = Opcode.NOP;
  private @Nullable FileEntry file;
  private @Nullable StagingBuffer staging;
  private int length;
  private long position;
  private byte[] name = {};
  private int flags;
  private int permissions;
  private @Nullable PathRequest names;
  private @Nullable DirectoryBatch batch;
  private @Nullable FileEntry opened;
  private final FileAttributes attributes = new FileAttributes();

  /** Whether the open can wait for another process indefinitely. */
  private volatile boolean mayBlock;

  private volatile boolean cancelRequested;

  /** The named pipe that is being opened, or null if it is something else. */
  private volatile @Nullable Path namedPipe;

  /** Ends the open of a named pipe; null if none is needed. */
  private @Nullable OtherEnd otherEnd;

  /** Opens a named pipe for reading and writing, which never waits, until the open has ended. */
  private final class OtherEnd extends Job {
    private final Path path;
    private @Nullable FileChannel channel;

    // On the reactor's thread: whether this job is done, and whether the open has ended.
    private boolean isDone;
    private boolean isOver;

    OtherEnd(Path path) {
      this.path = path;
    }

    @Override
    int call() throws IOException {
      channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      return 0;
    }

    @Override
    void completed(SelectorBackend backend) {
      isDone = true;
      Request mine = request;
      if (isOver) {
        over(backend);
      } else if (result < 0 && mine != null) {
        backend.finish(mine, abandon(mine));
      }
    }

    /** Completes the operation when its open has ended, and this one too. */
    void over(SelectorBackend backend) {
      isOver = true;
      Request mine = request;
      if (isDone && mine != null) {
        close();
        otherEnd = null;
        request = null;
        backend.finish(mine, Entry.CANCELED);
      }
    }

    private void close() {
      try {
        if (channel != null) {
          channel.close();
        }
      } catch (IOException e) {
        // nothing was written
      }
    }
  }

  /** Hands the operation of {@code request} to a thread. */
  static int start(SelectorBackend backend, Request request) {
    FileJob job = request.job;
    if (job == null) {
      job = new FileJob();
      request.job = job;
    }
    job.set(request);
    backend.workers.submit(job);
    request.place = Request.Place.WORKING;
    return Entry.PENDING;
  }

  private void set(Request request) {
    Op op = request.op;
    this.request = request;
    opcode = op.opcode();
    file = request.entry instanceof FileEntry entry ? entry : null;
    staging = request.staging;
    length = request.length();
    position = op.position();
    names = op.argument() instanceof PathRequest path ? path : null;
    batch = op.argument() instanceof DirectoryBatch target ? target : null;
    opened = null;
    mayBlock = false;
    cancelRequested = false;
    namedPipe = null;
    otherEnd = null;
    if (opcode == Opcode.OPEN) {
      name = op.path();
      flags = op.detail();
      permissions = op.permissions();
    }
  }

  /** Cancels the operation; returns its result, or PENDING if it waits for the work. */
  int cancel(SelectorBackend backend) {
    Request mine = request;
    if (mine == null || backend.workers.remove(this)) {
      return Entry.CANCELED;
    }
    cancelRequested = true; // before the read of mayBlock, which the thread sets first
    if (!mayBlock) {
      return Entry.PENDING;
    }
    Path pipe = namedPipe;
    if (pipe == null) {
      return abandon(mine);
    }
    OtherEnd end = new OtherEnd(pipe);
    otherEnd = end;
    backend.workers.submit(end);
    return Entry.PENDING;
  }

  private int abandon(Request mine) {
    request = null;
    mine.job = null;
    return Entry.CANCELED;
  }

  // ---- on a worker's thread

  @Override
  int call() throws IOException {
    return switch (opcode) {
      case OPEN -> open();
      case READ -> read();
      case WRITE -> write();
      case STAT -> {
        FileEntry mine = entry();
        FileStatus.of(mine, mine.reader(), attributes);
        yield 0;
      }
      case LIST -> entry().list(Objects.requireNonNull(batch));
      case TRUNCATE -> entry().truncate(Objects.requireNonNull(names).sizeBytes());
      case SYNC, SYNC_DATA, WRITE_BACK -> {
        entry().writer().force(opcode == Opcode.SYNC);
        yield 0;
      }
      case SET_PERMISSIONS -> {
        PathRequest request = Objects.requireNonNull(names);
        yield request.has(PathRequest.OPEN_FILE)
            ? entry().setPermissions(request.permissions())
            : PathWork.perform(opcode, request, attributes);
      }
      default -> PathWork.perform(opcode, Objects.requireNonNull(names), attributes);
    };
  }

  private FileEntry entry() {
    return Objects.requireNonNull(file);
  }

  private int open() throws IOException {
    FileOpener opener = new FileOpener(name, flags, permissions);
    int refusal = opener.check();
    if (refusal < 0) {
      return refusal;
    }
    namedPipe = opener.namedPipe();
    mayBlock = opener.mayBlock();
    if (cancelRequested && mayBlock) {
      return Entry.CANCELED;
    }
    opened = opener.open();
    return 0;
  }

  private int read() throws IOException {
    FileChannel channel = entry().reader();
    ByteBuffer buffer = Objects.requireNonNull(staging).buffer.clear().limit(length);
    int count = position < 0 ? channel.read(buffer) : channel.read(buffer, position);
    return Math.max(count, 0);
  }

  private int write() throws IOException {
    FileChannel channel = entry().writer();
    ByteBuffer buffer = Objects.requireNonNull(staging).buffer.clear().limit(length);
    return position < 0 ? channel.write(buffer) : channel.write(buffer, position);
  }

  // ---- on the reactor's thread

  @Override
  void completed(SelectorBackend backend) {
    Request mine = request;
    FileEntry made = opened;
    opened = null;
    file = null;
    staging = null;
    names = null;
    batch = null;
    if (mine == null) { // abandoned
      backend.descriptors.discard(made);
      return;
    }
    OtherEnd end = otherEnd;
    if (end != null) { // cancelled
      backend.descriptors.discard(made);
      end.over(backend);
      return;
    }
    request = null;
    int outcome = result;
    if (outcome >= 0) {
      outcome = deliver(backend, mine, outcome, made);
    }
    backend.finish(mine, outcome);
  }

  private int deliver(SelectorBackend backend, Request mine, int count, @Nullable FileEntry made) {
    switch (opcode) {
      case OPEN -> {
        return add(backend, Objects.requireNonNull(made));
      }
      case READ -> {
        return backend.memory.deliverStaged(mine, count);
      }
      case STAT -> {
        copy(attributes, mine.op.attributes());
        return count;
      }
      case STAT_PATH -> {
        copy(attributes, mine.op.names().attributes());
        return count;
      }
      default -> {
        return count;
      }
    }
  }

  private static int add(SelectorBackend backend, FileEntry made) {
    try {
      return backend.descriptors.add(made);
    } catch (OutOfMemoryError e) {
      backend.descriptors.discard(made);
      return -Errno.ENOMEM.code();
    }
  }

  private static void copy(FileAttributes from, FileAttributes to) {
    to.type = from.type;
    to.permissions = from.permissions;
    to.sizeBytes = from.sizeBytes;
    to.allocatedBytes = from.allocatedBytes;
    to.links = from.links;
    to.inode = from.inode;
    to.device = from.device;
    to.owner = from.owner;
    to.group = from.group;
    to.directMemoryAlignment = from.directMemoryAlignment;
    to.directPositionAlignment = from.directPositionAlignment;
    to.modified = from.modified;
    to.accessed = from.accessed;
    to.changed = from.changed;
  }
}
