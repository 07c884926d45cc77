// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.UnixAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Carries out each opcode once its request is tried. */
final class OpcodeHandlers {
  private static final int PERMISSIONS_OTHERS = 0600;

  private OpcodeHandlers() {}

  /**
   * Whether a signal to the executing thread may end the request: true for all but NOP and CLOSE.
   */
  static boolean isInterruptible(Request request) {
    return !request.is(Opcode.NOP) && !request.is(Opcode.CLOSE);
  }

  static boolean isOnSocket(Request request) {
    return switch (request.opcode) {
      case RECEIVE, RECEIVE_ANY, RECEIVE_MULTISHOT, PEEK, RECEIVE_MESSAGE -> true;
      case SEND, SEND_GATHERED, SEND_ZERO_COPY, SEND_MESSAGE -> true;
      default -> false;
    };
  }

  /**
   * Whether the request ends with EAGAIN instead of waiting. For all but splices, the ring waits
   * until the descriptor is ready, whatever its O_NONBLOCK says.
   */
  static boolean mayNotWait(Request request) {
    return (request.is(Opcode.SPLICE) || request.is(Opcode.TEE))
        && ((request.file != null && request.file.isNonBlocking)
            || (request.source != null && request.source.isNonBlocking));
  }

  /** Returns at least 0, -errno, or {@link Request#BLOCKED}. */
  static int perform(Kernel kernel, Request request) {
    return switch (request.opcode) {
      case NOP -> 0;
      case OPEN, OPEN_DIRECT -> open(kernel, request);
      case CLOSE -> kernel.close(request.handle);
      case STAT -> stat(kernel, request);
      case SPAWN -> -Errno.EOPNOTSUPP.code(); // there are no programs
      case REGISTER, INSTALL -> move(kernel, request, file(request));
      default -> isOnPath(request) ? onPath(kernel, request) : onFile(request, file(request));
    };
  }

  static boolean isOnPath(Request request) {
    return request.op.argument() instanceof PathRequest;
  }

  private static int onPath(Kernel kernel, Request request) {
    PathRequest names = request.op.names();
    if (names.has(PathRequest.OPEN_FILE)) {
      return onOpenFile(kernel, request, names);
    }
    FileTree files = kernel.files;
    Node start = names.isInDirectory() ? directory(kernel, request.handle) : files.root;
    Node other = names.isOtherInDirectory() ? directory(kernel, request.spliceHandle) : files.root;
    if (start == null || other == null) {
      return -Errno.EBADF.code();
    }
    return switch (request.opcode) {
      case STAT_PATH -> files.stat(start, names);
      case MAKE_DIRECTORY -> files.makeDirectory(start, names, kernel.now());
      case REMOVE -> files.remove(start, names, kernel.now());
      case RENAME -> files.rename(start, other, names, kernel.now());
      case SET_PERMISSIONS -> files.setPermissions(start, names, kernel.now());
      case LINK -> files.link(start, other, names, kernel.now());
      case SYMLINK -> files.symlink(other, names, kernel.now());
      case READ_LINK -> files.readLink(start, names);
      default -> {
        boolean isPathOnly =
            names.isInDirectory()
                && kernel.description(request.handle) instanceof OpenFile open
                && open.isPathOnly();
        yield isPathOnly
            ? -Errno.EBADF.code()
            : files.xattr(request.opcode, start, names, kernel.now());
      }
    };
  }

  private static int onOpenFile(Kernel kernel, Request request, PathRequest names) {
    OpenFileDescription found =
        DirectDescriptor.is(request.handle) ? null : kernel.description(request.handle);
    boolean truncates = request.is(Opcode.TRUNCATE);
    if (found instanceof OpenFile file) {
      return truncates
          ? file.truncate(names.sizeBytes())
          : file.setPermissions(names.permissions());
    }
    return -(found != null && truncates ? Errno.EINVAL : Errno.EBADF).code();
  }

  /** The node of an open file or directory; null if it is neither, or direct. */
  private static @Nullable Node directory(Kernel kernel, int descriptor) {
    return !DirectDescriptor.is(descriptor)
            && kernel.description(descriptor) instanceof OpenFile file
        ? file.node
        : null;
  }

  /** Makes another descriptor of the same file. */
  private static int move(Kernel kernel, Request request, OpenFileDescription file) {
    int refusal = request.is(Opcode.INSTALL) ? kernel.refuseDescriptor() : 0;
    if (refusal < 0) {
      return refusal;
    }
    file.refer();
    return kernel.install(file, request);
  }

  private static OpenFileDescription file(Request request) {
    OpenFileDescription file = request.file;
    assert file != null : request.opcode;
    return file;
  }

  private static int onFile(Request request, OpenFileDescription file) {
    if (file instanceof OpenFile open && open.isPathOnly()) {
      return -Errno.EBADF.code();
    }
    return switch (request.opcode) {
      case READ, READ_SCATTERED -> file.read(request);
      case WRITE, WRITE_GATHERED -> file.write(request);
      case POLL -> poll(file, request);
      case LIST ->
          file instanceof OpenFile open ? open.list(request.op.batch()) : -Errno.ENOTDIR.code();
      case SYNC, SYNC_DATA -> file instanceof OpenFile ? 0 : -Errno.EINVAL.code();
      case WRITE_BACK, ADVISE -> file instanceof OpenFile ? 0 : -Errno.ESPIPE.code();
      case ALLOCATE -> allocate(request, file);
      case SPLICE, TEE, COPY_RANGE, CLONE -> Transfers.perform(request, file);
      case RECEIVE_ANY, RECEIVE_MULTISHOT -> receiveSelecting(request, file);
      default ->
          switch (file) {
            case Socket socket -> onSocket(request, socket);
            case DatagramSocket socket -> onDatagrams(request, socket);
            case UnixSocket socket -> onUnix(request, socket);
            default -> -Errno.ENOTSOCK.code();
          };
    };
  }

