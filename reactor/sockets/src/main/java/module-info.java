// SPDX-License-Identifier: Apache-2.0

/** The sockets of {@code java.net} over those of Weft, for existing code. */
module dev.weft.sockets {
  requires transitive dev.weft.reactor;
  requires jdk.net; // options that java.net does not name
  requires static org.jspecify;

  exports dev.weft.sockets;
}
