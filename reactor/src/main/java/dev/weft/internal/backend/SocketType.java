// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** The kinds of sockets. */
public enum SocketType {
  /** TCP, or a stream between processes of one machine. */
  STREAM,
  /** UDP, or datagrams between processes of one machine. */
  DATAGRAM,
  /** Connections that keep the boundaries of messages, between processes of one machine. */
  SEQUENCED;

  /** The number that {@link SocketOption#TYPE} has. */
  @SuppressWarnings("EnumOrdinal") // which is stored nowhere
  public int number() {
    return ordinal();
  }
}
