// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.TryTransfers;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.DuplexStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Connection that carries a stream of bytes. One fiber may read while another writes. */
public abstract sealed class StreamSocket extends NetworkSocket implements DuplexStream
    permits TcpSocket, UnixSocket {
  final Endpoint endpoint;

  /**
   * Makes a socket without a descriptor.
   *
   * @param name the name for messages; null for the socket itself
   * @param description the name for messages when this socket is garbage
   */
  StreamSocket(EventLoop loop, @Nullable Object name, Object description) {
    Object named = name == null ? this : name;
    endpoint = new Endpoint(loop, Endpoint.Kind.SOCKET, named, description);
  }

  @Override
  final Endpoint endpoint() {
    return endpoint;
  }

  @Override
  public final int read(MemorySegment target, Deadline deadline) throws IOException {
    return endpoint.read(target, deadline.nanoTime());
  }

  @Override
  public final void write(MemorySegment source, Deadline deadline) throws IOException {
    endpoint.write(source, deadline.nanoTime());
  }

  /**
   * Writes several segments as one, without a copy: up to 64 of them by one operation of the system
   * (sendmsg(2)). Waits until {@code deadline} at most. Suspends.
   */
  @Override
  public final void write(SegmentList source, Deadline deadline) throws IOException {
    writeGathered(endpoint, source, false, deadline);
  }

  @Override
  public final int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    return endpoint.writeSome(source, deadline.nanoTime());
  }

  /**
   * Reads the bytes that have arrived. Does not suspend.
   *
   * @param target native memory to fill from its start
   * @return bytes read; 0 if none have arrived, or {@code target} is empty; -1 at the end of the
   *     stream
   * @throws IOException if the connection is broken or closed
   */
  public final int tryRead(MemorySegment target) throws IOException {
    return TryTransfers.read(endpoint, target);
  }

  /**
   * Writes as much as the system accepts at once. Does not suspend.
   *
   * @param source native memory
   * @return bytes written; 0 if the system accepts none now, or {@code source} is empty
   * @throws IOException if the connection is broken or closed
   */
  public final int tryWrite(MemorySegment source) throws IOException {
    return TryTransfers.write(endpoint, source);
  }

  /**
   * Closes the sending direction (of TCP, FIN): the peer reads the end of the stream, and can still
   * send. Waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException ENOTCONN if the connection is gone
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  @Override
  public final void shutdownOutput(Deadline deadline) throws IOException {
    endpoint.shutdown(Direction.OUTPUT, deadline.nanoTime());
  }
}
