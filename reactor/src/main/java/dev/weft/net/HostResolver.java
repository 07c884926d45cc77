// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.internal.net.JdkHostLookup;
import dev.weft.internal.strand.EventLoop;
import dev.weft.routine.Suspends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;

/**
 * Finds the addresses of hosts, for the fibers of one reactor. {@link TcpSocket#connect(String,
 * int)} asks that of its reactor.
 *
 * <p>Each reactor has one. It is the object that {@link #setCurrent} has set; otherwise a new one
 * of the first class that {@link ServiceLoader} finds, which is DNS on the reactor's own sockets if
 * the module {@code dev.weft.dns} is there; otherwise the JDK's lookup on the threads of {@link
 * dev.weft.Blocking}, of which at most 64 hosts can be looked up at once.
 */
@FunctionalInterface
public interface HostResolver {
  /**
   * Finds the addresses of one family that a host has. Suspends. It is called for both families at
   * the same time, by two fibers, which have a stack unless the class is woven.
   *
   * @param host a name, not an address and not empty
   * @param family {@code INET} for IPv4, {@code INET6} for IPv6
   * @param deadline when to stop waiting
   * @return the addresses, the preferred ones first; none if the host has only those of the other
   *     family
   * @throws java.net.UnknownHostException if there is no such host, or it can't be found out
   * @throws IOException if it can't be found out
   * @throws dev.weft.error.DeadlineExceededException if it is not known by then
   */
  @Suspends
  List<InetAddress> resolve(String host, StandardProtocolFamily family, Deadline deadline)
      throws IOException;

  /**
   * {@return the resolver of the current reactor}
   *
   * @throws java.util.ServiceConfigurationError if a class that the class path or module path names
   *     as a resolver can't be instantiated
   */
  static HostResolver current() {
    EventLoop loop = EventLoop.require("current");
    HostResolver resolver = loop.extensions.get(HostResolver.class);
    if (resolver == null) {
      Iterator<HostResolver> found = ServiceLoader.load(HostResolver.class).iterator();
      resolver = found.hasNext() ? found.next() : ofJdk();
      loop.extensions.put(HostResolver.class, resolver);
    }
    return resolver;
  }

  /**
   * {@return a resolver that asks the JDK, on the threads of {@link dev.weft.Blocking}} Any reactor
   * may use it.
   */
  static HostResolver ofJdk() {
    return JdkHostLookup::resolve;
  }

  /**
   * Sets the resolver of the current reactor, for lookups that start from now on.
   *
   * @param resolver of this reactor
   */
  static void setCurrent(HostResolver resolver) {
    Objects.requireNonNull(resolver, "resolver");
    EventLoop.require("setCurrent").extensions.put(HostResolver.class, resolver);
  }
}
