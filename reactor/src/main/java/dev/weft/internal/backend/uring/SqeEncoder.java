// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.bindings.io_uring_sqe;
import dev.weft.bindings.sockaddr_in;
import dev.weft.bindings.statx;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpTable;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Slab;
import dev.weft.internal.uring.KernelFeatures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Writes operations into entries of the submission queue. The opcodes of transfers need only {@link
 * #define their constants}; the others have a case in {@link #encodeOther}. The byte order is that
 * of x86-64 and AArch64.
 */
final class SqeEncoder implements AutoCloseable {
  /** The bytes of an operation's scratch memory: room for addresses, most paths, and statx. */
  static final int SCRATCH_BYTES = 256;

  private static final int COUNT = Opcode.count();

  /**
   * What is the same in all entries of an opcode, by its code: the first four bytes (opcode, flags,
   * priority) in the lower half, the operation's flags in the upper, and {@link #OTHER}.
   */
  private static final long[] ENTRIES = new long[COUNT];

  /** Set if {@link #encodeOther} has to complete the entry: no operation has this flag. */
  private static final long OTHER = Long.MIN_VALUE;

  private static final int SQE_FLAGS_SHIFT = 8;
  private static final int PRIORITY_SHIFT = 16;
  private static final int LINK = weft_h.IOSQE_IO_LINK() << SQE_FLAGS_SHIFT;
  private static final int FIXED = weft_h.IOSQE_FIXED_FILE() << SQE_FLAGS_SHIFT;

  /** The name that stands for the descriptor itself, with AT_EMPTY_PATH. */
  private static final MemorySegment EMPTY_PATH = Arena.global().allocateFrom("");

  /** An address of no family: AF_UNSPEC is 0. */
  private static final MemorySegment NO_ADDRESS =
      Arena.global().allocate(sockaddr_in.sizeof(), Long.BYTES);

  static {
    assert statx.sizeof() <= SCRATCH_BYTES && MessageHeader.BYTES <= SCRATCH_BYTES;
    define(Opcode.NOP, weft_h.IORING_OP_NOP(), 0);
    define(Opcode.READ, weft_h.IORING_OP_READ(), 0);
    define(Opcode.WRITE, weft_h.IORING_OP_WRITE(), 0);
    defineOther(Opcode.READ_SCATTERED, weft_h.IORING_OP_READV(), 0);
    defineOther(Opcode.WRITE_GATHERED, weft_h.IORING_OP_WRITEV(), 0);
    define(Opcode.RECEIVE, weft_h.IORING_OP_RECV(), 0);
    define(Opcode.PEEK, weft_h.IORING_OP_RECV(), weft_h.MSG_PEEK());
    define(Opcode.SEND, weft_h.IORING_OP_SEND(), weft_h.MSG_NOSIGNAL() | weft_h.MSG_WAITALL());
    define(
        Opcode.SEND_ZERO_COPY,
        weft_h.IORING_OP_SEND_ZC(),
        weft_h.MSG_NOSIGNAL() | weft_h.MSG_WAITALL());
    defineOther(Opcode.RECEIVE_MESSAGE, weft_h.IORING_OP_RECVMSG(), weft_h.MSG_CMSG_CLOEXEC());
    defineOther(Opcode.SEND_GATHERED, weft_h.IORING_OP_SENDMSG(), 0);
    defineOther(Opcode.SEND_MESSAGE, weft_h.IORING_OP_SEND(), weft_h.MSG_NOSIGNAL());
    define(Opcode.ACCEPT, weft_h.IORING_OP_ACCEPT(), weft_h.SOCK_CLOEXEC());
    define(Opcode.ACCEPT_MULTISHOT, weft_h.IORING_OP_ACCEPT(), weft_h.SOCK_CLOEXEC());
    add(Opcode.ACCEPT_MULTISHOT, weft_h.IORING_ACCEPT_MULTISHOT() << PRIORITY_SHIFT);
    defineOther(Opcode.ACCEPT_DIRECT, weft_h.IORING_OP_ACCEPT(), 0); // O_CLOEXEC would be refused
    defineOther(Opcode.CLOSE, weft_h.IORING_OP_CLOSE(), 0);
    define(Opcode.SYNC, weft_h.IORING_OP_FSYNC(), 0);
    define(Opcode.SYNC_DATA, weft_h.IORING_OP_FSYNC(), weft_h.IORING_FSYNC_DATASYNC());
    defineOther(Opcode.WRITE_BACK, weft_h.IORING_OP_SYNC_FILE_RANGE(), 0);
    defineOther(Opcode.ADVISE, weft_h.IORING_OP_FADVISE(), 0);
    defineOther(Opcode.ALLOCATE, weft_h.IORING_OP_FALLOCATE(), 0);
  }

  static {
    defineOther(Opcode.RECEIVE_ANY, weft_h.IORING_OP_RECV(), 0);
    add(Opcode.RECEIVE_ANY, weft_h.IOSQE_BUFFER_SELECT() << SQE_FLAGS_SHIFT);
    defineOther(Opcode.RECEIVE_MULTISHOT, weft_h.IORING_OP_RECV(), 0);
    add(Opcode.RECEIVE_MULTISHOT, weft_h.IOSQE_BUFFER_SELECT() << SQE_FLAGS_SHIFT);
    add(Opcode.RECEIVE_MULTISHOT, weft_h.IORING_RECV_MULTISHOT() << PRIORITY_SHIFT);
    defineOther(Opcode.CONNECT, weft_h.IORING_OP_CONNECT(), 0);
    defineOther(Opcode.SHUTDOWN, weft_h.IORING_OP_SHUTDOWN(), 0);
    // A kernel worker opens a file from the start, because the first attempt that the ring makes
    // otherwise has O_NONBLOCK (fifo(7)): a named pipe without a writer would open for reading and
    // be at its end, and one without a reader could not be opened for writing.
    defineOther(Opcode.OPEN, weft_h.IORING_OP_OPENAT(), 0);
    add(Opcode.OPEN, weft_h.IOSQE_ASYNC() << SQE_FLAGS_SHIFT);
    defineOther(Opcode.OPEN_DIRECT, weft_h.IORING_OP_OPENAT(), 0);
    add(Opcode.OPEN_DIRECT, weft_h.IOSQE_ASYNC() << SQE_FLAGS_SHIFT);
    defineOther(Opcode.REGISTER, weft_h.IORING_OP_FILES_UPDATE(), 0);
    define(Opcode.INSTALL, KernelFeatures.FIXED_FD_INSTALL, 0); // with O_CLOEXEC
    defineOther(Opcode.STAT, weft_h.IORING_OP_STATX(), weft_h.AT_EMPTY_PATH());
    defineOther(Opcode.STAT_PATH, weft_h.IORING_OP_STATX(), 0);
    defineOther(Opcode.MAKE_DIRECTORY, weft_h.IORING_OP_MKDIRAT(), 0);
    defineOther(Opcode.REMOVE, weft_h.IORING_OP_UNLINKAT(), 0);
    defineOther(Opcode.RENAME, weft_h.IORING_OP_RENAMEAT(), 0);
    defineOther(Opcode.LINK, weft_h.IORING_OP_LINKAT(), 0);
    defineOther(Opcode.SYMLINK, weft_h.IORING_OP_SYMLINKAT(), 0);
    defineOther(Opcode.GET_XATTR, weft_h.IORING_OP_GETXATTR(), 0);
    defineOther(Opcode.SET_XATTR, weft_h.IORING_OP_SETXATTR(), 0);
    defineOther(Opcode.POLL, weft_h.IORING_OP_POLL_ADD(), 0);
    defineOther(Opcode.SPLICE, weft_h.IORING_OP_SPLICE(), 0);
    defineOther(Opcode.TEE, weft_h.IORING_OP_TEE(), 0);
  }

  /** Which opcodes {@link #decode} has something to do for, by their codes. */
  private static final boolean[] HAS_OUTPUT = new boolean[COUNT];

  static {
    Opcode[] all = {
      Opcode.RECEIVE_MESSAGE,
      Opcode.STAT,
      Opcode.STAT_PATH,
      Opcode.GET_XATTR,
      Opcode.POLL,
      Opcode.ACCEPT_DIRECT,
      Opcode.OPEN_DIRECT,
      Opcode.REGISTER
    };
    for (Opcode each : all) {
      HAS_OUTPUT[each.code()] = true;
    }
  }

  private static final int READ = Opcode.READ.code();
  private static final int WRITE = Opcode.WRITE.code();

  /** The memory that is registered as the ring's buffer 0; no byte until there is some. */
  private long registeredAddress;

  private long registeredBytes;

  /** Scratch memory of the operations that need it, by slot. */
  private final Slab scratch = new Slab(SCRATCH_BYTES);

  private static void define(Opcode opcode, int kernels, int flags) {
    assert flags >= 0 : opcode;
    add(opcode, (long) flags << Integer.SIZE | kernels);
  }

  private static void defineOther(Opcode opcode, int kernels, int flags) {
    define(opcode, kernels, flags);
    add(opcode, OTHER);
  }

  private static void add(Opcode opcode, long bits) {
    ENTRIES[opcode.code()] |= bits;
  }

  /**
   * Writes what the kernel reads or writes besides the caller's memory: addresses and paths. It
   * stays where it is until the last completion.
   *
   * @throws IllegalArgumentException if the kernel has no such address
   */
  void prepare(Op op) {
    switch (op.opcode()) {
      case CONNECT -> prepareConnect(op);
      case SEND_GATHERED, READ_SCATTERED, WRITE_GATHERED -> GatherHeader.write(op.gather());
      case RECEIVE_MESSAGE -> MessageHeader.prepareReceive(op, scratch(op));
      case SEND_MESSAGE -> MessageHeader.prepareSend(op, scratch(op));
      case OPEN, OPEN_DIRECT -> writePath(op);
      case STAT, STAT_PATH -> scratch(op); // allocates it
      default -> {}
    }
  }

  /** Writes the address, and its length before it. */
  private void prepareConnect(Op op) {
    long address = scratch(op) + Long.BYTES;
    Memory.ALL.set(JAVA_INT, scratch(op), SocketAddresses.encode(op.address(), address));
  }

  private void writePath(Op op) {
    byte[] path = op.path();
    MemorySegment target;
    if (path.length < SCRATCH_BYTES) {
      target = Memory.at(scratch(op), path.length + 1L);
    } else {
      target = Arena.ofAuto().allocate(path.length + 1L);
      op.use(target); // keeps it reachable
    }
    MemorySegment.copy(path, 0, target, JAVA_BYTE, 0, path.length);
    target.set(JAVA_BYTE, path.length, (byte) 0);
  }

  /** The address of the operation's scratch memory. */
  long scratch(Op op) {
    return scratch.address(op.slot);
  }

  /** Writes an operation. Few stores and calls, so that the JIT inlines them all. */
  void encode(MemorySegment sqe, Op op) {
    long entry = ENTRIES[op.code()];
    MemorySegment memory = op.memory();
    int head = (int) entry | (op.link == null ? 0 : LINK);
    int handle = op.handle();
    if (DirectDescriptor.is(handle)) {
      head |= FIXED;
      handle = DirectDescriptor.slot(handle);
    }
    sqe.set(JAVA_INT, io_uring_sqe.opcode$offset(), head); // and flags and priority
    io_uring_sqe.fd(sqe, handle);
    io_uring_sqe.off(sqe, op.position());
    long address = memory == null ? 0 : memory.address() + op.from();
    io_uring_sqe.addr(sqe, address);
    io_uring_sqe.len(sqe, op.length());
    io_uring_sqe.rw_flags(sqe, (int) (entry >>> Integer.SIZE) & Integer.MAX_VALUE);
    io_uring_sqe.user_data(sqe, OpTable.userData(op));
    clearRest(sqe);
    if (entry < 0) {
      encodeOther(sqe, op);
    } else if (Long.compareUnsigned(address - registeredAddress, registeredBytes) < 0) {
      encodeRegistered(sqe, op, address);
    }
  }

  /** Lets transfers from and to this memory use the registered buffer; returns 0. */
  int useRegistered(MemorySegment memory) {
    registeredAddress = memory.address();
    registeredBytes = memory.byteSize();
    return 0;
  }

  /** Changes an entry whose memory begins in the registered buffer: its index, 0, is there. */
  private void encodeRegistered(MemorySegment sqe, Op op, long address) {
    if (address + op.length() <= registeredAddress + registeredBytes) {
      if (op.code() == READ) {
        io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_READ_FIXED());
      } else if (op.code() == WRITE) {
        io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_WRITE_FIXED());
      }
    }
  }

  /** Writes a request to cancel the operation of that user data. */
  static void encodeCancel(MemorySegment sqe, long cancelled, long userData) {
    io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_ASYNC_CANCEL());
    io_uring_sqe.flags(sqe, (byte) 0);
    io_uring_sqe.ioprio(sqe, (short) 0);
    io_uring_sqe.fd(sqe, -1);
    io_uring_sqe.off(sqe, 0);
    io_uring_sqe.addr(sqe, cancelled);
    io_uring_sqe.len(sqe, 0);
    io_uring_sqe.cancel_flags(sqe, 0);
    io_uring_sqe.user_data(sqe, userData);
    clearRest(sqe);
  }

  /** Writes a request to close a slot of the table of direct descriptors. */
  static void encodeClose(MemorySegment sqe, int slot, long userData) {
    encodeBare(sqe, weft_h.IORING_OP_CLOSE(), 0, userData);
    io_uring_sqe.file_index(sqe, slot + 1);
  }

  /** Writes a request to make a descriptor of the process of a direct one. */
  static void encodeInstall(MemorySegment sqe, int slot, long userData) {
    encodeBare(sqe, KernelFeatures.FIXED_FD_INSTALL, weft_h.IOSQE_FIXED_FILE(), userData);
    io_uring_sqe.fd(sqe, slot);
  }

  private static void encodeBare(MemorySegment sqe, int opcode, int flags, long userData) {
    sqe.fill((byte) 0);
    io_uring_sqe.opcode(sqe, (byte) opcode);
    io_uring_sqe.flags(sqe, (byte) flags);
    io_uring_sqe.user_data(sqe, userData);
  }

  /** Makes an entry that has been written fail: it closes no descriptor. */
  private static void spoil(MemorySegment sqe) {
    io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_CLOSE());
    io_uring_sqe.fd(sqe, -1);
  }

  /** Writes a request to reset a connection (connect(2), AF_UNSPEC). */
  static void encodeReset(MemorySegment sqe, int handle, long userData) {
    boolean direct = DirectDescriptor.is(handle);
    encodeBare(sqe, weft_h.IORING_OP_CONNECT(), direct ? weft_h.IOSQE_FIXED_FILE() : 0, userData);
    io_uring_sqe.fd(sqe, direct ? DirectDescriptor.slot(handle) : handle);
    io_uring_sqe.addr(sqe, NO_ADDRESS.address());
    io_uring_sqe.off(sqe, NO_ADDRESS.byteSize());
  }

  /** Clears the last 24 bytes. */
  private static void clearRest(MemorySegment sqe) {
    sqe.set(JAVA_INT, io_uring_sqe.buf_index$offset(), 0); // and personality
    io_uring_sqe.splice_fd_in(sqe, 0);
    io_uring_sqe.addr3(sqe, 0);
    sqe.set(JAVA_LONG, io_uring_sqe.__pad2$offset(), 0);
  }

  /** Adds the fields that not all operations have. */
  private void encodeOther(MemorySegment sqe, Op op) {
    switch (op.opcode()) {
      case RECEIVE_ANY, RECEIVE_MULTISHOT -> io_uring_sqe.buf_group(sqe, (short) op.detail());
      case READ_SCATTERED, WRITE_GATHERED -> {
        io_uring_sqe.addr(sqe, GatherHeader.vectors(op.gather()));
        io_uring_sqe.len(sqe, op.gather().count());
      }
      case SEND_GATHERED -> {
        int more = op.detail() == 0 ? 0 : weft_h.MSG_MORE();
        io_uring_sqe.addr(sqe, GatherHeader.address(op.gather()));
        io_uring_sqe.len(sqe, 1);
        io_uring_sqe.rw_flags(sqe, weft_h.MSG_NOSIGNAL() | weft_h.MSG_WAITALL() | more);
      }
      case CONNECT -> {
        io_uring_sqe.addr(sqe, scratch(op) + Long.BYTES);
        io_uring_sqe.off(sqe, Memory.ALL.get(JAVA_INT, scratch(op)));
      }
      case RECEIVE_MESSAGE -> encodeReceive(sqe, op);
      case SEND_MESSAGE -> {
        if (op.message().hasControl()) {
          io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_SENDMSG());
          io_uring_sqe.addr(sqe, scratch(op));
          io_uring_sqe.len(sqe, 1);
          return;
        }
        int length = MessageHeader.destinationBytes(op);
        if (length > 0) {
          io_uring_sqe.off(sqe, MessageHeader.address(scratch(op)));
          io_uring_sqe.splice_fd_in(sqe, length); // addr_len, and padding
        }
      }
      case SHUTDOWN -> io_uring_sqe.len(sqe, KernelCodes.shutdown(op.direction()));
      case OPEN -> encodeOpen(sqe, op, weft_h.O_CLOEXEC());
      case STAT -> {
        io_uring_sqe.addr(sqe, EMPTY_PATH.address());
        io_uring_sqe.len(sqe, weft_h.STATX_BASIC_STATS() | weft_h.STATX_DIOALIGN());
        io_uring_sqe.off(sqe, scratch(op));
      }
      case STAT_PATH, MAKE_DIRECTORY, REMOVE, RENAME, LINK, SYMLINK, GET_XATTR, SET_XATTR ->
          PathEntries.encode(sqe, op, scratch(op));
      case POLL -> io_uring_sqe.rw_flags(sqe, KernelCodes.pollEvents(op.detail()));
      case SPLICE, TEE -> encodeSplice(sqe, op);
      case WRITE_BACK -> io_uring_sqe.rw_flags(sqe, KernelCodes.writeBack(op.detail() != 0));
      case ADVISE -> io_uring_sqe.rw_flags(sqe, KernelCodes.advice(op.advice()));
      case ALLOCATE -> {
        io_uring_sqe.addr(sqe, op.rangeBytes());
        io_uring_sqe.len(sqe, KernelCodes.allocation(op.allocation()));
      }
      default -> encodeDirect(sqe, op);
    }
  }

  private static void encodeSplice(MemorySegment sqe, Op op) {
    io_uring_sqe.addr(sqe, op.from()); // the position in the source
    int source = op.spliceHandle();
    boolean direct = DirectDescriptor.is(source);
    io_uring_sqe.splice_fd_in(sqe, direct ? DirectDescriptor.slot(source) : source);
    io_uring_sqe.splice_flags(sqe, direct ? weft_h.SPLICE_F_FD_IN_FIXED() : 0);
  }

  private void encodeReceive(MemorySegment sqe, Op op) {
    io_uring_sqe.addr(sqe, scratch(op));
    io_uring_sqe.len(sqe, 1);
    if (op.peeks()) {
      io_uring_sqe.rw_flags(sqe, weft_h.MSG_CMSG_CLOEXEC() | weft_h.MSG_PEEK());
    }
  }

  /** Adds the fields of what makes or closes descriptors. */
  private void encodeDirect(MemorySegment sqe, Op op) {
    if (op.isRefused()) {
      spoil(sqe);
      return;
    }
    switch (op.opcode()) {
      case OPEN_DIRECT -> {
        encodeOpen(sqe, op, 0); // O_CLOEXEC would be refused
        io_uring_sqe.file_index(sqe, weft_h.IORING_FILE_INDEX_ALLOC());
      }
      case ACCEPT_DIRECT -> io_uring_sqe.file_index(sqe, weft_h.IORING_FILE_INDEX_ALLOC());
      case CLOSE -> {
        if (DirectDescriptor.is(op.handle())) {
          int flags = op.link == null ? 0 : weft_h.IOSQE_IO_LINK();
          io_uring_sqe.flags(sqe, (byte) flags);
          io_uring_sqe.fd(sqe, 0);
          io_uring_sqe.file_index(sqe, DirectDescriptor.slot(op.handle()) + 1);
        }
      }
      case REGISTER -> {
        Memory.ALL.set(JAVA_INT, scratch(op), op.handle()); // becomes the slot
        io_uring_sqe.flags(sqe, (byte) (op.link == null ? 0 : weft_h.IOSQE_IO_LINK()));
        io_uring_sqe.fd(sqe, -1);
        io_uring_sqe.off(sqe, Integer.toUnsignedLong(weft_h.IORING_FILE_INDEX_ALLOC()));
        io_uring_sqe.addr(sqe, scratch(op));
        io_uring_sqe.len(sqe, 1);
      }
      default -> throw new AssertionError(op);
    }
  }

  private void encodeOpen(MemorySegment sqe, Op op, int flags) {
    MemorySegment path = op.memory();
    io_uring_sqe.fd(sqe, op.target() == null ? weft_h.AT_FDCWD() : op.handle());
    io_uring_sqe.addr(sqe, path == null ? scratch(op) : path.address());
    io_uring_sqe.len(sqe, op.permissions());
    // No terminal becomes the controlling one of the process because a file is opened.
    int all = flags | weft_h.O_NOCTTY() | KernelCodes.openFlags(op.detail());
    io_uring_sqe.rw_flags(sqe, all);
  }

  /** Whether {@link #decode} has something to do for results of the operation. */
  static boolean hasOutput(Op op) {
    return HAS_OUTPUT[op.code()];
  }

  /** Translates a result that is at least 0, and reads what else the kernel has written. */
  int decode(Op op, int result) {
    switch (op.opcode()) {
      case POLL -> {
        return KernelCodes.pollEventsOf(result);
      }
      case ACCEPT_DIRECT, OPEN_DIRECT -> {
        return DirectDescriptor.number(result);
      }
      case REGISTER -> {
        return DirectDescriptor.number(Memory.ALL.get(JAVA_INT, scratch(op)));
      }
      case RECEIVE_MESSAGE -> MessageHeader.decode(op, scratch(op));
      case STAT -> StatxDecoder.decode(scratch(op), op.attributes());
      case STAT_PATH -> StatxDecoder.decode(scratch(op), op.names().attributes());
      case GET_XATTR -> {
        return op.names().answerFromMemory(result);
      }
      default -> throw new AssertionError(op);
    }
    return result;
  }

  @Override
  public void close() {
    scratch.close();
  }
}
