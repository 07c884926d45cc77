// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Allocation;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileAdvice;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;

/** Translates the constants of operations to those of Linux and back. */
final class KernelCodes {
  // Of linux/in.h and linux/in6.h, the same on all architectures.
  static final int IP_PKTINFO = 8;
  static final int IPV6_PKTINFO = 50;
  private static final int IPV6_RECVPKTINFO = 49;
  private static final int IP_MULTICAST_IF = 32;
  private static final int IP_MULTICAST_TTL = 33;
  private static final int IP_MULTICAST_LOOP = 34;
  private static final int IPV6_MULTICAST_IF = 17;
  private static final int IPV6_MULTICAST_HOPS = 18;
  private static final int IPV6_MULTICAST_LOOP = 19;

  // Of SYNC_FILE_RANGE_, see sync_file_range(2).
  private static final int WAIT_BEFORE = 1;
  private static final int WRITE = 2;
  private static final int WAIT_AFTER = 4;

  /** A pair of neutral bits and the kernel's bits for them. */
  private record Bits(int ours, int kernels) {}

  private static final Bits[] OPEN_FLAGS = {
    new Bits(OpenFlags.APPEND, weft_h.O_APPEND()),
    new Bits(OpenFlags.CREATE, weft_h.O_CREAT()),
    new Bits(OpenFlags.EXCLUSIVE, weft_h.O_EXCL()),
    new Bits(OpenFlags.TRUNCATE, weft_h.O_TRUNC()),
    new Bits(OpenFlags.DIRECTORY, weft_h.O_DIRECTORY()),
    new Bits(OpenFlags.NO_FOLLOW, weft_h.O_NOFOLLOW()),
    new Bits(OpenFlags.DIRECT_IO, weft_h.O_DIRECT()),
    new Bits(OpenFlags.TEMPORARY, weft_h.O_TMPFILE()),
    new Bits(OpenFlags.PATH, weft_h.O_PATH()),
    new Bits(OpenFlags.NO_ACCESS_TIME, weft_h.O_NOATIME()),
    new Bits(OpenFlags.NON_BLOCKING, weft_h.O_NONBLOCK()),
    new Bits(OpenFlags.SYNC, weft_h.O_SYNC()),
    new Bits(OpenFlags.SYNC_DATA, weft_h.O_DSYNC()),
  };

  private static final Bits[] POLL_EVENTS = {
    new Bits(PollEvents.READABLE, weft_h.POLLIN()),
    new Bits(PollEvents.WRITABLE, weft_h.POLLOUT()),
    new Bits(PollEvents.ERROR, weft_h.POLLERR()),
    new Bits(PollEvents.HANG_UP, weft_h.POLLHUP()),
    new Bits(PollEvents.PEER_SHUTDOWN, weft_h.POLLRDHUP()),
  };

  private KernelCodes() {}

  private static int toKernel(int ours, Bits[] table) {
    int kernels = 0;
    for (Bits bits : table) {
      if ((ours & bits.ours) != 0) {
        kernels |= bits.kernels;
      }
    }
    return kernels;
  }

  private static int fromKernel(int kernels, Bits[] table) {
    int ours = 0;
    for (Bits bits : table) {
      if ((kernels & bits.kernels) == bits.kernels) { // O_SYNC has two bits, one is O_DSYNC
        ours |= bits.ours;
      }
    }
    return ours;
  }

  /** {@code O_*} of {@link OpenFlags}. */
  static int openFlags(int flags) {
    boolean write = (flags & OpenFlags.WRITE) != 0;
    boolean read = (flags & OpenFlags.READ) != 0;
    int access = write && read ? weft_h.O_RDWR() : write ? weft_h.O_WRONLY() : weft_h.O_RDONLY();
    return access | toKernel(flags, OPEN_FLAGS);
  }

