// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.FileType;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/** The channel of an aborted connection, whose descriptor stays open. */
final class Remains extends Entry {
  private final SocketChannel channel;
  private final boolean wasWatched;

  Remains(SocketChannel channel, boolean wasWatched) {
    this.channel = channel;
    this.wasWatched = wasWatched;
  }

  @Override
  FileType type() {
    return FileType.SOCKET;
  }

  @Override
  int openFlags() {
    return 0;
  }

  @Override
  int start(SelectorBackend backend, Request request) {
    return EBADF;
  }

  @Override
  int cancel(SelectorBackend backend, Request request) {
    return CANCELED;
  }

  @Override
  boolean beginClose() {
    return wasWatched;
  }

  @Override
  void close() throws IOException {
    channel.close();
  }
}
