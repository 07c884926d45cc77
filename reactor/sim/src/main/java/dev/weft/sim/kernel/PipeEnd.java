// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;

/** One end of a pipe (pipe(7)). Its capacity is counted in bytes; the kernel counts pages. */
final class PipeEnd extends OpenFileDescription {
  private static final int CAPACITY_DEFAULT = 1 << 16;
  private static final int CAPACITY_MAX = 1 << 20;
  private static final int PAGE = 4096;

  /** Writes up to this size are atomic (PIPE_BUF). */
  private static final int ATOMIC_MAX = 4096;

  /** The state that both ends share. */
  private static final class Content {
    final ByteQueue bytes = new ByteQueue();
    int capacity = CAPACITY_DEFAULT;
    PipeEnd reader;
    PipeEnd writer;
    boolean readerGone;
    boolean writerGone;

    Content(Kernel kernel) {
      reader = new PipeEnd(kernel, this, OpenFlags.READ);
      writer = new PipeEnd(kernel, this, OpenFlags.WRITE);
    }
  }

  private final Content content;

  private PipeEnd(Kernel kernel, Content content, int flags) {
    super(kernel, flags);
    this.content = content;
  }

  /** Makes a pipe, and returns its read end. */
  static PipeEnd open(Kernel kernel) {
    return new Content(kernel).reader;
  }

  PipeEnd writer() {
    return content.writer;
  }

  boolean isSamePipe(OpenFileDescription other) {
    return other instanceof PipeEnd end && end.content == content;
  }

  int capacity() {
    return content.capacity;
  }

  int resize(int requested) {
    if (requested > CAPACITY_MAX) {
      return failure(Errno.EPERM);
    }
    int pages = Math.max(1, (requested + PAGE - 1) / PAGE);
    int rounded = PAGE * (Integer.bitCount(pages) == 1 ? pages : Integer.highestOneBit(pages) * 2);
    if (requested < 0 || rounded < content.bytes.size()) {
      return failure(requested < 0 ? Errno.EINVAL : Errno.EBUSY);
    }
    content.capacity = rounded;
    kernel.changed(content.writer);
    return rounded;
  }

  @Override
  FileType type() {
    return FileType.PIPE;
  }

  @Override
  int read(Request request) {
    if (!isReadable()) {
      return failure(Errno.EBADF);
    }
    int available = request.length == 0 ? 0 : available();
    if (available <= 0) {
      return available;
    }
    byte[] bytes = takeBytes(kernel.shortened(Math.min(available, request.length)));
    request.store(bytes);
    return bytes.length;
  }

  @Override
  int write(Request request) {
    if (!isWritable()) {
      return failure(Errno.EBADF);
    }
    if (request.length == 0) {
      return 0;
    }
    int room = room();
    if (room < 0) {
      return room;
    }
    if (request.length <= ATOMIC_MAX && room < request.length) {
      return BLOCKED;
    }
    int count = Math.min(room, request.length);
    if (request.length > ATOMIC_MAX) {
      count = kernel.shortened(count);
    }
    putBytes(request.load(0, count));
    return count;
  }

  @Override
  int available() {
    int size = content.bytes.size();
    return size > 0 ? size : content.writerGone ? 0 : BLOCKED;
  }

  @Override
  int room() {
    if (content.readerGone) {
      return failure(Errno.EPIPE);
    }
    int room = content.capacity - content.bytes.size();
    return room > 0 ? room : BLOCKED;
  }

  /** The next {@code count} bytes, which stay. */
  byte[] peekBytes(int count) {
    return content.bytes.peek(count);
  }

  @Override
  byte[] takeBytes(int count) {
    byte[] taken = content.bytes.take(count);
    kernel.changed(content.writer);
    return taken;
  }

  @Override
  void putBytes(byte[] bytes) {
    content.bytes.add(bytes);
    kernel.changed(content.reader);
  }

  @Override
  int ready() {
    if (isReadable()) {
      int events = content.bytes.size() > 0 ? PollEvents.READABLE : 0;
      return content.writerGone ? events | PollEvents.HANG_UP : events;
    }
    // The kernel counts free pages: a page's worth of room makes it writable.
    int events = content.capacity - content.bytes.size() >= PAGE ? PollEvents.WRITABLE : 0;
    return content.readerGone ? events | PollEvents.ERROR : events;
  }

  @Override
  void released() {
    if (isReadable()) {
      content.readerGone = true;
      kernel.changed(content.writer);
    } else {
      content.writerGone = true;
      kernel.changed(content.reader);
    }
  }

  @Override
  public String toString() {
    return isReadable() ? "the read end of a pipe" : "the write end of a pipe";
  }
}
