// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.linger;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.SocketAddresses;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The system calls that set up TCP sockets and listeners. They do not wait. */
public final class SocketCalls {
  private static final Duration LINGER_MAX = Duration.ofSeconds(Integer.MAX_VALUE);
  private static final Duration SECOND_ALMOST = Duration.ofNanos(999_999_999);

  /** The JDK's system property. */
  private static final String IPV4_ONLY = "java.net.preferIPv4Stack";

  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;

  private SocketCalls() {}

  /**
   * The address to bind for a server on {@code wanted}. Both wildcard addresses mean all interfaces
   * and both families, because {@code new InetSocketAddress(port)} of the JDK can be either: an
   * IPv6 socket that also takes IPv4 clients, or an IPv4 socket if there is no IPv6.
   */
  public static InetSocketAddress ofBothFamilies(EventLoop loop, InetSocketAddress wanted)
      throws IOException {
    SocketAddresses.requireResolved(wanted);
    if (!wanted.getAddress().isAnyLocalAddress()) {
      return wanted;
    }
    int type = weft_h.SOCK_STREAM();
    int probe = SyncOps.perform(loop, Op.SOCKET, weft_h.AF_INET6(), type, 0, 0);
    if (probe >= 0) {
      loop.backend().closeDescriptor(probe);
    }
    boolean ipv4Only = probe == -Errno.EAFNOSUPPORT.code() || Boolean.getBoolean(IPV4_ONLY);
    byte[] bytes = new byte[ipv4Only ? IPV4_BYTES : IPV6_BYTES];
    return new InetSocketAddress(InetAddress.getByAddress(bytes), wanted.getPort());
  }

  /**
   * Opens {@code handle} with a new stream socket of the family of {@code address}.
   *
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static void stream(EventLoop loop, Handle handle, InetSocketAddress address)
      throws IOException {
    SocketAddresses.requireResolved(address);
    int family = SocketAddresses.family(address);
    int result = SyncOps.perform(loop, Op.SOCKET, family, weft_h.SOCK_STREAM(), 0, 0);
    loop.backend().open(handle, check("socket", address, result));
  }

  public static void bind(EventLoop loop, Handle handle, InetSocketAddress address)
      throws IOException {
    long scratch = SyncOps.scratch(loop);
    int length = SocketAddresses.encode(address, scratch);
    check("bind", address, SyncOps.perform(loop, Op.BIND, handle, 0, 0, scratch, length));
  }

  public static void listen(EventLoop loop, Handle handle, InetSocketAddress address, int backlog)
      throws IOException {
    check("listen", address, SyncOps.perform(loop, Op.LISTEN, handle, backlog, 0, 0, 0));
  }

  /** The address of this end. */
  public static InetSocketAddress localAddress(EventLoop loop, Handle handle) throws IOException {
    return name(loop, Op.GETSOCKNAME, "getsockname", handle);
  }

  /** The address of the other end. */
  public static InetSocketAddress remoteAddress(EventLoop loop, Handle handle) throws IOException {
    return name(loop, Op.GETPEERNAME, "getpeername", handle);
  }

  private static InetSocketAddress name(EventLoop loop, int opcode, String verb, Handle handle)
      throws IOException {
    long scratch = SyncOps.scratch(loop);
    int capacity = SocketAddresses.BYTES_MAX;
    int result = SyncOps.perform(loop, opcode, handle, 0, 0, scratch, capacity);
    if (result < 0) {
      throw new ErrnoException(verb, handle.description().toString(), -result);
    }
    return SocketAddresses.decode(scratch);
  }

  /** Sets an option whose value is an int or a switch. */
  public static void set(
      EventLoop loop, Handle handle, int level, int option, int value, Object subject)
      throws IOException {
    check("setsockopt", subject, SyncOps.setIntOption(loop, handle, level, option, value));
  }

  /** Reads an option whose value is an int. */
  public static int get(EventLoop loop, Handle handle, int level, int option, Object subject)
      throws IOException {
    long scratch = SyncOps.scratch(loop);
    int result =
        SyncOps.perform(loop, Op.GET_OPTION, handle, level, option, scratch, Integer.BYTES);
    check("getsockopt", subject, result);
    return Memory.ALL.get(JAVA_INT, scratch);
  }

  /**
   * Sets SO_LINGER, rounded up to whole seconds because 0 means reset; null keeps the kernel's
   * default.
   */
  public static void linger(EventLoop loop, Handle handle, @Nullable Duration time, Object subject)
      throws IOException {
    if (time == null) {
      return;
    }
    long scratch = SyncOps.scratch(loop);
    MemorySegment value = Memory.at(scratch, linger.sizeof());
    linger.l_onoff(value, 1);
    linger.l_linger(value, seconds(time));
    int level = weft_h.SOL_SOCKET();
    int size = (int) linger.sizeof();
    int result =
        SyncOps.perform(loop, Op.SET_OPTION, handle, level, weft_h.SO_LINGER(), scratch, size);
    check("setsockopt", subject, result);
  }

  private static int seconds(Duration time) {
    return time.compareTo(LINGER_MAX) < 0
        ? (int) time.plus(SECOND_ALMOST).toSeconds()
        : Integer.MAX_VALUE;
  }

  /** Closes a handle without suspending: at once, or when its last operation has completed. */
  public static void discard(EventLoop loop, Handle handle) {
    Closing.discard(loop.backend(), handle);
  }

  private static int check(String verb, Object subject, int result) throws IOException {
    if (result >= 0) {
      return result;
    }
    String text =
        subject instanceof InetSocketAddress address
            ? SocketAddresses.text(address)
            : subject.toString();
    throw new ErrnoException(verb, text, -result);
  }
}
