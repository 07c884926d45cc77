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
  private final boolean socket;

  private SharedDescriptor(Handle handle, boolean listening, boolean owned, boolean socket) {
    this.handle = handle;
    this.listening = listening;
    this.owned = owned;
    this.socket = socket;
  }

  /** A connection, or another stream. */
  static SharedDescriptor stream(Handle handle, boolean socket) {
    return new SharedDescriptor(handle, false, handle.isOwned(), socket);
  }

  /** A listening socket. */
  static SharedDescriptor listening(Handle handle, boolean owned) {
    return new SharedDescriptor(handle, true, owned, false);
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
    return socket;
  }

  void opened() {
    ends++;
  }

  /** Closes one end; returns whether it was the last one. */
  boolean closedEnd() {
    return --ends == 0;
  }
}