  private static int allocate(Request request, OpenFileDescription file) {
    if (!file.isWritable()) {
      return -Errno.EBADF.code();
    }
    return file instanceof OpenFile open
        ? open.allocate(request.op.allocation(), request.position, request.op.rangeBytes())
        : -(file instanceof PipeEnd ? Errno.ESPIPE : Errno.ENODEV).code();
  }

  /** Receives into the next buffer of a group; without one it fails even if nothing is there. */
  private static int receiveSelecting(Request request, OpenFileDescription file) {
    OfferedBuffers group = file.kernel.group(request.detail);
    request.select(group == null ? null : group.next());
    if (group == null || request.length == 0) {
      return -Errno.ENOBUFS.code();
    }
    int result =
        switch (file) {
          case Socket socket -> socket.read(request);
          case UnixSocket socket -> socket.receive(request, null);
          default -> -Errno.ENOTSOCK.code();
        };
    request.select(result > 0 ? group.take(result) : null);
    return result;
  }

  private static int onDatagrams(Request request, DatagramSocket socket) {
    return switch (request.opcode) {
      case RECEIVE -> socket.receive(request, null);
      case RECEIVE_MESSAGE -> socket.receive(request, request.op.message());
      case SEND -> socket.send(request, null);
      case SEND_MESSAGE -> socket.send(request, (InetSocketAddress) request.destination);
      case CONNECT -> socket.connect((InetSocketAddress) request.op.address());
      case SHUTDOWN -> socket.shutdown(request.op.direction());
      default -> -Errno.EOPNOTSUPP.code();
    };
  }

  private static int onUnix(Request request, UnixSocket socket) {
    return switch (request.opcode) {
      case RECEIVE, PEEK -> socket.receive(request, null);
      case RECEIVE_MESSAGE -> socket.receive(request, request.op.message());
      case SEND, SEND_GATHERED -> socket.send(request, null);
      case SEND_MESSAGE -> socket.send(request, (UnixAddress) request.destination);
      case ACCEPT, ACCEPT_DIRECT, ACCEPT_MULTISHOT -> socket.accept(request);
      case CONNECT ->
          request.op.address() instanceof UnixAddress address
              ? socket.connect(address)
              : -Errno.EINVAL.code();
      case SHUTDOWN -> socket.shutdown(request.op.direction());
      default -> -Errno.EOPNOTSUPP.code();
    };
  }

  /** A stream has neither addresses nor boundaries. */
  private static int receiveMessage(Request request, Socket socket) {
    int result = socket.read(request);
    if (result >= 0) {
      request.op.message().received(null, false);
    }
    return result;
  }

  private static int onSocket(Request request, Socket socket) {
    return switch (request.opcode) {
      case RECEIVE, PEEK -> socket.read(request);
      case RECEIVE_MESSAGE -> receiveMessage(request, socket);
      case SEND, SEND_GATHERED, SEND_MESSAGE -> socket.write(request);
      case SEND_ZERO_COPY -> socket.writeZeroCopy(request);
      case ACCEPT, ACCEPT_DIRECT, ACCEPT_MULTISHOT -> socket.accept(request);
      case SHUTDOWN -> socket.shutdown(request.op.direction());
      case CONNECT -> {
        InetSocketAddress address = Kernel.ofFamily(request.op.address(), socket.isIpv6());
        yield address == null ? -Errno.EAFNOSUPPORT.code() : socket.connect(request, address);
      }
      default -> -Errno.EINVAL.code(); // as the kernel answers opcodes that it does not know
    };
  }

  private static int poll(OpenFileDescription file, Request request) {
    int always = PollEvents.ERROR | PollEvents.HANG_UP;
    int events = file.ready() & (request.detail | always);
    return events != 0 ? events : Request.BLOCKED;
  }

  private static int open(Kernel kernel, Request request) {
    byte[] path = request.op.path();
    @Nullable Node[] found = new @Nullable Node[1];
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal == -Errno.ENOBUFS.code() ? -Errno.ENOMEM.code() : refusal;
    }
    Node start =
        request.op.target() == null ? kernel.files.root : directory(kernel, request.handle);
    if (start == null) {
      return -Errno.EBADF.code();
    }
    int flags = request.detail;
    int permissions = request.op.permissions();
    int result = kernel.files.open(start, path, flags, permissions, kernel.now(), found);
    Node node = found[0];
    if (result < 0 || node == null) {
      return result;
    }
    String name = new String(path, StandardCharsets.UTF_8);
    OpenFile file = new OpenFile(kernel, node, name, flags);
    file.refer();
    return kernel.install(file, request);
  }

  private static int stat(Kernel kernel, Request request) {
    OpenFileDescription file = kernel.description(request.handle);
    if (file == null || !request.knowsDescriptors()) {
      return -Errno.EBADF.code();
    }
    FileAttributes target = request.op.attributes();
    target.type = file.type();
    target.links = 1;
    if (file instanceof OpenFile open) {
      open.node.fill(target);
    } else {
      target.permissions = PERMISSIONS_OTHERS;
    }
    return 0;
  }
}
