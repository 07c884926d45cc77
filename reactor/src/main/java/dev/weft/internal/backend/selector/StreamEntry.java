// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A named pipe, a terminal or another device, whose reads and writes can block a thread
 * indefinitely. One thread reads and one writes at a time. A cancelled operation does not wait for
 * it: what the thread reads later is kept for the next read, and what it writes is written.
 */
final class StreamEntry extends FileEntry {
  /** The result of a read that has not been delivered: there is none. */
  private static final int NOTHING = PENDING;

  private final RequestQueue readers = new RequestQueue();
  private final RequestQueue writers = new RequestQueue();
  private @Nullable Reading reading;
  private @Nullable Writing writing;

  /** The request that {@link #writing} is for; null if it has been cancelled. */
  private @Nullable Request written;

  /** What was read and not delivered: a byte count, 0 at the end, -errno or {@link #NOTHING}. */
  private int arrived = NOTHING;

  /** The bytes that were read, if any, and the index of the first that was not delivered. */
  private @Nullable StagingBuffer bytes;

  private int from;

  StreamEntry(
      Path path,
      int flags,
      FileStatus.Kind kind,
      @Nullable FileChannel reader,
      @Nullable FileChannel writer) {
    super(path, flags, kind, reader, writer);
  }

  /** A standard stream of the process. */
  static StreamEntry standard(int number) {
    Path path = Path.of("/dev/fd/" + number); // Linux and macOS have it
    FileStatus.Kind found = FileStatus.kind(path);
    FileStatus.Kind kind = found == null ? new FileStatus.Kind(FileType.OTHER, null) : found;
    if (number == 0) {
      FileChannel input = new FileInputStream(FileDescriptor.in).getChannel();
      return new StreamEntry(path, OpenFlags.READ, kind, input, null);
    }
    FileDescriptor descriptor = number == 1 ? FileDescriptor.out : FileDescriptor.err;
    FileChannel output = new FileOutputStream(descriptor).getChannel();
    return new StreamEntry(path, OpenFlags.WRITE, kind, null, output);
  }

  // ---- reading

  private final class Reading extends Job {
    private final StagingBuffer target;
    private final int length;

    Reading(StagingBuffer target, int length) {
      this.target = target;
      this.length = Math.min(length, target.size());
    }

    @Override
    int call() throws IOException {
      return Math.max(reader().read(target.buffer.clear().limit(length)), 0);
    }

    @Override
    void completed(SelectorBackend backend) {
      backend.workers.endBlocking();
      reading = null;
      arrived = result;
      from = 0;
      if (result > 0) {
        bytes = target;
      } else {
        backend.memory.staging.give(target);
      }
      serve(backend);
    }
  }

  @Override
  int read(SelectorBackend backend, Request request) {
    if (request.length() == 0) {
      return 0;
    }
    if (request.op.position() >= 0) {
      return super.read(backend, request); // which fails, unless the device has positions
    }
    return await(backend, request);
  }

  private int await(SelectorBackend backend, Request request) {
    if (readers.isEmpty() && arrived != NOTHING) {
      return deliver(backend, request);
    }
    boolean first = readers.isEmpty();
    if (first && reading == null) {
      read(backend, Math.max(1, request.length()));
    }
    readers.add(request);
    request.place = Request.Place.WORKING;
    return PENDING;
  }

  private void read(SelectorBackend backend, int length) {
    Reading job = new Reading(backend.memory.staging.take(length), length);
    submitBlocking(backend, job);
    reading = job;
  }

  private int deliver(SelectorBackend backend, Request request) {
    if (request.op.opcode() == Opcode.POLL) {
      return PollEvents.READABLE;
    }
    int result = arrived;
    StagingBuffer source = bytes;
    if (source == null) {
      arrived = NOTHING;
      return result;
    }
    int count = Math.min(result - from, request.length());
    backend.memory.deliver(request, source.memory, from, count);
    from += count;
    if (from == result) {
      arrived = NOTHING;
      bytes = null;
      backend.memory.staging.give(source);
    }
    return count;
  }

  private void serve(SelectorBackend backend) {
    while (arrived != NOTHING) {
      Request head = readers.poll();
      if (head == null) {
        return;
      }
      backend.finish(head, deliver(backend, head));
    }
    Request head = readers.first;
    if (head != null && reading == null) {
      read(backend, Math.max(1, head.length()));
    }
  }

  @Override
  int poll(SelectorBackend backend, Request request) {
    int events = request.op.detail();
    if ((events & PollEvents.WRITABLE) != 0) {
      return PollEvents.WRITABLE; // a write waits in a thread
    }
    if ((events & PollEvents.READABLE) == 0) {
      return UNSUPPORTED;
    }
    return isReadable() ? await(backend, request) : EBADF;
  }

  // ---- writing

  private final class Writing extends Job {
    private final StagingBuffer source;
    private final int length;

    Writing(StagingBuffer source, int length) {
      this.source = source;
      this.length = length;
    }

    @Override
    int call() throws IOException {
      return writer().write(source.buffer.clear().limit(length));
    }

    @Override
    void completed(SelectorBackend backend) {
      Request finished = written;
      endWriting(backend, this);
      if (finished != null) {
        backend.finish(finished, result);
      }
    }
  }

  @Override
  int write(SelectorBackend backend, Request request) {
    if (request.length() == 0) {
      return 0;
    }
    if (request.op.position() >= 0) {
      return super.write(backend, request);
    }
    backend.memory.stage(request);
    if (writing == null) {
      beginWriting(backend, request);
    } else {
      writers.add(request);
      request.place = Request.Place.WORKING;
    }
    return PENDING;
  }

  private void beginWriting(SelectorBackend backend, Request request) {
    StagingBuffer source = Objects.requireNonNull(request.staging);
    Writing job = new Writing(source, request.length());
    submitBlocking(backend, job);
    request.staging = null; // the job's now
    request.place = Request.Place.WORKING;
    writing = job;
    written = request;
  }

  private void endWriting(SelectorBackend backend, Writing job) {
    backend.workers.endBlocking();
    backend.memory.staging.give(job.source);
    writing = null;
    written = null;
    Request head = writers.poll();
    if (head != null) {
      beginWriting(backend, head);
    }
  }

  private static void submitBlocking(SelectorBackend backend, Job job) {
    backend.workers.beginBlocking();
    boolean submitted = false;
    try {
      backend.workers.submit(job);
      submitted = true;
    } finally {
      if (!submitted) {
        backend.workers.endBlocking();
      }
    }
  }

  // ---- cancelling

  @Override
  int cancel(SelectorBackend backend, Request request) {
    if (written == request) {
      written = null;
      Writing job = writing;
      if (job != null && backend.workers.remove(job)) {
        endWriting(backend, job);
      }
      return CANCELED;
    }
    if (readers.remove(request) || writers.remove(request)) {
      return CANCELED;
    }
    return super.cancel(backend, request);
  }
}
