// SPDX-License-Identifier: Apache-2.0

/** Names of hosts by DNS, on the sockets of Weft. */
module dev.weft.dns {
  requires transitive dev.weft.reactor;
  requires transitive org.dnsjava;
  requires static org.jspecify;

  exports dev.weft.dns;

  provides dev.weft.net.HostResolver with
      dev.weft.dns.spi.SystemHostResolver;
}
