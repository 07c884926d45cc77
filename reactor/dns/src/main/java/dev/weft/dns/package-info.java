// SPDX-License-Identifier: Apache-2.0
/**
 * Names of hosts by DNS, on the sockets of the reactor.
 *
 * <p>With this module on the class path or module path, {@link
 * dev.weft.net.TcpSocket#connect(String, int)} resolves names by it, as the system is configured.
 * {@link dev.weft.dns.Resolver} is for addresses, names of addresses, and records of any type.
 *
 * <p>Records and names are those of dnsjava ({@code org.xbill.DNS}); its own resolvers, which use
 * threads, are not used. It logs to SLF4J.
 *
 * <p>The rules of {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.dns;

import org.jspecify.annotations.NullMarked;