  /** {@link OpenFlags} of {@code O_*}. */
  static int openFlagsOf(int kernels) {
    if ((kernels & weft_h.O_PATH()) != 0) {
      return fromKernel(kernels, OPEN_FLAGS);
    }
    int access = kernels & weft_h.O_ACCMODE();
    int read = access == weft_h.O_WRONLY() ? 0 : OpenFlags.READ;
    int write = access == weft_h.O_RDONLY() ? 0 : OpenFlags.WRITE;
    return read | write | fromKernel(kernels, OPEN_FLAGS);
  }

  /** {@code POLL*} of {@link PollEvents}. */
  static int pollEvents(int events) {
    return toKernel(events, POLL_EVENTS);
  }

  /** {@link PollEvents} of {@code POLL*}. */
  static int pollEventsOf(int kernels) {
    return fromKernel(kernels, POLL_EVENTS);
  }

  /** {@code SYNC_FILE_RANGE_*}. */
  static int writeBack(boolean waits) {
    return waits ? WAIT_BEFORE | WRITE | WAIT_AFTER : WRITE;
  }

  /** {@code POSIX_FADV_*}. */
  static int advice(FileAdvice advice) {
    return switch (advice) {
      case NORMAL -> 0;
      case RANDOM -> 1;
      case SEQUENTIAL -> 2;
      case WILL_NEED -> 3;
      case DONT_NEED -> 4;
      case NO_REUSE -> 5;
    };
  }

  /** {@code FALLOC_FL_*}. */
  static int allocation(Allocation how) {
    return switch (how) {
      case ALLOCATE -> 0;
      case RESERVE -> weft_h.FALLOC_FL_KEEP_SIZE();
      case PUNCH_HOLE -> weft_h.FALLOC_FL_PUNCH_HOLE() | weft_h.FALLOC_FL_KEEP_SIZE();
      case ZERO -> weft_h.FALLOC_FL_ZERO_RANGE();
      case COLLAPSE -> weft_h.FALLOC_FL_COLLAPSE_RANGE();
      case INSERT -> weft_h.FALLOC_FL_INSERT_RANGE();
    };
  }

  static int shutdown(Direction direction) {
    return switch (direction) {
      case INPUT -> weft_h.SHUT_RD();
      case OUTPUT -> weft_h.SHUT_WR();
      case BOTH -> weft_h.SHUT_RDWR();
    };
  }

  /** {@code AF_*}, or 0 (AF_UNSPEC), which the kernel refuses. */
  static int family(ProtocolFamily family) {
    if (family == StandardProtocolFamily.UNIX) {
      return weft_h.AF_UNIX();
    }
    return family == StandardProtocolFamily.INET
        ? weft_h.AF_INET()
        : family == StandardProtocolFamily.INET6 ? weft_h.AF_INET6() : 0;
  }

  static int type(SocketType type) {
    return switch (type) {
      case STREAM -> weft_h.SOCK_STREAM();
      case DATAGRAM -> weft_h.SOCK_DGRAM();
      case SEQUENCED -> weft_h.SOCK_SEQPACKET();
    };
  }

  /** The number of a {@link SocketType}, or -1. */
  static int typeOf(int type) {
    for (SocketType each : SocketType.values()) {
      if (type(each) == type) {
        return each.number();
      }
    }
    return -1;
  }

  /** The level of an option: that of IPv4 if it has another one for IPv6. */
  static int level(SocketOption option) {
    return switch (option) {
      case NO_DELAY,
          USER_TIMEOUT,
          KEEP_IDLE,
          KEEP_INTERVAL,
          KEEP_COUNT,
          CORK,
          QUICK_ACK,
          FAST_OPEN_QUEUE,
          FAST_OPEN_CONNECT,
          NOT_SENT_LOW_WATER ->
          weft_h.IPPROTO_TCP();
      case IPV6_ONLY -> weft_h.IPPROTO_IPV6();
      case TRAFFIC_CLASS,
          BIND_WITHOUT_PORT,
          MULTICAST_INTERFACE,
          MULTICAST_TTL,
          MULTICAST_LOOP,
          PACKET_INFO ->
          weft_h.IPPROTO_IP();
      default -> weft_h.SOL_SOCKET();
    };
  }

