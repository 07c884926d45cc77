// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.net;

import dev.weft.Blocking;
import dev.weft.Deadline;
import dev.weft.internal.failure.Failures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ProtocolFamily;
import java.util.ArrayList;
import java.util.List;

/** The JDK's lookup of hosts, on a thread that it may block. */
public final class JdkHostLookup {
  private JdkHostLookup() {}

  /**
   * Returns the addresses of one family. The JDK asks for both at once; of two calls at a time for
   * one host, it lets the second wait for the first.
   */
  public static List<InetAddress> resolve(String host, ProtocolFamily family, Deadline deadline)
      throws IOException {
    InetAddress[] all;
    try {
      all = Blocking.call(() -> InetAddress.getAllByName(host), deadline);
    } catch (Exception e) {
      throw Failures.unchecked(e); // an UnknownHostException, or that of a wait
    }
    List<InetAddress> found = new ArrayList<>();
    for (InetAddress address : all) {
      if (AddressFamilies.of(address) == family) {
        found.add(address);
      }
    }
    return found;
  }
}
