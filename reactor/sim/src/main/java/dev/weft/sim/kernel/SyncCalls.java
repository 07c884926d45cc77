// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/** Executes calls that complete immediately. */
public final class SyncCalls {
  private final Kernel kernel;

  public SyncCalls(Kernel kernel) {
    this.kernel = kernel;
  }

  /** Returns at least 0, or -errno. */
  public int perform(Call call) {
    return switch (call.kind()) {
      case SOCKET -> socket(call.family(), call.socketType());
      case ADOPT -> -Errno.EOPNOTSUPP.code();
      case PIPE -> pipe(call);
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
      case PIPE_CAPACITY -> file instanceof PipeEnd end ? end.capacity() : -Errno.EBADF.code();
      case SET_PIPE_CAPACITY ->
          file instanceof PipeEnd end ? end.resize(call.detail()) : -Errno.EBADF.code();
      default ->
          file instanceof InternetSocket socket ? onSocket(call, socket) : -Errno.ENOTSOCK.code();
    };
  }

  private int onSocket(Call call, InternetSocket socket) {
    return switch (call.kind()) {
      case BIND -> bind(socket, call);
      case LISTEN -> socket.listen(call.detail());
      case SHUTDOWN -> socket.shutdown(call.direction());
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
          call.option() == SocketOption.ERROR
              ? call.answer(socket.takeError())
              : socket.options.get(call);
      case UNREAD_BYTES -> socket.unreadBytes();
      case UNSENT_BYTES -> socket.unsentBytes();
      case CONNECTION_INFO -> socket.describe(call.info());
      default -> throw new IllegalArgumentException("not a call on a socket: " + call);
    };
  }

  private int socket(ProtocolFamily family, SocketType type) {
    boolean ipv6 = family == StandardProtocolFamily.INET6;
    if (!ipv6 && family != StandardProtocolFamily.INET) {
      return -Errno.EAFNOSUPPORT.code();
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
