// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.sched.EventLoop;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * An open handle of one reactor: what sockets, files, pipes and standard streams have in common. At
 * most one fiber reads and one writes at a time.
 */
public final class Endpoint {
  /** How bytes get in and out. */
  public enum Kind {
    SOCKET,
    /** Read and written at the descriptor's own position: files, pipes, terminals. */
    STREAM
  }

  /** The kernel moves at most this much in one call (read(2)). */
  private static final int TRANSFER_MAX = 0x7ffff000;

  public final EventLoop loop;
  private final int handle;
  private final Kind kind;
  private final boolean owned;
  private final Object name;
  private boolean closed;
  private @Nullable Op reading;
  private @Nullable Op writing;

  /**
   * Wraps a handle.
   *
   * @param owned whether {@link #close} closes the handle too
   * @param name for messages; its text is asked for only when one is made
   */
  public Endpoint(EventLoop loop, int handle, Kind kind, boolean owned, Object name) {
    this.loop = loop;
    this.handle = handle;
    this.kind = kind;
    this.owned = owned;
    this.name = name;
  }

  public int handle() {
    return handle;
  }

  public Object name() {
    return name;
  }

  public boolean isOpen() {
    return !closed;
  }

  // ---- bytes

  /** Reads some bytes; -1 at the end of the stream, 0 only into an empty segment. Suspends. */
  public int read(MemorySegment target, long due) throws IOException {
    int length = writableLength(target);
    Strand strand = enter("read");
    if (length == 0) {
      return nothing(strand, "read", due);
    }
    if (reading != null) {
      throw new IllegalStateException("read " + name + ": another fiber is reading from it");
    }
    reading = strand.op();
    try {
      int count = transferIn(strand, target.address(), length, Op.CURRENT_POSITION, due);
      return count == 0 ? -1 : count;
    } finally {
      reading = null;
    }
  }

  /** Reads some bytes at a position of a file; -1 at its end. Suspends. */
  public int readAt(MemorySegment target, long position, long due) throws IOException {
    int length = writableLength(target);
    Strand strand = enter("read");
    if (length == 0) {
      return nothing(strand, "read", due);
    }
    int count = transferIn(strand, target.address(), length, position, due);
    return count == 0 ? -1 : count;
  }

  /** Writes some bytes, at least one unless the segment is empty. Suspends. */
  public int writeSome(MemorySegment source, long due) throws IOException {
    int length = checkedLength(source);
    Strand strand = enter("write");
    if (length == 0) {
      return nothing(strand, "write", due);
    }
    return writeSome(strand, source.address(), length, due);
  }

  /** Moves no bytes, in a fiber that may be over all the same. */
  private int nothing(Strand strand, String verb, long due) {
    strand.refuseIfOver(verb, name, due, Wait.OUTSIDE);
    return 0;
  }

  /** Writes all the bytes. Suspends. */
  public void write(MemorySegment source, long due) throws IOException {
    checkedLength(source);
    Strand strand = enter("write");
    long address = source.address();
    long end = address + source.byteSize();
    if (address == end) {
      nothing(strand, "write", due);
    }
    while (address < end) {
      int length = (int) Math.min(end - address, TRANSFER_MAX);
      address += writeSome(strand, address, length, due);
    }
  }

  private int writeSome(Strand strand, long address, int length, long due) throws IOException {
    if (writing != null) {
      throw new IllegalStateException("write " + name + ": another fiber is writing to it");
    }
    writing = strand.op();
    try {
      return transferOut(strand, address, length, Op.CURRENT_POSITION, due);
    } finally {
      writing = null;
    }
  }

  /** Writes some bytes at a position of a file. Suspends. */
  public int writeAt(MemorySegment source, long position, long due) throws IOException {
    int length = checkedLength(source);
    Strand strand = enter("write");
    if (length == 0) {
      return nothing(strand, "write", due);
    }
    return transferOut(strand, source.address(), length, position, due);
  }

  private int transferIn(Strand strand, long address, int length, long position, long due)
      throws IOException {
    while (true) {
      Op op = strand.op();
      if (kind == Kind.SOCKET) {
        op.receive(handle, address, length);
      } else {
        op.read(handle, address, length, position);
      }
      int result = strand.perform("read", name, op, due, Wait.OUTSIDE);
      if (!mustRetry(strand, result, this, weft_h.POLLIN(), due)) {
        return check("read", result);
      }
    }
  }

