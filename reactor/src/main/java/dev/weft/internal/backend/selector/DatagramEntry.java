// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import org.jspecify.annotations.Nullable;

/** A UDP socket. A datagram passes through the backend's buffer, which is larger than any. */
final class DatagramEntry extends ChannelEntry {
  private static final int ESPIPE = -Errno.ESPIPE.code();
  private static final int EDESTADDRREQ = -Errno.EDESTADDRREQ.code();
  private static final int EMSGSIZE = -Errno.EMSGSIZE.code();

  private final ProtocolFamily family;
  private final DatagramChannel socket;

  /** What the next receive gets, which the JDK has no more; null if there is none. */
  private @Nullable PeekedDatagram peeked;

  /** A datagram that has been peeked at. */
  private static final class PeekedDatagram {
    private final byte[] bytes;
    private final SocketAddress sender;

    PeekedDatagram(byte[] bytes, SocketAddress sender) {
      this.bytes = bytes;
      this.sender = sender;
    }

    static PeekedDatagram of(ByteBuffer buffer, SocketAddress sender) {
      byte[] bytes = new byte[buffer.position()];
      buffer.get(0, bytes);
      return new PeekedDatagram(bytes, sender);
    }

    /** Puts the bytes into a buffer; returns the sender. */
    SocketAddress copyTo(ByteBuffer buffer) {
      buffer.put(bytes);
      return sender;
    }
  }

  /** Null until it joins a group. */
  private @Nullable Memberships memberships;

  private DatagramEntry(ProtocolFamily family, DatagramChannel socket) {
    this.family = family;
    this.socket = socket;
  }

  /** Opens a socket without an address. */
  static DatagramEntry open(StandardProtocolFamily family) throws IOException {
    DatagramChannel socket = DatagramChannel.open(family);
    socket.configureBlocking(false);
    return new DatagramEntry(family, socket);
  }

  @Override
  FileType type() {
    return FileType.SOCKET;
  }

  @Override
  int openFlags() {
    return OpenFlags.READ | OpenFlags.WRITE;
  }

  @Override
  SelectableChannel channel() {
    return socket;
  }

  // ---- operations

  @Override
  int attempt(SelectorBackend backend, Request request) {
    Op op = request.op;
    try {
      return switch (op.opcode()) {
        case READ -> op.position() >= 0 ? ESPIPE : receive(backend, request, null);
        case RECEIVE -> receive(backend, request, null);
        case RECEIVE_MESSAGE -> receive(backend, request, op.message());
        case WRITE, SEND -> transmit(backend, request, null);
        case SEND_MESSAGE -> transmit(backend, request, op.message().address());
        case CONNECT -> connect(SocketCalls.internet(op.address()));
        case POLL -> poll(op);
        case STAT -> FileStatus.ofChannel(type(), op.attributes());
        case SYNC, SYNC_DATA -> EINVAL;
        default -> UNSUPPORTED;
      };
    } catch (IOException | RuntimeException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  private int poll(Op op) {
    boolean isReadable = peeked != null && (op.detail() & PollEvents.READABLE) != 0;
    return isReadable ? PollEvents.READABLE : attemptPoll(op);
  }

  private int receive(SelectorBackend backend, Request request, @Nullable Message message)
      throws IOException {
    ByteBuffer buffer = backend.memory.buffer.clear();
    SocketAddress sender = peeked == null ? socket.receive(buffer) : peeked.copyTo(buffer);
    if (sender == null) {
      foundEmpty();
      return NOT_READY;
    }
    int bytes = buffer.position();
    if (!request.op.peeks()) {
      peeked = null;
    } else if (peeked == null) {
      peeked = PeekedDatagram.of(buffer, sender);
    }
    mayHaveBytes();
    int count = Math.min(bytes, request.op.length());
    backend.memory.deliverRead(request, count);
    if (message != null) {
      message.received(sender, count < bytes);
    }
    return count;
  }

  private int transmit(
      SelectorBackend backend, Request request, @Nullable SocketAddress destination)
      throws IOException {
    int length = request.op.length();
    ByteBuffer buffer = backend.memory.buffer;
    if (length > buffer.capacity()) {
      return EMSGSIZE;
    }
    if (destination == null && !socket.isConnected()) {
      return EDESTADDRREQ;
    }
    if (destination == null && length == 0) {
      return UNSUPPORTED; // a connected channel of the JDK sends nothing then
    }
    if (destination != null && SocketCalls.internet(destination).getPort() == 0) {
      return EINVAL; // the JDK's exception has no error number
    }
    backend.memory.fill(request);
    int count = destination == null ? socket.write(buffer) : socket.send(buffer, destination);
    return count == length ? length : NOT_READY;
  }

  /** Sets the peer, also instead of another one. */
  private int connect(InetSocketAddress address) throws IOException {
    if (socket.isConnected()) {
      socket.disconnect();
    }
    socket.connect(address);
    return 0;
  }

  @Override
  void close() throws IOException {
    socket.close();
  }

  // ---- calls

  @Override
  int perform(SelectorBackend backend, Call call) {
    try {
      return switch (call.kind()) {
        case BIND -> {
          backend.descriptors.finishCloses();
          socket.bind(SocketCalls.internet(call.wanted()));
          yield 0;
        }
        case LISTEN -> UNSUPPORTED;
        case LOCAL_ADDRESS -> {
          SocketAddress found = socket.getLocalAddress();
          call.answer(found == null ? SocketCalls.unbound(family) : found);
          yield 0;
        }
        case REMOTE_ADDRESS -> {
          SocketAddress found = socket.getRemoteAddress();
          if (found == null) {
            yield -Errno.ENOTCONN.code();
          }
          call.answer(found);
          yield 0;
        }
        case JOIN_GROUP -> {
          Memberships mine = memberships == null ? new Memberships() : memberships;
          memberships = mine;
          yield mine.join(socket, family, call.membership());
        }
        case LEAVE_GROUP ->
            memberships == null
                ? -Errno.EADDRNOTAVAIL.code()
                : memberships.leave(call.membership());
        case SET_OPTION -> OptionCalls.set(socket, call.option(), call.detail());
        case GET_OPTION -> OptionCalls.get(socket, call);
        case SHUTDOWN -> UNSUPPORTED;
        default -> super.perform(backend, call);
      };
    } catch (IOException | RuntimeException e) {
      return -ErrnoOfFailure.code(e);
    }
  }
}
