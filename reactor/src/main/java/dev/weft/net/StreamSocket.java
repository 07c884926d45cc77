// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Peeks;
import dev.weft.internal.io.Receiver;
import dev.weft.internal.io.TryTransfers;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.io.DuplexStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Connection that carries a stream of bytes. One fiber may read while another writes. */
public abstract sealed class StreamSocket extends NetworkSocket implements DuplexStream
    permits TcpSocket, UnixSocket {
  final Endpoint endpoint;

  /** The head of the list of the leases. */
  @Nullable ReceiveBuffer leased;

  /** The head of the list of the objects that can be used again. */
  @Nullable ReceiveBuffer unused;

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
   * Receives the bytes that are available, at least one, into a buffer that is leased from the
   * reactor. Suspends until there is one.
   *
   * @return the bytes, to be closed when they are not needed any more; null at the end of the
   *     stream
   * @throws IOException if the connection is broken or closed
   */
  public final @Nullable ReceiveBuffer receive() throws IOException {
    return receive(Deadline.NEVER);
  }

  /**
   * Receives the bytes that are available, at least one, into a buffer that is leased from the
   * reactor; waits until {@code deadline} at most. Suspends. A connection that waits has no buffer.
   *
   * <p>On io_uring bytes are received in advance, up to eight buffers of 4 KiB; calls that read in
   * other ways get them first. Descriptors that come with bytes of a Unix socket are dropped. If
   * much arrives at a time, and on a selector, a buffer has 64 KiB. When all buffers of the reactor
   * are leased ({@link dev.weft.ReactorOptions#receivePoolBytes}), this waits for one.
   *
   * @param deadline when to stop waiting
   * @return the bytes, to be closed when they are not needed any more; null at the end of the
   *     stream
   * @throws IOException if the connection is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if no byte arrived; nothing is lost
   */
  public final @Nullable ReceiveBuffer receive(Deadline deadline) throws IOException {
    Strand strand = endpoint.enter("receive");
    Receiver receiver = endpoint.receiver();
    ReceiveBuffer buffer = ReceiveBuffer.take(this, receiver.pool());
    int received = Receiver.END;
    try {
      received = receiver.receive(endpoint, strand, deadline.nanoTime());
    } finally {
      if (received == Receiver.END) {
        buffer.putBack();
      }
    }
    if (received == Receiver.END) {
      return null;
    }
    buffer.begin(received, receiver.takeFrom());
    return buffer;
  }

  /**
   * Reads the bytes that are available, at least one, and leaves them to the next read (MSG_PEEK).
   * Suspends until there is one.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @return bytes in {@code target}, or -1 at the end of the stream; 0 only if it is empty
   * @throws IOException if the connection is broken or closed
   */
  public final int peek(MemorySegment target) throws IOException {
    return peek(target, Deadline.NEVER);
  }

  /**
   * Reads the bytes that are available, at least one, and leaves them to the next read (MSG_PEEK);
   * waits until {@code deadline} at most. Suspends. On a selector it sees 64 KiB at most.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return bytes in {@code target}, or -1 at the end of the stream; 0 only if it is empty
   * @throws IOException if the connection is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if no byte arrived
   */
  public final int peek(MemorySegment target, Deadline deadline) throws IOException {
    return Peeks.peek(endpoint, target, deadline.nanoTime());
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

  /**
   * Closes the connection. Bytes that the system has accepted are still sent. Another fiber that is
   * reading or writing gets an {@link java.nio.channels.AsynchronousCloseException}. Suspends, even
   * in a cancelled fiber. Does nothing the second time. Buffers that it has received stay valid
   * until they are closed.
   */
  @Override
  public final void close() {
    try {
      ReceiveBuffer.outlive(this);
    } finally {
      endpoint.close(); // a socket's close(2) has nothing to report that a user could act on
    }
  }
}
