// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import dev.weft.bindings.NativeLibrary;
import dev.weft.bindings.weft_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** System calls that are made directly, outside the ring. Each returns at least 0, or -errno. */
public final class Libc {
  private static final int STANDARD_STREAMS = 3;
  private static final int F_SETFD = 2;
  private static final int AFFINITY_BYTES = 1024; // 8192 CPUs, more than any kernel is built for

  private Libc() {}

  /** Loads the native library, without which nothing here can be called; returns whether it is. */
  public static boolean isAvailable() {
    try {
      NativeLibrary.load();
      return true;
    } catch (UnsatisfiedLinkError e) { // none for this system, denied, or failed for the moment
      return false;
    }
  }

  public static int socket(int domain, int type) {
    return weft_h.weft_socket(domain, type | weft_h.SOCK_CLOEXEC(), 0);
  }

  public static int bind(int fd, long address, int length) {
    return weft_h.weft_bind(fd, MemorySegment.ofAddress(address), length);
  }

  public static int listen(int fd, int backlog) {
    return weft_h.weft_listen(fd, backlog);
  }

  public static int shutdown(int fd, int how) {
    return weft_h.weft_shutdown(fd, how);
  }

  /** shutdown(2) of one direction or both. */
  public static int shutdown(int fd, boolean input, boolean output) {
    int one = input ? weft_h.SHUT_RD() : weft_h.SHUT_WR();
    return shutdown(fd, input && output ? weft_h.SHUT_RDWR() : one);
  }

