// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.backend.Handle;

/** Descriptor shared by its rings; it is closed with the last of them. */
final class SharedDescriptor {
  private final Handle handle;
  private int ends;

  /** Whether it is a listening socket, which delivers connections instead of bytes. */
  final boolean listening;

  private final boolean owned;

  SharedDescriptor(Handle handle, boolean listening, boolean owned) {
    this.handle = handle;
    this.listening = listening;
    this.owned = owned;
  }

  Handle handle() {
    return handle;
  }

  /** Whether its last end closes it. */
  boolean isOwned() {
    return owned;
  }

  /** Whether it is known to be a connection: accepted, or connected. */
  boolean isSocket() {
    return isOwned() && !listening;
  }

  void opened() {
    ends++;
  }

  /** Closes one end; returns whether it was the last one. */
  boolean closedEnd() {
    return --ends == 0;
  }
}