  static int name(SocketOption option) {
    return switch (option) {
      case REUSE_ADDRESS -> weft_h.SO_REUSEADDR();
      case REUSE_PORT -> weft_h.SO_REUSEPORT();
      case KEEP_ALIVE -> weft_h.SO_KEEPALIVE();
      case KEEP_IDLE -> weft_h.TCP_KEEPIDLE();
      case KEEP_INTERVAL -> weft_h.TCP_KEEPINTVL();
      case KEEP_COUNT -> weft_h.TCP_KEEPCNT();
      case BROADCAST -> weft_h.SO_BROADCAST();
      case NO_DELAY -> weft_h.TCP_NODELAY();
      case CORK -> weft_h.TCP_CORK();
      case QUICK_ACK -> weft_h.TCP_QUICKACK();
      case FAST_OPEN_QUEUE -> weft_h.TCP_FASTOPEN();
      case FAST_OPEN_CONNECT -> weft_h.TCP_FASTOPEN_CONNECT();
      case NOT_SENT_LOW_WATER -> weft_h.TCP_NOTSENT_LOWAT();
      case IPV6_ONLY -> weft_h.IPV6_V6ONLY();
      case RECEIVE_BUFFER -> weft_h.SO_RCVBUF();
      case SEND_BUFFER -> weft_h.SO_SNDBUF();
      case USER_TIMEOUT -> weft_h.TCP_USER_TIMEOUT();
      case LINGER -> weft_h.SO_LINGER();
      case TRAFFIC_CLASS -> weft_h.IP_TOS();
      case PACKET_INFO -> IP_PKTINFO;
      case MULTICAST_INTERFACE -> IP_MULTICAST_IF;
      case MULTICAST_TTL -> IP_MULTICAST_TTL;
      case MULTICAST_LOOP -> IP_MULTICAST_LOOP;
      case PRIORITY -> weft_h.SO_PRIORITY();
      case MARK -> weft_h.SO_MARK();
      case INCOMING_CPU -> weft_h.SO_INCOMING_CPU();
      case BIND_WITHOUT_PORT -> weft_h.IP_BIND_ADDRESS_NO_PORT();
      case ERROR -> weft_h.SO_ERROR();
      case TYPE -> weft_h.SO_TYPE();
    };
  }

  /** The name of an option at the level of IPv6 that IPv6 sockets have as well; otherwise -1. */
  static int nameOfIpv6(SocketOption option) {
    return switch (option) {
      case TRAFFIC_CLASS -> weft_h.IPV6_TCLASS();
      case PACKET_INFO -> IPV6_RECVPKTINFO;
      case MULTICAST_INTERFACE -> IPV6_MULTICAST_IF;
      case MULTICAST_TTL -> IPV6_MULTICAST_HOPS;
      case MULTICAST_LOOP -> IPV6_MULTICAST_LOOP;
      default -> -1;
    };
  }

  /** The file type of {@code S_IFMT} bits. */
  static FileType fileType(int mode) {
    int type = mode & weft_h.S_IFMT();
    if (type == weft_h.S_IFREG()) {
      return FileType.REGULAR;
    }
    if (type == weft_h.S_IFDIR()) {
      return FileType.DIRECTORY;
    }
    if (type == weft_h.S_IFLNK()) {
      return FileType.LINK;
    }
    if (type == weft_h.S_IFIFO()) {
      return FileType.PIPE;
    }
    if (type == weft_h.S_IFSOCK()) {
      return FileType.SOCKET;
    }
    if (type == weft_h.S_IFCHR()) {
      return FileType.CHARACTER_DEVICE;
    }
    return type == weft_h.S_IFBLK() ? FileType.BLOCK_DEVICE : FileType.OTHER;
  }
}
