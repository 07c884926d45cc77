// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Handle;

/** A descriptor of the system and the rings at its ends: it is closed when the last of them is. */
final class SharedDescriptor {
  private final Handle handle;
  private int ends;

  /** Whether connections come out of it instead of bytes. */
  final boolean listening;

  SharedDescriptor(Handle handle, boolean listening) {
    this.handle = handle;
    this.listening = listening;
  }

  Handle handle() {
    return handle;
  }

  boolean isOwned() {
    return handle.isOwned();
  }

  /** Whether it is known to be a connection: what has been accepted, or connected. */
  boolean isSocket() {
    return isOwned() && !listening;
  }

  void opened() {
    ends++;
  }

  /** Returns whether it was the last end. */
  boolean closedEnd() {
    return --ends == 0;
  }
}
