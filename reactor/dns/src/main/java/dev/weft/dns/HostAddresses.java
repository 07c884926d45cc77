// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import java.net.InetAddress;
import java.util.List;

/** The addresses of a host, and the names that lead to them. Immutable. */
public final class HostAddresses {
  private final String name;
  private final List<String> aliases;
  private final List<InetAddress> addresses;

  HostAddresses(String name, List<String> aliases, List<InetAddress> addresses) {
    this.name = name;
    this.aliases = List.copyOf(aliases);
    this.addresses = List.copyOf(addresses);
  }

  /**
   * {@return the name that was found: as it was asked for, in its case, with the search domain that
   * was appended and without a dot at the end}
   */
  public String name() {
    return name;
  }

  /**
   * {@return the names that the chain of aliases (CNAME) goes through from {@link #name}, the
   * canonical one last; none if the name is no alias}
   */
  public List<String> aliases() {
    return aliases;
  }

  /** {@return the name that has the addresses, at the end of the chain of aliases} */
  public String canonicalName() {
    return aliases.isEmpty() ? name : aliases.getLast();
  }

  /** {@return at least one address, those of IPv6 first, otherwise in the order of the answers} */
  public List<InetAddress> addresses() {
    return addresses;
  }

  @Override
  public String toString() {
    return name + " " + addresses;
  }
}
