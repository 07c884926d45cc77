// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Credentials;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/** Executes calls that complete immediately. */
public final class SyncCalls {
  /** The simulated process, which is at both ends of its sockets. */
  private static final Credentials PROCESS = new Credentials(1, 1000, 1000);

  private final Kernel kernel;

  public SyncCalls(Kernel kernel) {
    this.kernel = kernel;
  }

  /** Returns at least 0, or -errno. */
  public int perform(Call call) {
    return switch (call.kind()) {
      case SOCKET -> socket(call.family(), call.socketType());
      case ADOPT, ADOPT_CHANNEL, SIGNAL_CHILD, REAP_CHILD -> -Errno.EOPNOTSUPP.code();
      case PIPE -> pipe(call);
      case SOCKET_PAIR -> socketPair(call);
      default -> onDescriptor(call, kernel.description(call.handle()));
    };
  }

  private int onDescriptor(Call call, @Nullable OpenFileDescription file) {
    if (file == null) {
      return -Errno.EBADF.code();
    }
    return switch (call.kind()) {
      case OPEN_FLAGS -> file.flags;
      case FILE_TYPE -> {
        call.answer(file.type());
        yield 0;
      }
      case SEEK -> file instanceof OpenFile ? 0 : -Errno.ESPIPE.code();
      case DUPLICATE -> {
        int refusal = kernel.refuseDescriptor();
        yield refusal < 0 ? refusal : kernel.open(file, "duplicate");
      }
      case PIPE_CAPACITY -> file instanceof PipeEnd end ? end.capacity() : -Errno.EBADF.code();
      case SET_PIPE_CAPACITY ->
          file instanceof PipeEnd end ? end.resize(call.detail()) : -Errno.EBADF.code();
      default ->
          switch (file) {
            case InternetSocket socket -> onSocket(call, socket);
            case UnixSocket socket -> onUnix(call, socket);
            default -> -Errno.ENOTSOCK.code();
          };
    };
  }

  private int onSocket(Call call, InternetSocket socket) {
    return switch (call.kind()) {
      case BIND -> bind(socket, call);
      case LISTEN -> socket.listen(call.detail());
      case SHUTDOWN -> socket.shutdown(call.direction());
      case JOIN_GROUP ->
          socket instanceof DatagramSocket member
              ? member.join(call.membership())
              : -Errno.EOPNOTSUPP.code();
      case LEAVE_GROUP ->
          socket instanceof DatagramSocket member
              ? member.leave(call.membership())
              : -Errno.EOPNOTSUPP.code();
      case LOCAL_ADDRESS -> {
        InetSocketAddress local = socket.local;
        call.answer(local == null ? kernel.anyAddress(socket.isIpv6()) : local);
        yield 0;
      }
      case REMOTE_ADDRESS -> {
        InetSocketAddress remote = socket.remote;
        if (remote == null || !socket.isConnected()) {
          yield -Errno.ENOTCONN.code();
        }
        call.answer(remote);
        yield 0;
      }
      case SET_OPTION -> socket.options.set(call.option(), call.detail(), socket.local != null);
      case GET_OPTION ->
          switch (call.option()) {
            case ERROR -> call.answer(socket.takeError());
            case TYPE -> call.answer(type(socket).number());
            default -> socket.options.get(call);
          };
      case UNREAD_BYTES -> socket.unreadBytes();
      case UNSENT_BYTES -> socket.unsentBytes();
      case CONNECTION_INFO -> socket.describe(call.info());
      case PEER_CREDENTIALS -> -Errno.ENOTCONN.code();
      default -> throw new IllegalArgumentException("not a call on a socket: " + call);
    };
  }

  private int onUnix(Call call, UnixSocket socket) {
    return switch (call.kind()) {
      case BIND ->
          call.wanted() instanceof UnixAddress address
              ? kernel.unixNames.bind(socket, address)
              : -Errno.EINVAL.code();
      case LISTEN -> socket.listen(call.detail());
      case SHUTDOWN -> socket.shutdown(call.direction());
      case LOCAL_ADDRESS -> {
        UnixAddress local = socket.local;
        call.answer(local == null ? UnixAddress.UNNAMED : local);
        yield 0;
      }
      case REMOTE_ADDRESS -> {
        UnixSocket peer = socket.peer();
        if (peer == null) {
          yield -Errno.ENOTCONN.code();
        }
        call.answer(peer.local == null ? UnixAddress.UNNAMED : peer.local);
        yield 0;
      }
      case PEER_CREDENTIALS -> {
        if (!socket.isConnected()) {
          yield -Errno.ENOTCONN.code();
        }
        call.answer(PROCESS);
        yield 0;
      }
      case SET_OPTION -> socket.options.set(call.option(), call.detail(), socket.local != null);
      case GET_OPTION ->
          switch (call.option()) {
            case ERROR -> call.answer(socket.takeError());
            case TYPE -> call.answer(socket.type.number());
            default -> socket.options.get(call);
          };
      case UNREAD_BYTES -> socket.unreadBytes();
      case UNSENT_BYTES -> socket.unsentBytes();
      case CONNECTION_INFO, JOIN_GROUP, LEAVE_GROUP -> -Errno.EOPNOTSUPP.code();
      default -> throw new IllegalArgumentException("not a call on a socket: " + call);
    };
  }

  private int socketPair(Call call) {
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal;
    }
    UnixSocket one = new UnixSocket(kernel, call.socketType());
    UnixSocket other = new UnixSocket(kernel, call.socketType());
    UnixSocket.connect(one, other);
    int descriptor = kernel.open(one, "socketpair");
    call.answer(descriptor, kernel.open(other, "socketpair"));
    return 0;
  }

  private static SocketType type(InternetSocket socket) {
    return socket instanceof DatagramSocket ? SocketType.DATAGRAM : SocketType.STREAM;
  }

  private int socket(ProtocolFamily family, SocketType type) {
    if (family == StandardProtocolFamily.UNIX) {
      int refusal = kernel.refuseDescriptor();
      return refusal < 0 ? refusal : kernel.open(new UnixSocket(kernel, type), "socket");
    }
    boolean ipv6 = family == StandardProtocolFamily.INET6;
    if (!ipv6 && family != StandardProtocolFamily.INET) {
      return -Errno.EAFNOSUPPORT.code();
    }
    if (type == SocketType.SEQUENCED) {
      return -Errno.EPROTONOSUPPORT.code();
    }
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal;
    }
    Options options = new Options(ipv6);
    return kernel.open(
        type == SocketType.STREAM
            ? new Socket(kernel, ipv6, options)
            : new DatagramSocket(kernel, ipv6, options),
        "socket");
  }

  private static int bind(InternetSocket socket, Call call) {
    InetSocketAddress address = Kernel.ofFamily(call.wanted(), socket.isIpv6());
    if (address == null) {
      return -Errno.EAFNOSUPPORT.code();
    }
    return socket.local != null ? -Errno.EINVAL.code() : socket.network().bind(socket, address);
  }

  private int pipe(Call call) {
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal == -Errno.ENOBUFS.code() ? -Errno.ENOMEM.code() : refusal;
    }
    PipeEnd reader = PipeEnd.open(kernel);
    int readEnd = kernel.open(reader, "pipe");
    call.answer(readEnd, kernel.open(reader.writer(), "pipe"));
    return 0;
  }
}
