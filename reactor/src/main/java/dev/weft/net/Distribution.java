// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

/** How the connections of a server get to the reactors of its group. */
public enum Distribution {
  /**
   * The kernel chooses: each reactor has a listener, and all listeners share the port
   * (SO_REUSEPORT). It chooses by a hash of the addresses, whatever the load. Nothing passes
   * between threads, so it suits many short connections, and long ones if there are many of them. A
   * connection that waits for a reactor that is busy waits although others are idle.
   */
  BY_KERNEL,

  /**
   * The first reactor accepts all connections and hands each to the reactor with the fewest of this
   * server. It suits few long connections, and systems whose kernel does not distribute. The first
   * reactor limits how many can be accepted in a second, and a connection reaches another one by a
   * message, which costs some microseconds once.
   */
  BY_LOAD
}
