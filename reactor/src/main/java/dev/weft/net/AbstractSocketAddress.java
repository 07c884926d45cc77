// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.UnixAddress;
import dev.weft.internal.fs.FileNames;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/**
 * Abstract address of a Unix socket (unix(7)): a name without a file, which is free again as soon
 * as the socket is closed. Linux only. Immutable. Addresses with a path are {@link
 * java.net.UnixDomainSocketAddress}.
 */
public final class AbstractSocketAddress extends SocketAddress {
  private static final long serialVersionUID = 1L;

  /** The same address for backends. */
  final UnixAddress address;

  AbstractSocketAddress(UnixAddress address) {
    this.address = address;
    address.publicForm(this);
  }

  /**
   * {@return an address with a name in UTF-8}
   *
   * @param name the name, of 1 to 107 bytes
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static AbstractSocketAddress of(String name) {
    return of(name.getBytes(UTF_8));
  }

  /**
   * {@return an address with a name of any bytes}
   *
   * @param name the name, of 1 to 107 bytes; copied
   * @throws IllegalArgumentException if it is empty or longer
   */
  public static AbstractSocketAddress of(byte[] name) {
    if (name.length == 0 || name.length > UnixAddress.NAME_MAX) {
      throw new IllegalArgumentException(
          "an abstract name has 1 to " + UnixAddress.NAME_MAX + " bytes, not " + name.length);
    }
    return new AbstractSocketAddress(new UnixAddress(name.clone(), true));
  }

  /** {@return the bytes of the name} */
  public byte[] name() {
    return address.name().clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AbstractSocketAddress that && address.equals(that.address);
  }

  @Override
  public int hashCode() {
    return address.hashCode();
  }

  /** {@return the name in UTF-8 after an {@code @}, as ss(8) shows it} */
  @Override
  public String toString() {
    return "@" + new String(address.name(), UTF_8);
  }

  // ---- the forms of addresses

  /**
   * The form that {@code backend} has of any address of a Unix socket.
   *
   * @param verb the operation, for messages
   * @throws ErrnoException ENAMETOOLONG if a path has more than 107 bytes
   * @throws UnsupportedOperationException if the backend has no abstract names
   */
  static UnixAddress encode(SocketAddress address, String verb, Backend backend)
      throws ErrnoException {
    if (address instanceof AbstractSocketAddress found) {
      backend.require(Capability.ALL_UNIX_SOCKETS, verb + " " + address);
      return found.address;
    }
    if (!(address instanceof UnixDomainSocketAddress path)) {
      throw new IllegalArgumentException(verb + ": not an address of a Unix socket: " + address);
    }
    byte[] name =
        path.getPath().toString().isEmpty() ? new byte[0] : FileNames.bytes(path.getPath());
    if (name.length > UnixAddress.NAME_MAX) {
      String subject = path + " (" + name.length + " bytes, at most " + UnixAddress.NAME_MAX + ")";
      throw new ErrnoException(verb, subject, Errno.ENAMETOOLONG.code());
    }
    UnixAddress made = new UnixAddress(name, false);
    made.publicForm(path);
    return made;
  }

  /** The form that users have of any such address; one without a name has an empty path. */
  static SocketAddress decode(SocketAddress address) {
    UnixAddress unix = (UnixAddress) address;
    SocketAddress known = unix.publicForm();
    if (known != null) {
      return known;
    }
    if (unix.isAbstract()) {
      return new AbstractSocketAddress(unix);
    }
    SocketAddress made = UnixDomainSocketAddress.of(FileNames.path(unix.name()));
    unix.publicForm(made);
    return made;
  }
}