  private int transferOut(Strand strand, long address, int length, long position, long due)
      throws IOException {
    while (true) {
      Op op = strand.op();
      if (kind == Kind.SOCKET) {
        op.send(handle, address, length);
      } else {
        op.write(handle, address, length, position);
      }
      int result = strand.perform("write", name, op, due, Wait.OUTSIDE);
      if (result == 0) {
        result = -Errno.EIO.code(); // or a caller that writes all of it would never end
      }
      if (!mustRetry(strand, result, this, weft_h.POLLOUT(), due)) {
        return check("write", result);
      }
    }
  }

  /**
   * Whether an operation has to be tried again: it was interrupted, or {@code endpoint} was made
   * non-blocking by whoever shares it with us, and has become ready meanwhile. Suspends.
   */
  private static boolean mustRetry(
      Strand strand, int result, Endpoint endpoint, int events, long due) throws IOException {
    if (result == -Errno.EINTR.code()) {
      return true;
    }
    if (result != -Errno.EAGAIN.code()) {
      return false;
    }
    Op op = strand.op().poll(endpoint.handle, events);
    endpoint.check("poll", strand.performRepeatedly("poll", endpoint.name, op, due, Wait.OUTSIDE));
    return true;
  }

  /**
   * Moves up to {@code length} bytes to another handle inside the kernel; one of the two is a pipe.
   * Suspends.
   *
   * @return how many, 0 at the end of this stream, or -errno
   */
  public int spliceTo(Endpoint sink, int length, long due) throws IOException {
    Strand strand = enter("splice");
    sink.enter("splice");
    if (reading != null || sink.writing != null) {
      throw new IllegalStateException(
          "splice " + name + " to " + sink.name + ": another fiber is using one of them");
    }
    reading = strand.op();
    sink.writing = strand.op();
    try {
      while (true) {
        Op op = strand.op().splice(handle, sink.handle, length);
        int result = strand.perform("splice", name, op, due, Wait.OUTSIDE);
        if (result < 0 && (closed || sink.closed)) {
          throw new AsynchronousCloseException();
        }
        // Either may be the one that is not ready, so wait for both.
        if (!mustRetry(strand, result, this, weft_h.POLLIN(), due)
            || !mustRetry(strand, result, sink, weft_h.POLLOUT(), due)) {
          return result;
        }
      }
    } finally {
      reading = null;
      sink.writing = null;
    }
  }

  // ---- other operations

  /** Lets the current strand in: it is one of this reactor's, and the handle is open. */
  public Strand enter(String verb) throws ClosedChannelException {
    Strand strand = Strand.requireOf(loop, verb, name);
    if (closed) {
      throw new ClosedChannelException();
    }
    return strand;
  }

  /** Passes on what is at least 0; makes an exception of the rest. */
  public int check(String verb, int result) throws IOException {
    if (result >= 0) {
      return result;
    }
    if (closed) {
      throw new AsynchronousCloseException();
    }
    throw new ErrnoException(verb, name.toString(), -result);
  }

  /** Carries out a control operation, which does not suspend. */
  public int control(int opcode, int first, int second, long address, int length) {
    return Controls.perform(loop, opcode, handle, first, second, address, length);
  }

  private static int writableLength(MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("a read-only segment can't be read into: " + segment);
    }
    return checkedLength(segment);
  }

  private static int checkedLength(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "the kernel needs a native segment, not one on the heap: " + segment);
    }
    // Its address is all that the kernel is told, and no access of the JVM's would notice.
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the arena of the segment is closed: " + segment);
    }
    return (int) Math.min(segment.byteSize(), TRANSFER_MAX);
  }

  // ---- closing

  /**
   * Ends the operations that other fibers have in progress on it, which get an {@link
   * AsynchronousCloseException}, and closes the handle. Suspends if called in a fiber, even a
   * cancelled one. Does nothing the second time.
   *
   * @return 0, or -errno of close(2); the handle is gone in any case
   */
  public int close() {
    if (closed) {
      return 0;
    }
    loop.requireThread("close", name);
    closed = true;
    // The kernel's operations keep the file alive: closing the descriptor alone would not end them.
    if (reading != null) {
      loop.backend().cancel(reading);
    }
    if (writing != null) {
      loop.backend().cancel(writing);
    }
    if (!owned) {
      return 0;
    }
    Strand strand = Strand.current();
    if (strand == null) {
      return Controls.perform(loop, Op.DISCARD, handle, 0, 0, 0, 0);
    }
    return strand.performShielded("close", name, strand.op().close(handle));
  }

  /** As {@link #close}, for types whose close reports failures. */
  public void closeChecked() throws IOException {
    int result = close();
    if (result < 0) {
      throw new ErrnoException("close", name.toString(), -result);
    }
  }
}
