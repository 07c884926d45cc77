// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.examples.common.ListenAddress;
import dev.weft.net.InheritedSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A value of {@code --listen}: an address, or a socket that the program has been started with.
 *
 * @param address where to listen, or null
 * @param inherited the number of a descriptor, or the name that systemd gives the socket, or null
 */
record Place(@Nullable InetSocketAddress address, @Nullable String inherited) {
  private static final String PREFIX = "fd:";
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

  /** Reads {@code HOST:PORT}, {@code [IPV6]:PORT}, {@code fd:NUMBER} or {@code fd:NAME}. */
  static Place parse(String text) {
    return text.startsWith(PREFIX)
        ? new Place(null, text.substring(PREFIX.length()))
        : new Place(ListenAddress.parse(text), null);
  }

  boolean isInherited() {
    return inherited != null;
  }

  /** Lets a server take over the socket that the program has been started with. */
  ListeningSockets take(ReactorServer server) throws IOException {
    String name = Objects.requireNonNull(inherited);
    try {
      return server.adopt(
          NUMBER.matcher(name).matches()
              ? Integer.parseInt(name)
              : InheritedSockets.ofProcess().descriptor(name));
    } catch (IllegalStateException e) { // the environment is wrong
      throw new IllegalArgumentException("--listen " + this + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--listen " + this + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return address == null ? PREFIX + inherited : ListenAddress.text(address);
  }
}