  /** getsockname(2): writes a sockaddr of at most {@code capacity} bytes; returns its length. */
  public static int localName(int fd, long address, int capacity) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, capacity);
      int result = weft_h.weft_getsockname(fd, MemorySegment.ofAddress(address), length);
      return result < 0 ? result : length.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** getpeername(2): as {@link #localName}, of the peer. */
  public static int peerName(int fd, long address, int capacity) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, capacity);
      int result = weft_h.weft_getpeername(fd, MemorySegment.ofAddress(address), length);
      return result < 0 ? result : length.get(ValueLayout.JAVA_INT, 0);
    }
  }

  public static int setOption(int fd, int level, int name, long value, int length) {
    return weft_h.weft_setsockopt(fd, level, name, MemorySegment.ofAddress(value), length);
  }

  public static int getOption(int fd, int level, int name, long value, int capacity) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, capacity);
      return weft_h.weft_getsockopt(fd, level, name, MemorySegment.ofAddress(value), length);
    }
  }

  /** SIOCINQ: the bytes that have come and not been read. */
  public static int unread(int fd) {
    return weft_h.weft_unread(fd);
  }

  /** SIOCOUTQ: the bytes that the other end has not acknowledged, or not taken. */
  public static int unsent(int fd) {
    return weft_h.weft_unsent(fd);
  }

  /** TCP_INFO: writes the WEFT_TCP_INFO_VALUES numbers that weft.h names at {@code target}. */
  public static int connectionInfo(int fd, long target) {
    return weft_h.weft_tcp_info(fd, MemorySegment.ofAddress(target));
  }

  /** pipe2(2): writes the two descriptors, read end first, as ints at {@code target}. */
  public static int pipe(long target) {
    return weft_h.weft_pipe2(MemorySegment.ofAddress(target), weft_h.O_CLOEXEC());
  }

  /** socketpair(2) of AF_UNIX: writes the two descriptors as ints at {@code target}. */
  public static int socketPair(int type, long target) {
    return weft_h.weft_socketpair(type | weft_h.SOCK_CLOEXEC(), MemorySegment.ofAddress(target));
  }

  /** F_DUPFD_CLOEXEC (fcntl(2)): another descriptor for the same open file. */
  public static int duplicate(int fd) {
    return fcntl(fd, weft_h.F_DUPFD_CLOEXEC(), STANDARD_STREAMS);
  }

  /** F_SETFD (fcntl(2)): the descriptor is closed in processes that this one starts. */
  public static int closeOnExec(int fd) {
    return fcntl(fd, F_SETFD, weft_h.FD_CLOEXEC());
  }

  public static int fcntl(int fd, int command, int argument) {
    return weft_h.weft_fcntl(fd, command, argument);
  }

  /** The file type of {@code fd}: its {@code S_IFMT} bits. */
  public static int fileType(int fd) {
    return weft_h.weft_file_type(fd);
  }

  public static int close(int fd) {
    return weft_h.weft_close(fd);
  }

  /** read(2), which blocks the thread. */
  public static int read(int fd, long address, int length) {
    return weft_h.weft_read(fd, MemorySegment.ofAddress(address), length);
  }

  /** write(2), which blocks the thread. */
  public static int write(int fd, long address, int length) {
    return weft_h.weft_write(fd, MemorySegment.ofAddress(address), length);
  }

  /** recv(2), which does not wait. */
  public static int receive(int fd, long address, int length, boolean peeks) {
    int flags = weft_h.MSG_DONTWAIT() | (peeks ? weft_h.MSG_PEEK() : 0);
    return weft_h.weft_recv(fd, MemorySegment.ofAddress(address), length, flags);
  }

  /** send(2), which does not wait, nor raise SIGPIPE. */
  public static int send(int fd, long address, int length) {
    int flags = weft_h.MSG_DONTWAIT() | weft_h.MSG_NOSIGNAL();
    return weft_h.weft_send(fd, MemorySegment.ofAddress(address), length, flags);
  }

  /** recvmsg(2), which does not wait; {@code header} is the address of a msghdr. */
  public static int receiveMessage(int fd, long header, boolean peeks) {
    int flags = weft_h.MSG_DONTWAIT() | weft_h.MSG_CMSG_CLOEXEC();
    int all = peeks ? flags | weft_h.MSG_PEEK() : flags;
    return weft_h.weft_recvmsg(fd, MemorySegment.ofAddress(header), all);
  }

  /** sendmsg(2), which does not wait, nor raise SIGPIPE. */
  public static int sendMessage(int fd, long header, int flags) {
    int all = flags | weft_h.MSG_DONTWAIT() | weft_h.MSG_NOSIGNAL();
    return weft_h.weft_sendmsg(fd, MemorySegment.ofAddress(header), all);
  }

  /** Reads at {@code offset}, or at the descriptor's position if it is -1; -EAGAIN if it waited. */
  public static int tryRead(int fd, long address, int length, long offset) {
    return weft_h.weft_try_read(fd, MemorySegment.ofAddress(address), length, offset);
  }

  /** Writes, as {@link #tryRead} reads. */
  public static int tryWrite(int fd, long address, int length, long offset) {
    return weft_h.weft_try_write(fd, MemorySegment.ofAddress(address), length, offset);
  }

  /** poll(2), which does not wait: the events that hold, 0 if there are none. */
  public static int poll(int fd, int events) {
    return weft_h.weft_poll(fd, events, 0);
  }

  /** poll(2): blocks the thread until a descriptor can be read or written, or has failed. */
  public static int awaitReady(int fd, boolean writes) {
    return weft_h.weft_poll(fd, writes ? weft_h.POLLOUT() : weft_h.POLLIN(), -1);
  }

  /**
   * mmap(2): maps whole pages, zeroed.
   *
   * @param huge whether to use huge pages if there are any
   * @return the address, or -errno
   */
  public static long map(long bytes, boolean huge) {
    return weft_h.weft_map(bytes, huge ? 1 : 0);
  }

  /** munmap(2). */
  public static int unmap(long address, long bytes) {
    return weft_h.weft_unmap(address, bytes);
  }

  /** madvise(2): returns the memory behind pages to the kernel; they read as zeros. */
  public static int discard(long address, long bytes) {
    return weft_h.weft_discard(address, bytes);
  }

  /** eventfd(2): makes a counter, which becomes readable by {@link #signalEvent}. */
  public static int eventFd() {
    return weft_h.weft_eventfd(0, weft_h.EFD_CLOEXEC());
  }

  public static int signalEvent(int eventFd) {
    return weft_h.weft_eventfd_write(eventFd, 1);
  }

  /** gettid(2): the kernel's id of the calling thread. */
  public static int threadId() {
    return weft_h.weft_gettid();
  }

  /** Pins the calling thread to one CPU. */
  public static int pinThread(int cpu) {
    return weft_h.weft_pin_thread(cpu);
  }

  /** The CPUs that the calling thread may run on; empty if that can't be read. */
  public static BitSet affinity() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(AFFINITY_BYTES, Long.BYTES);
      int bytes = weft_h.weft_get_affinity(mask, AFFINITY_BYTES);
      return bytes <= 0
          ? new BitSet()
          : BitSet.valueOf(mask.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  public static int setAffinity(BitSet cpus) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = affinityMask(cpus, arena);
      return weft_h.weft_set_affinity(mask, (int) mask.byteSize());
    }
  }

  /** {@code cpus} as a {@code cpu_set_t}. */
  public static MemorySegment affinityMask(BitSet cpus, Arena arena) {
    MemorySegment mask = arena.allocate(AFFINITY_BYTES, Long.BYTES);
    MemorySegment.copy(
        MemorySegment.ofArray(cpus.toByteArray()), 0, mask, 0, (cpus.length() + 7) / 8);
    return mask;
  }
}
