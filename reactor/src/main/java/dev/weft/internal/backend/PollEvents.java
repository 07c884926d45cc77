// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What {@link Op#poll} waits for: a set of bits. ERROR and HANG_UP end every poll. */
public final class PollEvents {
  public static final int READABLE = 1;
  public static final int WRITABLE = 1 << 1;
  public static final int ERROR = 1 << 2;

  /** Both directions are closed. */
  public static final int HANG_UP = 1 << 3;

  /** The other end of a connection sends no more. */
  public static final int PEER_SHUTDOWN = 1 << 4;

  private PollEvents() {}
}
