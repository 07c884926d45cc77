// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.spi;

import dev.weft.Deadline;
import dev.weft.dns.Resolver;
import dev.weft.net.HostResolver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DNS as the system is configured, for the connections by name of one reactor. Windows has no
 * resolv.conf: there the JDK is asked.
 */
public final class SystemHostResolver implements HostResolver {
  private @Nullable HostResolver resolver;

  /** Made once for each reactor, which has to be the current one at the first lookup. */
  public SystemHostResolver() {}

  @Override
  public List<InetAddress> resolve(String host, StandardProtocolFamily family, Deadline deadline)
      throws IOException {
    HostResolver opened = resolver;
    if (opened == null) {
      opened = open();
      resolver = opened;
    }
    return opened.resolve(host, family, deadline);
  }

  private static HostResolver open() {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return HostResolver.ofJdk();
    }
    Resolver opened = Resolver.open();
    opened.transferToReactor();
    return opened;
  }
}
