// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.SocketAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An address of a Unix socket (unix(7)): a path, an abstract name, or none. Immutable. */
public final class UnixAddress extends SocketAddress {
  /** The longest name, so that it ends with a NUL as a path or begins with one. */
  public static final int NAME_MAX = 107;

  /** The address of a socket without a name. */
  public static final UnixAddress UNNAMED = new UnixAddress(new byte[0], false);

  private static final long serialVersionUID = 1L;

  private final byte[] name;
  private final boolean isAbstract;

  /** The address in the form that users have, which is made of this one once. */
  private transient @Nullable SocketAddress publicForm;

  /**
   * Makes an address.
   *
   * @param name the bytes without a NUL at the start or the end; not to be changed
   */
  public UnixAddress(byte[] name, boolean isAbstract) {
    this.name = name;
    this.isAbstract = isAbstract;
  }

  /** The bytes of the name, not to be changed. */
  public byte[] name() {
    return name;
  }

  public boolean isAbstract() {
    return isAbstract;
  }

  public boolean isUnnamed() {
    return name.length == 0 && !isAbstract;
  }

  public @Nullable SocketAddress publicForm() {
    return publicForm;
  }

  /** Keeps the form that users have. */
  public void publicForm(SocketAddress form) {
    publicForm = form;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UnixAddress that
        && isAbstract == that.isAbstract
        && Arrays.equals(name, that.name);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(name) + (isAbstract ? 1 : 0);
  }

  @Override
  public String toString() {
    SocketAddress known = publicForm;
    return known != null ? known.toString() : (isAbstract ? "@" : "") + new String(name, UTF_8);
  }
}
