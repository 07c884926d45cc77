// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

/** Signals that a process can wait for (signal(7)). */
public enum Signal {
  /** The terminal was closed. Daemons use it by convention for "reload the configuration". */
  HUP(1),
  /** Interrupt from the keyboard (Ctrl-C). */
  INT(2),
  /** Request to terminate. */
  TERM(15),
  /** User-defined signal 2. */
  USR2(12),
  /** The terminal's size has changed. */
  WINCH(28);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /** {@return the signal's number on Linux, such as 15} */
  public int number() {
    return number;
  }
}
