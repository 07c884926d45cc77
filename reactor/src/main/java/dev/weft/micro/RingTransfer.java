// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.mem.Memory;
import java.net.InetSocketAddress;

/** Transfers of one ring to or from its descriptor, by operations of the reactor's backend. */
final class RingTransfer implements Op.Listener {
  private final MicroDispatcher dispatcher;
  private final ByteRing ring;
  private final Op op;

  /** Whether the last accepted connection is in the ring, which then closes it if necessary. */
  private boolean isStored;

  /** Whether the operation polls until the transfer can be retried. */
  private boolean polling;

  /** Whether the operation in flight has been cancelled. */
  private boolean cancelled;

  RingTransfer(MicroDispatcher dispatcher, ByteRing ring) {
    this.dispatcher = dispatcher;
    this.ring = ring;
    op = dispatcher.backend().create(this);
  }

  /** Starts a read, a write or, on a listening socket, accepting. */
  void start() {
    polling = false;
    cancelled = false;
    SharedDescriptor descriptor = ring.descriptor();
    if (descriptor.listening) {
      ring.allocate(); // now, because memory may be short when a connection arrives
      submit(dispatcher.backend().requestAccept(op, descriptor.handle()));
    } else if (ring.isOutput) {
      submit(write(descriptor));
    } else if (ring.isAllocated() || !descriptor.isSocket()) {
      ring.allocate();
      submit(read(descriptor));
    } else {
      receiveOrPoll(descriptor);
    }
  }

  /** Waits for bytes in a way in which a waiting ring needs no memory. */
  private void receiveOrPoll(SharedDescriptor descriptor) {
    BufferGroup group = dispatcher.receiveBuffers().group();
    if (group == null) {
      poll();
    } else {
      submit(op.receiveAny(descriptor.handle(), group));
    }
  }

  /** Starts to connect. */
  void connect(InetSocketAddress address) {
    cancelled = false;
    submit(op.connect(ring.descriptor().handle(), address));
    ring.isConnecting = true;
  }

  private void connected(int result) {
    if (result == -Errno.EINTR.code()) {
      submit(op); // op still holds the request, and a second connect(2) waits for the first
    } else {
      ring.connected(result);
    }
  }

  private Op read(SharedDescriptor descriptor) {
    Handle handle = descriptor.handle();
    long address = ring.fillAddress();
    int bytes = ring.fillBytes();
    Op request =
        descriptor.isSocket()
            ? op.receive(handle, Memory.ALL, address, bytes)
            : op.read(handle, Memory.ALL, address, bytes, Op.CURRENT_POSITION);
    return request.withoutLease(); // a ring keeps its memory while a transfer is in flight
  }

  private Op write(SharedDescriptor descriptor) {
    Handle handle = descriptor.handle();
    long address = ring.drainAddress();
    int bytes = ring.drainBytes();
    Op request =
        descriptor.isSocket()
            ? op.send(handle, Memory.ALL, address, bytes)
            : op.write(handle, Memory.ALL, address, bytes, Op.CURRENT_POSITION);
    return request.withoutLease();
  }

  private void poll() {
    polling = true;
    int events = ring.isInput ? PollEvents.READABLE : PollEvents.WRITABLE;
    submit(op.poll(ring.descriptor().handle(), events));
  }

  /**
   * Submits a request. Even if that fails, {@code inFlight} says whether the kernel uses the ring's
   * memory.
   */
  private void submit(Op request) {
    try {
      dispatcher.backend().submit(request);
    } finally {
      ring.inFlight = op.isBusy();
    }
  }

  void cancel() {
    cancelled = true;
    dispatcher.backend().cancel(op);
  }

  void release() {
    dispatcher.backend().release(op);
  }

  /** Throws nothing: an exception fails the process, not the loop that delivers completions. */
  @Override
  public void completed(Op op) {
    isStored = false;
    try {
      deliver(op);
    } catch (Throwable e) {
      ring.inFlight = op.isBusy();
      if (!ring.descriptor().listening || !closeUnstored(op.result())) {
        ring.threads.process().failed(e);
      }
    }
  }

  /**
   * Closes a connection that could not be stored in the ring, and raises ENOMEM in its listener;
   * returns whether that has succeeded.
   */
  private boolean closeUnstored(int result) {
    try {
      if (result >= 0 && !isStored) {
        dispatcher.close(result);
      }
      ring.failure = Errno.ENOMEM.code();
      ring.wakeReaders();
      dispatcher.ready(ring.threads.process());
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  private void deliver(Op op) {
    int result = op.result();
    if (cancelled && result == -Errno.EINTR.code()) {
      result = -Errno.ECANCELED.code(); // how a kernel worker reports a cancelled operation
    }
    if (ring.descriptor().listening) {
      accepted(op, result);
    } else if (ring.isConnecting) {
      connected(result);
    } else if (op.buffer() >= 0) {
      received(op.buffer(), result);
    } else if (!polling && ring.isDoneWith(result)) {
      ring.inFlight = false;
      ring.drained(result);
      ring.releaseIfIdle();
      return; // the process has nothing to do
    } else if (ring.inFlight) {
      moved(result);
    }
    dispatcher.ready(ring.threads.process());
  }

  /**
   * Completes a receive for which io_uring has chosen a provided buffer, which the ring takes over.
   */
  private void received(int buffer, int result) {
    long memory = dispatcher.receiveBuffers().take(buffer);
    if (result > 0) {
      ring.inFlight = false;
      ring.adopt(memory, result);
    } else {
      dispatcher.receiveBuffers().release(memory);
      moved(result);
    }
  }

  private void moved(int result) {
    if (ring.isGivenUp()) {
      finish(result);
    } else if (polling && result >= 0) {
      ring.allocate();
      start();
    } else if (result == -Errno.EINTR.code()) {
      start();
    } else if (result == -Errno.ENOBUFS.code() && ring.isInput && !ring.isAllocated()) {
      dispatcher.receiveBuffers().exhausted();
      ring.allocate();
      start();
    } else if (result == -Errno.EAGAIN.code()) {
      poll(); // another process that shares the descriptor has made it non-blocking
    } else {
      finish(result);
    }
  }

  private void finish(int result) {
    ring.inFlight = false;
    polling = false;
    if (ring.isInput) {
      ring.filled(result);
    } else {
      ring.drained(result == 0 ? -Errno.EIO.code() : result);
      abort(result);
    }
    if (ring.isOutput && !ring.isEmpty()) {
      ring.threads.process().rings.outputs(ring);
    }
  }

  /**
   * After a failed write the read side is shut down too. With ENOMEM the kernel keeps it open, and
   * a reader would wait for a reply to data that was never sent. The reader finds the end after the
   * bytes that have arrived.
   */
  private void abort(int result) {
    boolean failed = result <= 0 && result != -Errno.ECANCELED.code();
    if (failed && ring.descriptor().isSocket() && !ring.shut) {
      dispatcher.shutdown(ring.descriptor().handle(), Direction.BOTH);
    }
  }

  private void accepted(Op op, int result) {
    if (op.isDone()) {
      ring.inFlight = false;
    }
    if (result >= 0) {
      if (ring.writable() == 0) {
        dispatcher.close(result); // it was accepted before the cancel took effect
      } else {
        isStored = ring.putInt(result);
      }
      if (ring.writable() < ByteRing.BYTES / 2) {
        dispatcher.backend().cancel(op); // no thread accepts: leave the rest to the backlog
      }
    } else if (result != -Errno.ECANCELED.code() && result != -Errno.EINTR.code()) {
      ring.failure = -result;
    }
    ring.wakeReaders();
  }
}
