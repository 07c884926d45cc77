// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.backend.Handle;
import org.jspecify.annotations.Nullable;

/** Descriptor shared by its rings; it is closed with the last of them. */
final class SharedDescriptor {
  private final Handle handle;
  private int ends;

  /** Whether it is a listening socket, which delivers connections instead of bytes. */
  final boolean listening;

  private final boolean owned;
  private final boolean socket;

  /** Whether it keeps the boundaries of messages. */
  final boolean messages;

  /** Keeps the object that the handle belongs to from being garbage, which would close it. */
  @SuppressWarnings("unused") // only held
  private final @Nullable Object user;

  private SharedDescriptor(
      Handle handle, boolean listening, boolean owned, boolean socket, @Nullable Object user) {
    this.handle = handle;
    this.listening = listening;
    this.owned = owned;
    this.socket = socket;
    this.user = user;
    messages = user != null;
  }

  /** A connection, or another stream. */
  static SharedDescriptor stream(Handle handle, boolean socket) {
    return new SharedDescriptor(handle, false, handle.isOwned(), socket, null);
  }

  /** A listening socket. */
  static SharedDescriptor listening(Handle handle, boolean owned) {
    return new SharedDescriptor(handle, true, owned, false, null);
  }

  /** A socket for messages, of the object {@code user}. */
  static SharedDescriptor messages(Handle handle, Object user) {
    return new SharedDescriptor(handle, false, handle.isOwned(), true, user);
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
