// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

/** Signals that a process can wait for (signal(7)). */
public enum Signal {
  /** The terminal was closed; by custom, "read your configuration again". */
  HUP(1),
  /** Ctrl-C. */
  INT(2),
  /** Please end. */
  TERM(15),
  /** For users. */
  USR2(12),
  /** The terminal has changed its size. */
  WINCH(28);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /**
   * The signal's number on Linux.
   *
   * @return such as 15
   */
  public int number() {
    return number;
  }
}
