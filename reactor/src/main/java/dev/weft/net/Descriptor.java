// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Segments;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.io.VectoredTransfers;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.ByteStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Descriptor that another process has passed: of a file, a pipe, a socket or anything else that is
 * open there. It is read and written as a stream of bytes, at the position that the processes
 * share, and can be passed on.
 */
public final class Descriptor implements ByteStream {
  static {
    Endpoint.IN.register(Descriptor.class, descriptor -> descriptor.endpoint);
  }

  private final Endpoint endpoint;

  private Descriptor(EventLoop loop, String name) {
    endpoint = new Endpoint(loop, Endpoint.Kind.STREAM, name, name);
  }

  /** Takes over a descriptor. */
  Descriptor(EventLoop loop, int number) {
    this(loop, name(number));
    open(number);
  }

  /** Prepares to {@link #open} a descriptor of that number. */
  static Descriptor unopened(EventLoop loop, int number) {
    return new Descriptor(loop, name(number));
  }

  private static String name(int number) {
    return "received descriptor " + number;
  }

  /** Takes over the descriptor. Allocates nothing. */
  void open(int number) {
    endpoint.open(number);
  }

  /**
   * {@return the number of the descriptor in this process; -1 if it is closed or direct (see {@link
   * dev.weft.io.DirectDescriptors})}
   */
  public int number() {
    Handle handle = endpoint.handle();
    return handle.isDirect() ? Handle.NONE : handle.number();
  }

  /**
   * Releases the descriptor without closing it, such as for {@link TcpListener#adopt}.
   *
   * @return its number, which belongs to the caller from now on
   * @throws java.nio.channels.ClosedChannelException if it is closed
   * @throws IllegalStateException if another fiber reads or writes it
   */
  public int release() throws IOException {
    endpoint.enter("release");
    Handle handle = endpoint.handle();
    if (!handle.isUnused()) {
      throw new IllegalStateException("release " + this + ": it is in use");
    }
    endpoint.loop.backend().beginClose(handle, null);
    return endpoint.loop.backend().endClose(handle);
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    return endpoint.read(target, deadline.nanoTime());
  }

  /**
   * Fills several segments as one: up to 64 of them by one operation of the system (readv(2)), if
   * the list skips no place. Waits until {@code deadline} at most. Suspends.
   */
  @Override
  public void readFully(SegmentList target, Deadline deadline) throws IOException {
    if (target.hasSkips()) {
      ByteStream.super.readFully(target, deadline);
    } else {
      VectoredTransfers.readFully(endpoint, Segments.toFill(target), deadline.nanoTime());
    }
  }

  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    endpoint.write(source, deadline.nanoTime());
  }

  /**
   * Writes several segments as one, without a copy: up to 64 of them by one operation of the system
   * (writev(2)). Waits until {@code deadline} at most. Suspends.
   */
  @Override
  public void write(SegmentList source, Deadline deadline) throws IOException {
    VectoredTransfers.write(
        endpoint, Segments.toWrite(source), Op.CURRENT_POSITION, deadline.nanoTime());
  }

  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    return endpoint.writeSome(source, deadline.nanoTime());
  }

  /** {@return whether {@link #close} has not been called} */
  public boolean isOpen() {
    return endpoint.isOpen();
  }

  /**
   * Closes the descriptor; what it refers to stays open as long as another process holds it.
   * Another fiber that is reading or writing gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the descriptor is closed even so
   */
  @Override
  public void close() throws IOException {
    endpoint.closeChecked();
  }

  /** Closes it without suspending. */
  void discard() {
    SocketCalls.discard(endpoint.loop, endpoint.handle());
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}
