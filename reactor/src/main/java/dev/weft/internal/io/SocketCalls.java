// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Credentials;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.MulticastMembership;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** The system calls that set up sockets and listeners. They do not wait. */
public final class SocketCalls {
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
    InetAddresses.requireResolved(wanted);
    if (!wanted.getAddress().isAnyLocalAddress()) {
      return wanted;
    }
    Call request = loop.call().socket(StandardProtocolFamily.INET6, SocketType.STREAM);
    int probe = loop.backend().perform(request);
    if (probe >= 0) {
      loop.backend().closeDescriptor(probe);
    }
    boolean ipv4Only = probe == -Errno.EAFNOSUPPORT.code() || Boolean.getBoolean(IPV4_ONLY);
    byte[] bytes = new byte[ipv4Only ? IPV4_BYTES : IPV6_BYTES];
    return new InetSocketAddress(InetAddress.getByAddress(bytes), wanted.getPort());
  }

  /**
   * Opens {@code handle} with a new socket of the family of {@code address}, and sets its options.
   * If that fails, the handle has no descriptor.
   *
   * @throws UnknownHostException if {@code address} is not resolved
   */
  public static void open(
      EventLoop loop, Handle handle, SocketType type, InetSocketAddress address, SocketSetup setup)
      throws ErrnoException, UnknownHostException {
    InetAddresses.requireResolved(address);
    open(loop, handle, InetAddresses.family(address), type, address, setup);
  }

  /**
   * As {@link #open(EventLoop, Handle, SocketType, InetSocketAddress, SocketSetup)}, of any family.
   *
   * @param subject what to name in exceptions
   */
  public static void open(
      EventLoop loop,
      Handle handle,
      ProtocolFamily family,
      SocketType type,
      Object subject,
      SocketSetup setup)
      throws ErrnoException {
    Call request = loop.call().socket(family, type);
    loop.backend().open(handle, check("socket", subject, loop.backend().perform(request)));
    boolean isSetUp = false;
    try {
      set(loop, handle, setup, subject);
      isSetUp = true;
    } finally {
      if (!isSetUp) {
        discard(loop, handle);
      }
    }
  }

  public static void bind(EventLoop loop, Handle handle, SocketAddress address)
      throws ErrnoException {
    check("bind", address, loop.backend().perform(loop.call().bind(handle, address)));
  }

  /**
   * Binds the socket of a connection to an address. With port 0 the connect chooses the port, which
   * can be that of another connection to somewhere else, where the backend can do that.
   *
   * @throws UnknownHostException if {@code local} is not resolved
   */
  public static void bindForConnect(
      EventLoop loop, Handle handle, InetSocketAddress local, InetSocketAddress remote)
      throws IOException {
    InetAddresses.requireResolved(local);
    if (InetAddresses.family(local) != InetAddresses.family(remote)) {
      throw new ErrnoException("bind", InetAddresses.text(local), Errno.EAFNOSUPPORT.code());
    }
    if (local.getPort() == 0 && loop.backend().has(Capability.SOCKET_OPTIONS)) {
      set(loop, handle, SocketOption.BIND_WITHOUT_PORT, 1, local);
    }
    bind(loop, handle, local);
  }

  public static void listen(EventLoop loop, Handle handle, SocketAddress address, int backlog)
      throws ErrnoException {
    check("listen", address, loop.backend().perform(loop.call().listen(handle, backlog)));
  }

  /** Joins a multicast group, named {@code subject} in exceptions. */
  public static void join(
      EventLoop loop, Handle handle, MulticastMembership membership, Object subject)
      throws ErrnoException {
    check("join", subject, loop.backend().perform(loop.call().joinGroup(handle, membership)));
  }

  /** Leaves a multicast group. */
  public static void leave(
      EventLoop loop, Handle handle, MulticastMembership membership, Object subject)
      throws ErrnoException {
    check("leave", subject, loop.backend().perform(loop.call().leaveGroup(handle, membership)));
  }

  /** The address of this end. */
  public static InetSocketAddress localAddress(EventLoop loop, Handle handle) throws IOException {
    return (InetSocketAddress) localName(loop, handle);
  }

  /** The address of the other end. */
  public static InetSocketAddress remoteAddress(EventLoop loop, Handle handle) throws IOException {
    return (InetSocketAddress) remoteName(loop, handle);
  }

  /** The address of this end, of any family, in the form of backends. */
  public static SocketAddress localName(EventLoop loop, Handle handle) throws IOException {
    perform(loop, "getsockname", handle, loop.call().localAddress(handle));
    return loop.call().address();
  }

  /** The address of the other end, of any family, in the form of backends. */
  public static SocketAddress remoteName(EventLoop loop, Handle handle) throws IOException {
    perform(loop, "getpeername", handle, loop.call().remoteAddress(handle));
    return loop.call().address();
  }

  /** The process at the other end of a Unix socket. */
  public static Credentials peerCredentials(EventLoop loop, Handle handle) throws IOException {
    perform(loop, "SO_PEERCRED", handle, loop.call().peerCredentials(handle));
    return loop.call().credentials();
  }

  /** The address of the other end, or null if the socket is not connected. */
  public static @Nullable InetSocketAddress remoteAddressIfAny(EventLoop loop, Handle handle)
      throws IOException {
    try {
      return remoteAddress(loop, handle);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOTCONN) {
        return null;
      }
      throw e;
    }
  }

  private static void perform(EventLoop loop, String verb, Handle handle, Call request)
      throws IOException {
    int result = loop.backend().perform(request);
    if (result < 0) {
      throw new ErrnoException(verb, handle.description().toString(), -result);
    }
  }

  /** Sets the options of an open socket, up to the first that fails. */
  public static void set(EventLoop loop, Handle handle, SocketSetup setup, Object subject)
      throws ErrnoException {
    for (int i = 0; i < setup.size(); i++) {
      set(loop, handle, setup.option(i), setup.valueAt(i), subject);
    }
  }

  /**
   * Sets an option of an open socket.
   *
   * @throws UnsupportedOperationException if the backend does not have it
   */
  public static void set(
      EventLoop loop, Handle handle, SocketOption option, int value, Object subject)
      throws ErrnoException {
    int result = loop.backend().perform(loop.call().setOption(handle, option, value));
    checkOption(loop, "setsockopt ", option, subject, result);
  }

  /**
   * Reads an option.
   *
   * @throws UnsupportedOperationException if the backend does not have it
   */
  public static int get(EventLoop loop, Handle handle, SocketOption option, Object subject)
      throws ErrnoException {
    Call request = loop.call().getOption(handle, option);
    checkOption(loop, "getsockopt ", option, subject, loop.backend().perform(request));
    return request.value();
  }

  private static void checkOption(
      EventLoop loop, String verb, SocketOption option, Object subject, int result)
      throws ErrnoException {
    if (result == -Errno.ENOPROTOOPT.code()) {
      loop.backend().require(Capability.SOCKET_OPTIONS, verb + option);
    }
    if (result < 0) {
      check(verb + option, subject, result);
    }
  }

  /**
   * Checks that a descriptor of the process is a socket of some type.
   *
   * @throws IllegalArgumentException if it is not
   * @throws UnsupportedOperationException if the backend has descriptors of its own
   */
  public static void requireType(EventLoop loop, Handle foreign, SocketType type)
      throws ErrnoException {
    if (!isOfType(loop, foreign, type)) {
      throw new IllegalArgumentException(foreign.description() + " is not a socket for " + type);
    }
  }

  /**
   * Returns whether a descriptor of the process is a socket of some type.
   *
   * @throws UnsupportedOperationException if the backend has descriptors of its own
   */
  public static boolean isOfType(EventLoop loop, Handle foreign, SocketType type)
      throws ErrnoException {
    Object name = foreign.description();
    loop.backend().require(Capability.KERNEL_DESCRIPTORS, "adopting " + name);
    check(
        "adopt",
        name,
        foreign.isDirect() ? -Errno.EBADF.code() : 0); // no process has such a number
    Call request = loop.call().getOption(foreign, SocketOption.TYPE);
    int result = loop.backend().perform(request);
    if (result == -Errno.ENOTSOCK.code()) {
      return false;
    }
    check("getsockopt TYPE", name, result);
    return request.value() == type.number();
  }

  /**
   * Lets a socket of the process listen, if it does not yet.
   *
   * @return its address, in the form of backends
   * @throws IllegalArgumentException if it can't: it is a connection, or another type of socket
   * @throws UnsupportedOperationException if the backend has descriptors of its own
   */
  public static SocketAddress listenOn(EventLoop loop, Handle foreign, SocketType type, int backlog)
      throws IOException {
    requireType(loop, foreign, type);
    SocketAddress local = localName(loop, foreign);
    boolean unbound = local instanceof InetSocketAddress address && address.getPort() == 0;
    int result =
        unbound
            ? -Errno.EINVAL.code()
            : loop.backend().perform(loop.call().listen(foreign, backlog));
    if (result == -Errno.EINVAL.code()) {
      throw new IllegalArgumentException(
          foreign.description() + " is connected or has no address: it can't listen");
    }
    check("listen", foreign.description(), result);
    return local;
  }

  /**
   * Makes another descriptor for what a handle refers to.
   *
   * @return the descriptor, which the caller owns
   */
  public static int duplicate(EventLoop loop, Handle handle) throws ErrnoException {
    Object name = handle.description();
    loop.backend().require(Capability.KERNEL_DESCRIPTORS, "duplicating the descriptor of " + name);
    return check("dup", name, loop.backend().perform(loop.call().duplicate(handle)));
  }

  /** Takes over the connection of a channel, which must not be used any more. */
  public static void adopt(EventLoop loop, Handle handle, SocketChannel channel)
      throws IOException {
    int result = loop.backend().perform(loop.call().adopt(channel));
    if (result == -Errno.EOPNOTSUPP.code()) {
      throw new UnsupportedOperationException(
          "adopt " + channel + ": its descriptor can't be found on this system");
    }
    loop.backend().open(handle, check("adopt", channel, result));
  }

  /** Closes a handle without suspending: immediately, or when its last operation has completed. */
  public static void discard(EventLoop loop, Handle handle) {
    Closing.discard(loop.backend(), handle);
  }

  private static int check(String verb, Object subject, int result) throws ErrnoException {
    if (result >= 0) {
      return result;
    }
    String text =
        subject instanceof InetSocketAddress address
            ? InetAddresses.text(address)
            : subject.toString();
    throw new ErrnoException(verb, text, -result);
  }
}
