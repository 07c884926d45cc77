// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.ReceivePool;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that a socket has received, in a buffer that is leased from its reactor until {@link
 * #close}: see {@link StreamSocket#receive()}. A buffer that is never closed is a leak, which is
 * reported ({@link dev.weft.ReactorOptions#leakHandler}) and given back. The object is used again
 * for later receives, so it must not be used after it has been closed. Confined to its reactor.
 */
public final class ReceiveBuffer implements AutoCloseable {
  private static final int CLOSED = -1;

  private final StreamSocket socket;
  private final ReceivePool pool;
  private int received = CLOSED;

  /** How many of the bytes have been read by other calls. */
  private int from;

  /** Watches a buffer that has outlived its socket, or null. */
  private @Nullable Handle watch;

  // ---- the lists of the socket
  private @Nullable ReceiveBuffer previous;
  private @Nullable ReceiveBuffer next;

  private ReceiveBuffer(StreamSocket socket, ReceivePool pool) {
    this.socket = socket;
    this.pool = pool;
  }

  /** Takes an object without a buffer. */
  static ReceiveBuffer take(StreamSocket socket, ReceivePool pool) {
    ReceiveBuffer unused = socket.unused;
    if (unused == null) {
      return new ReceiveBuffer(socket, pool);
    }
    socket.unused = unused.next;
    unused.next = null;
    return unused;
  }

  /** Ends what {@link #take} or {@link #begin} has begun. */
  void putBack() {
    next = socket.unused;
    socket.unused = this;
  }

  /** Begins a lease of what was received. */
  void begin(int received, int from) {
    this.received = received;
    this.from = from;
    ReceiveBuffer head = socket.leased;
    next = head;
    if (head != null) {
      head.previous = this;
    }
    socket.leased = this;
  }

  /** Called when a socket is closed: its leases are watched. */
  static void outlive(StreamSocket socket) {
    for (ReceiveBuffer buffer; socket.isOpen() && (buffer = socket.leased) != null; ) {
      socket.endpoint.loop.requireThread("close", socket);
      int kept = buffer.received;
      ReceivePool pool = buffer.pool;
      String description = "receive buffer of " + socket;
      buffer.watch =
          socket.endpoint.loop.backend().watch(buffer, description, () -> pool.give(kept));
      pool.release(kept);
      socket.leased = buffer.next;
      buffer.next = null;
      buffer.previous = null;
    }
  }

  private void requireOpen() {
    if (received == CLOSED) {
      throw new IllegalStateException("the receive buffer has been closed");
    }
  }

  /**
   * {@return the bytes that were received, at least one; not to be used after {@link #close}, when
   * they change}
   *
   * @throws IllegalStateException if this has been closed
   */
  public MemorySegment segment() {
    requireOpen();
    return pool.segment(received, from);
  }

  /**
   * {@return how many bytes were received}
   *
   * @throws IllegalStateException if this has been closed
   */
  public int length() {
    requireOpen();
    return ReceivePool.length(received) - from;
  }

  /**
   * Gives the buffer back; no operation may use it any more. Does not suspend. Does nothing the
   * second time, or if the reactor has been closed.
   *
   * @throws WrongThreadException if this is not the reactor's thread or a fiber of it
   */
  @Override
  public void close() {
    if (received == CLOSED) {
      return;
    }
    if (!pool.isClosed()) {
      socket.endpoint.loop.requireThread("close", this);
      giveBack();
    }
    received = CLOSED;
  }

  private void giveBack() {
    Handle watching = watch;
    if (watching != null) {
      Backend backend = socket.endpoint.loop.backend();
      watch = null;
      backend.beginClose(watching, null);
      backend.closeWhenUnused(watching); // which gives it back
      return;
    }
    ReceiveBuffer before = previous;
    ReceiveBuffer after = next;
    if (before == null) {
      socket.leased = after;
    } else {
      before.next = after;
    }
    if (after != null) {
      after.previous = before;
    }
    previous = null;
    pool.give(received);
    putBack();
  }

  @Override
  public String toString() {
    return received == CLOSED
        ? "closed receive buffer"
        : "receive buffer of " + length() + " bytes";
  }
}
