// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.weft.bindings.statx;
import dev.weft.bindings.statx_timestamp;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Carries out each opcode once its request is tried. */
final class OpcodeHandlers {
  private static final int PATH_BYTES_MAX = 1 << 16;
  private static final long SECOND = 1_000_000_000L;
  private static final int BLOCK = 512;

  private OpcodeHandlers() {}

  /**
   * Whether a signal to the executing thread may end the request: true for all but NOP and CLOSE.
   */
  static boolean isInterruptible(Request request) {
    return !request.is(weft_h.IORING_OP_NOP()) && !request.is(weft_h.IORING_OP_CLOSE());
  }

  static boolean isOnSocket(Request request) {
    return request.is(weft_h.IORING_OP_RECV()) || request.is(weft_h.IORING_OP_SEND());
  }

  /**
   * Whether the request ends with EAGAIN instead of waiting. For all but splices, the ring waits
   * until the descriptor is ready, whatever its O_NONBLOCK says.
   */
  static boolean mayNotWait(Request request) {
    return request.is(weft_h.IORING_OP_SPLICE())
        && ((request.file != null && request.file.isNonBlocking())
            || (request.source != null && request.source.isNonBlocking()));
  }

  /** Returns at least 0, -errno, or {@link Request#BLOCKED}. */
  static int perform(Kernel kernel, Request request) {
    int opcode = request.opcode;
    if (opcode == weft_h.IORING_OP_NOP()) {
      return 0;
    }
    if (opcode == weft_h.IORING_OP_OPENAT()) {
      return open(kernel, request);
    }
    if (opcode == weft_h.IORING_OP_CLOSE()) {
      return kernel.close(request.handle);
    }
    if (opcode == weft_h.IORING_OP_STATX()) {
      return status(kernel, request);
    }
    OpenFileDescription file = request.file;
    assert file != null : request.opcode;
    if (opcode == weft_h.IORING_OP_READ()) {
      return file.read(request);
    }
    if (opcode == weft_h.IORING_OP_WRITE()) {
      return file.write(request);
    }
    if (opcode == weft_h.IORING_OP_POLL_ADD()) {
      return poll(file, request);
    }
    if (opcode == weft_h.IORING_OP_FSYNC()) {
      return file instanceof OpenFile ? 0 : -Errno.EINVAL.code();
    }
    if (opcode == weft_h.IORING_OP_SPLICE()) {
      return splice(request, file);
    }
    return onSocket(request, file);
  }

  private static int onSocket(Request request, OpenFileDescription file) {
    if (!(file instanceof Socket socket)) {
      return -Errno.ENOTSOCK.code();
    }
    int opcode = request.opcode;
    if (opcode == weft_h.IORING_OP_RECV()) {
      return socket.read(request);
    }
    if (opcode == weft_h.IORING_OP_SEND()) {
      return socket.write(request);
    }
    if (opcode == weft_h.IORING_OP_ACCEPT()) {
      return socket.accept(request);
    }
    if (opcode == weft_h.IORING_OP_SHUTDOWN()) {
      return socket.shutdown(request.length);
    }
    if (opcode == weft_h.IORING_OP_CONNECT()) {
      InetSocketAddress address = Kernel.decode(request.address, socket.isIpv6());
      return address == null ? -Errno.EAFNOSUPPORT.code() : socket.connect(request, address);
    }
    return -Errno.EINVAL.code(); // as the kernel answers opcodes that it does not know
  }

  /** Returns the {@code sa_family} of the address there. */
  static int familyAt(long address) {
    return Short.toUnsignedInt(Memory.ALL.get(JAVA_SHORT, address));
  }

  private static int poll(OpenFileDescription file, Request request) {
    int always = weft_h.POLLERR() | weft_h.POLLHUP();
    int events = file.ready() & (request.opFlags | always);
    return events != 0 ? events : Request.BLOCKED;
  }

  private static int splice(Request request, OpenFileDescription to) {
    OpenFileDescription from = request.source;
    assert from != null;
    if (request.length == 0) {
      return 0;
    }
    if (!from.isReadable() || !to.isWritable()) {
      return -Errno.EBADF.code();
    }
    PipeEnd pipe = from instanceof PipeEnd end ? end : to instanceof PipeEnd end ? end : null;
    if (pipe == null || (from instanceof PipeEnd && pipe.isSamePipe(to))) {
      return -Errno.EINVAL.code();
    }
    int room = to.room();
    // The kernel checks the sink first only if that is the pipe.
    if (room < 0 && (to instanceof PipeEnd || to instanceof OpenFile)) {
      return room;
    }
    int available = from.available();
    if (available <= 0) {
      return available;
    }
    if (room < 0) {
      return room;
    }
    int count = Math.min(request.length, Math.min(available, room));
    count = to.kernel.shortened(count);
    to.putBytes(from.takeBytes(count));
    return count;
  }

  private static String pathAt(long address) {
    return Memory.at(address, PATH_BYTES_MAX).getString(0);
  }

  private static int open(Kernel kernel, Request request) {
    String path = pathAt(request.address);
    FileTree.@Nullable Node[] found = new FileTree.@Nullable Node[1];
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal == -Errno.ENOBUFS.code() ? -Errno.ENOMEM.code() : refusal;
    }
    int result = kernel.files.open(path, request.opFlags, request.length, kernel.now(), found);
    FileTree.Node node = found[0];
    Throwable origin = request.origin;
    if (result < 0 || node == null || origin == null) {
      return result;
    }
    OpenFile file = new OpenFile(kernel, node, path, request.opFlags);
    file.refer();
    return kernel.install(file, origin);
  }

  private static int status(Kernel kernel, Request request) {
    String path = pathAt(request.address);
    boolean ofDescriptor = path.isEmpty() && (request.opFlags & weft_h.AT_EMPTY_PATH()) != 0;
    if (!ofDescriptor) {
      FileTree.@Nullable Node[] found = new FileTree.@Nullable Node[1];
      int result = kernel.files.open(path, weft_h.O_RDONLY(), 0, kernel.now(), found);
      FileTree.Node node = found[0];
      return result < 0 || node == null ? result : fill(request.offset, node, 0);
    }
    OpenFileDescription file = kernel.description(request.handle);
    if (file == null) {
      return -Errno.EBADF.code();
    }
    return file instanceof OpenFile open
        ? fill(request.offset, open.node, 0)
        : fill(request.offset, null, file.type() | 0600);
  }

  private static int fill(long target, FileTree.@Nullable Node node, int mode) {
    MemorySegment out = Memory.at(target, statx.sizeof()).fill((byte) 0);
    statx.stx_mask(out, weft_h.STATX_BASIC_STATS());
    statx.stx_blksize(out, 4096);
    statx.stx_nlink(out, 1);
    statx.stx_mode(out, (short) (node == null ? mode : node.mode()));
    if (node != null) {
      statx.stx_ino(out, node.number);
      statx.stx_size(out, node.size);
      statx.stx_blocks(out, (node.size + BLOCK - 1) / BLOCK);
      time(statx.stx_atime(out), node.accessed);
      time(statx.stx_mtime(out), node.modified);
      time(statx.stx_ctime(out), node.changed);
    }
    return 0;
  }

  private static void time(MemorySegment timestamp, long nanos) {
    statx_timestamp.tv_sec(timestamp, nanos / SECOND);
    statx_timestamp.tv_nsec(timestamp, (int) (nanos % SECOND));
  }
}
