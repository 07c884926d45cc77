// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.micro.io.RingPair;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The connections that one thread has opened, which are closed when it has ended. */
final class OutgoingConnections {
  private final MicroThread thread;
  private final ArrayList<MicroSocket> open = new ArrayList<>(1);

  OutgoingConnections(MicroThread thread) {
    this.thread = thread;
  }

  /** Starts to connect; returns null if an error was raised and lowered. */
  @Nullable MicroSocket begin(InetSocketAddress address) throws Exception {
    MicroProcess process = thread.home();
    process.requireNotEnding(thread);
    InetAddresses.requireResolved(address);
    open.removeIf(socket -> socket.rx.isClosed() && socket.tx.isClosed());
    open.ensureCapacity(open.size() + 1);
    Handle handle = process.driver.newHandle("connection" + subject(address));
    int result = process.driver.socket(handle, address, process.options().userTimeoutMillis());
    if (result < 0) {
      thread.raise(-result, subject(address));
      return null;
    }
    MicroSocket socket = open(process, handle);
    if (socket == null) {
      thread.raise(Errno.ENOMEM.code(), subject(address));
      return null;
    }
    open.add(socket);
    process.rings.attach(socket.rx, socket.tx);
    process.rings.connect(socket.tx, address);
    return socket;
  }

  /**
   * Opens a socket on a new descriptor; closes the descriptor and returns null if memory is short.
   */
  private static @Nullable MicroSocket open(MicroProcess process, Handle handle) {
    MicroSocket socket = null;
    try {
      RingPair pair = process.rings.open(handle, handle);
      socket = pair == null ? null : new MicroSocket(process, pair);
      return socket;
    } finally {
      if (socket == null) {
        process.driver.close(handle);
      }
    }
  }

  /** The address, for the message when an unhandled connect error ends the thread. */
  static String subject(InetSocketAddress address) {
    return ": connect " + InetAddresses.text(address);
  }

  /** Starts to wait until the attempt to connect has completed; the caller parks. */
  void await(MicroSocket socket) {
    thread.home().waits.awaitOutput(socket.tx, thread);
  }

  /** Closes a socket that could not be connected. */
  void close(MicroSocket socket) {
    if (open.remove(socket)) {
      thread.home().rings.detach(socket.rx, socket.tx);
    }
  }

  /** Closes all connections, after the thread has ended. */
  void close() {
    for (MicroSocket socket : open) {
      thread.home().waits.detach(thread, socket.rx, socket.tx);
    }
    open.clear();
  }
}
