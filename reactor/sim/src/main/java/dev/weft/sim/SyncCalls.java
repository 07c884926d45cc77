// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.SocketAddresses;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Carries out the operations that complete inside submit. */
final class SyncCalls {
  private static final int TYPE_MASK = 0xf;

  private final Kernel kernel;

  SyncCalls(Kernel kernel) {
    this.kernel = kernel;
  }

  /** Returns at least 0, or -errno. */
  int perform(Op op) {
    return switch (op.opcode()) {
      case Op.SOCKET -> socket((int) op.offset(), op.opFlags());
      case Op.PIPE -> pipe(op.address());
      case Op.CLOSE_SYNC -> kernel.close(op.handle());
      default -> onDescriptor(op, kernel.description(op.handle()));
    };
  }

  private int onDescriptor(Op op, @Nullable OpenFileDescription file) {
    if (file == null) {
      return -Errno.EBADF.code();
    }
    return switch (op.opcode()) {
      case Op.FCNTL -> fcntl(file, (int) op.offset(), op.opFlags());
      case Op.FILE_TYPE -> file.type();
      default -> file instanceof Socket socket ? onSocket(op, socket) : -Errno.ENOTSOCK.code();
    };
  }

  private int onSocket(Op op, Socket socket) {
    int first = (int) op.offset();
    int second = op.opFlags();
    return switch (op.opcode()) {
      case Op.BIND -> bind(socket, op);
      case Op.LISTEN -> socket.listen(first);
      case Op.SHUTDOWN_SYNC -> socket.shutdown(first);
      case Op.GETSOCKNAME -> {
        InetSocketAddress local = socket.local;
        yield name(local == null ? kernel.anyAddress(socket.isIpv6()) : local, op);
      }
      case Op.GETPEERNAME -> {
        InetSocketAddress remote = socket.remote;
        yield remote == null || !socket.isConnected() ? -Errno.ENOTCONN.code() : name(remote, op);
      }
      case Op.SET_OPTION ->
          socket.options.set(first, second, op.address(), op.length(), socket.local != null);
      case Op.GET_OPTION -> {
        boolean asksError = first == weft_h.SOL_SOCKET() && second == weft_h.SO_ERROR();
        int error = asksError ? socket.takeError() : 0;
        yield socket.options.get(first, second, op.address(), op.length(), error);
      }
      default -> throw new IllegalArgumentException("not a control operation: " + op);
    };
  }

  private int socket(int family, int type) {
    boolean ipv6 = family == weft_h.AF_INET6();
    if (!ipv6 && family != weft_h.AF_INET()) {
      return -Errno.EAFNOSUPPORT.code();
    }
    if ((type & TYPE_MASK) != weft_h.SOCK_STREAM()) {
      return -Errno.EPROTONOSUPPORT.code(); // the simulated network has TCP only
    }
    int refusal = kernel.refuseDescriptor();
    return refusal < 0
        ? refusal
        : kernel.open(new Socket(kernel, ipv6, new Options(ipv6)), "socket");
  }

  private int bind(Socket socket, Op op) {
    InetSocketAddress address = Kernel.decode(op.address(), socket.isIpv6());
    if (address == null) {
      return -Errno.EAFNOSUPPORT.code();
    }
    return socket.local != null ? -Errno.EINVAL.code() : kernel.network.bind(socket, address);
  }

  private static int name(InetSocketAddress address, Op op) {
    if (op.length() < SocketAddresses.BYTES_MAX) {
      return -Errno.EINVAL.code();
    }
    SocketAddresses.encode(address, op.address());
    return 0;
  }

  private int pipe(long target) {
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal == -Errno.ENOBUFS.code() ? -Errno.ENOMEM.code() : refusal;
    }
    PipeEnd reader = PipeEnd.open(kernel);
    Memory.ALL.set(JAVA_INT, target, kernel.open(reader, "pipe"));
    Memory.ALL.set(JAVA_INT, target + Integer.BYTES, kernel.open(reader.writer(), "pipe"));
    return 0;
  }

  private static int fcntl(OpenFileDescription file, int command, int argument) {
    if (command == weft_h.F_GETFL()) {
      return file.flags & ~weft_h.O_CLOEXEC();
    }
    if (command == weft_h.F_SETFL()) {
      int settable = weft_h.O_NONBLOCK() | weft_h.O_APPEND();
      file.flags = (file.flags & ~settable) | (argument & settable);
      return 0;
    }
    if (command == weft_h.F_GETPIPE_SZ() || command == weft_h.F_SETPIPE_SZ()) {
      if (!(file instanceof PipeEnd end)) {
        return -Errno.EBADF.code(); // what the kernel returns for anything but a pipe
      }
      return command == weft_h.F_GETPIPE_SZ() ? end.capacity() : end.resize(argument);
    }
    return -Errno.EINVAL.code();
  }
}
