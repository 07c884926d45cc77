// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Message;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.MessageTransfers;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.MessageStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Socket that keeps the boundaries of messages. Any number of fibers may receive and send at once;
 * several that receive take a batch of messages in one turn of the reactor.
 *
 * <p>A failure concerns one call: the socket can be used as before.
 *
 * @param <M> the messages that it sends and receives
 */
public abstract sealed class MessageSocket<M extends SocketMessage> extends NetworkSocket
    implements MessageStream permits UdpSocket, UnixMessageSocket {
  final Endpoint endpoint;

  /** Messages that no call uses at the moment. */
  private final List<Message> spare = new ArrayList<>();

  /**
   * Makes a socket without a descriptor.
   *
   * @param name the name for messages, also when this socket is garbage
   */
  MessageSocket(EventLoop loop, Object name) {
    endpoint = new Endpoint(loop, Endpoint.Kind.SOCKET, name, name);
  }

  @Override
  final Endpoint endpoint() {
    return endpoint;
  }

  /** Whether it has a peer, so that an empty message is the end. */
  abstract boolean isConnection();

  /**
   * Receives a message. Suspends until there is one.
   *
   * @param target gets the bytes, their number, the sender, and whether bytes were cut off; owned
   *     by the kernel until the call ends
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException ECONNREFUSED if a UDP socket is connected and an earlier datagram found
   *     no receiver, ECONNRESET if a connection has failed; ENOBUFS or ENOMEM
   */
  public final int receive(M target) throws IOException {
    return receive(target, Deadline.NEVER);
  }

  /**
   * Receives a message, as {@link #receive(SocketMessage)} does; waits until {@code deadline} at
   * most. Suspends.
   *
   * @param target gets the bytes, their number, the sender, and whether bytes were cut off; owned
   *     by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException as {@link #receive(SocketMessage)}
   * @throws dev.weft.error.DeadlineExceededException if no message arrived
   */
  public final int receive(M target, Deadline deadline) throws IOException {
    int length = target.receive(endpoint, !isConnection(), deadline);
    return isEnd(length, target.isTruncated()) ? -1 : length;
  }

  private boolean isEnd(int length, boolean isTruncated) {
    return length == 0 && isConnection() && !isTruncated;
  }

  /**
   * Receives a message, as {@link #receive(SocketMessage)} does, and leaves it and its descriptors
   * to the next receive (MSG_PEEK). Suspends until there is one.
   *
   * @param target gets the bytes, their number, the sender, and whether bytes were cut off; owned
   *     by the kernel until the call ends
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException as {@link #receive(SocketMessage)}
   */
  public final int peek(M target) throws IOException {
    return peek(target, Deadline.NEVER);
  }

  /**
   * Receives a message and leaves it to the next receive, as {@link #peek(SocketMessage)} does;
   * waits until {@code deadline} at most. Suspends.
   *
   * @param target gets the bytes, their number, the sender, and whether bytes were cut off; owned
   *     by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException as {@link #receive(SocketMessage)}
   * @throws dev.weft.error.DeadlineExceededException if no message arrived
   */
  public final int peek(M target, Deadline deadline) throws IOException {
    int length = target.peek(endpoint, !isConnection(), deadline);
    return isEnd(length, target.isTruncated()) ? -1 : length;
  }

  /**
   * Receives a message whose sender does not matter, such as the peer of a connected socket; waits
   * until {@code deadline} at most. Suspends.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException EMSGSIZE if the message is longer than {@code target}, whose bytes are
   *     its first ones then; otherwise as {@link #receive(SocketMessage)}
   * @throws dev.weft.error.DeadlineExceededException if no message arrived
   */
  @Override
  public final int receive(MemorySegment target, Deadline deadline) throws IOException {
    Message message = take();
    try {
      int length = MessageTransfers.receive(endpoint, target, message, deadline.nanoTime());
      if (message.isTruncated()) {
        throw new ErrnoException("receive", toString(), Errno.EMSGSIZE.code());
      }
      return isEnd(length, false) ? -1 : length;
    } finally {
      spare.add(message);
    }
  }

  /**
   * Receives a message if one has arrived. Does not suspend.
   *
   * @param target gets the bytes, their number, the sender, and whether bytes were cut off; if none
   *     has arrived, its length is 0
   * @return whether there was one; also at the end of a connection, with a length of 0
   * @throws ErrnoException as {@link #receive(SocketMessage)}
   */
  public final boolean tryReceive(M target) throws IOException {
    return target.tryReceive(endpoint, !isConnection()) >= 0;
  }

  /**
   * Sends a message to its address, or to the peer of the socket. Suspends until the system has
   * accepted it.
   *
   * @param message its bytes are owned by the kernel until the call ends
   * @throws ErrnoException EMSGSIZE if it is too long, EDESTADDRREQ or ENOTCONN if it has no
   *     address and the socket no peer, EINVAL if the port is 0, ENETUNREACH, ECONNREFUSED, EPIPE
   *     if the connection has ended, and so on (udp(7), unix(7))
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   */
  public final void send(M message) throws IOException {
    send(message, Deadline.NEVER);
  }

  /**
   * Sends a message, as {@link #send(SocketMessage)} does; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param message its bytes are owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws ErrnoException as {@link #send(SocketMessage)}
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public final void send(M message, Deadline deadline) throws IOException {
    requireContent(message.length());
    message.send(endpoint, deadline);
  }

  /**
   * Sends a message to the peer of the socket; waits until {@code deadline} at most. Suspends until
   * the system has accepted it.
   *
   * @param message native memory, owned by the kernel until the call ends; empty only if it is a
   *     datagram
   * @param deadline when to stop waiting
   * @throws ErrnoException as {@link #send(SocketMessage)}, and ECONNREFUSED if an earlier datagram
   *     found no receiver; EOPNOTSUPP if it is empty and the reactor is without io_uring
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  @Override
  public final void send(MemorySegment message, Deadline deadline) throws IOException {
    requireContent(message.byteSize());
    transmit(message, null, deadline);
  }

  /**
   * Sends a message to its address, or to the peer of the socket, if the system accepts it at once.
   * Does not suspend.
   *
   * @param message what to send
   * @return whether it was accepted
   * @throws ErrnoException as {@link #send(SocketMessage)}
   */
  public final boolean trySend(M message) throws IOException {
    requireContent(message.length());
    return message.trySend(endpoint) >= 0;
  }

  private void requireContent(long length) {
    if (length == 0 && isConnection()) {
      throw new IllegalArgumentException(
          "send " + this + ": an empty message is the end of the connection");
    }
  }

  /** Sends a message; to the peer if {@code address} is null. Suspends. */
  final void transmit(MemorySegment bytes, @Nullable SocketAddress address, Deadline deadline)
      throws IOException {
    Message message = take().to(address);
    try {
      MessageTransfers.send(endpoint, bytes, bytes.byteSize(), message, deadline.nanoTime());
    } finally {
      spare.add(message);
    }
  }

  private Message take() {
    return spare.isEmpty() ? new Message() : spare.removeLast();
  }

  /**
   * Closes the socket. Other fibers that are receiving or sending get an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   */
  @Override
  public final void close() {
    endpoint.close();
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}
