// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** A descriptor of the system and the rings at its ends: it is closed when the last of them is. */
final class MicroDescriptor {
  private final int number;
  private final boolean owned;
  private int ends;

  /** Whether connections come out of it instead of bytes. */
  final boolean listening;

  MicroDescriptor(int number, boolean owned, boolean listening) {
    this.number = number;
    this.owned = owned;
    this.listening = listening;
  }

  int number() {
    return number;
  }

  boolean isOwned() {
    return owned;
  }

  /** Whether it is known to be a connection: what has been accepted, or connected. */
  boolean isSocket() {
    return owned && !listening;
  }

  void opened() {
    ends++;
  }

  /** Returns whether it was the last end. */
  boolean closedEnd() {
    return --ends == 0;
  }
}
