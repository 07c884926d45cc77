// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.io.AcceptQueue;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/** Transfers of one ring to or from its descriptor, by operations of the reactor's backend. */
final class RingTransfer implements Op.Listener, AcceptQueue {
  private final BackendIoDriver driver;
  private final Backend backend;
  private final ByteRing ring;
  private final Op op;

  /** Whether the last accepted connection is in the ring, or closed because there is no room. */
  private boolean isDecided;

  /** Whether the operation polls until the transfer can be retried. */
  private boolean polling;

  /** Whether the operation in flight has been cancelled. */
  private boolean cancelled;

  RingTransfer(BackendIoDriver driver, ByteRing ring) {
    this.driver = driver;
    backend = driver.loop().backend();
    this.ring = ring;
    op = backend.create(this);
  }

  /** Starts a read, a write or, on a listening socket, accepting. */
  void start() {
    polling = false;
    cancelled = false;
    SharedDescriptor descriptor = ring.descriptor();
    if (descriptor.listening) {
      ring.allocate(); // now, because memory may be short when a connection arrives
      submit(backend.requestAccept(op, descriptor.handle()));
    } else if (ring.isOutput) {
      ring.allocate(); // for an empty message; others have memory
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
    BufferGroup group = driver.receiveBuffers().group();
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
    ring.setConnecting();
  }

  private void connected(int result) {
    if (Retry.of(result) == Retry.AT_ONCE) {
      submit(op); // op still holds the request, and a second connect(2) waits for the first
    } else {
      ring.connected(result);
    }
  }

  private Op read(SharedDescriptor descriptor) {
    return transfer(descriptor, ring.fillAddress(), ring.fillBytes());
  }

  private Op write(SharedDescriptor descriptor) {
    return transfer(descriptor, ring.drainAddress(), ring.drainBytes());
  }

  /** The request for the bytes at {@code address}, in the direction of the ring. */
  private Op transfer(SharedDescriptor descriptor, long address, int bytes) {
    Handle handle = descriptor.handle();
    MemorySegment memory = Memory.segmentOf(address);
    long from = address - memory.address();
    Op request;
    if (descriptor.isSocket()) {
      request =
          ring.isOutput
              ? op.send(handle, memory, from, bytes)
              : op.receive(handle, memory, from, bytes);
    } else {
      request =
          ring.isOutput
              ? op.write(handle, memory, from, bytes, Op.CURRENT_POSITION)
              : op.read(handle, memory, from, bytes, Op.CURRENT_POSITION);
    }
    return request.withoutLease(); // a ring keeps its memory while a transfer is in flight
  }

  private void poll() {
    polling = true;
    int events = ring.isInput ? PollEvents.READABLE : PollEvents.WRITABLE;
    submit(op.poll(ring.descriptor().handle(), events));
  }

  /**
   * Submits a request. Even if that fails, {@link ByteRing#isInFlight} says whether the kernel uses
   * the ring's memory.
   */
  private void submit(Op request) {
    try {
      backend.submit(request);
    } finally {
      ring.setInFlight(op.isBusy());
    }
  }

  void cancel() {
    cancelled = true;
    backend.cancel(op);
  }

  void release() {
    backend.release(op);
  }

  /** Throws nothing: an exception fails the process, not the loop that delivers completions. */
  @Override
  public void completed(Op op) {
    isDecided = false;
    try {
      deliver(op);
    } catch (Throwable e) {
      ring.setInFlight(op.isBusy());
      if (!ring.descriptor().listening || !closeUnstored(op.result())) {
        ring.rings.owner.failed(e);
      }
    }
  }

  /**
   * Closes a connection that could not be stored in the ring, and raises ENOMEM in its listener;
   * returns whether that has succeeded.
   */
  private boolean closeUnstored(int result) {
    try {
      if (result >= 0 && !isDecided) {
        driver.close(result);
      }
      ring.fail(Errno.ENOMEM.code());
      ring.wakeReaders();
      ring.rings.owner.ready();
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
      accepted(op);
    } else if (ring.isConnecting()) {
      connected(result);
    } else if (op.buffer() >= 0) {
      received(op.buffer(), result);
    } else if (!polling && ring.isDoneWith(result)) {
      ring.setInFlight(false);
      ring.drained(result);
      ring.releaseIfIdle();
      return; // the process has nothing to do
    } else if (ring.isInFlight()) {
      moved(result);
    }
    ring.rings.owner.ready();
  }

  /**
   * Completes a receive for which io_uring has chosen a provided buffer, which the ring takes over.
   */
  private void received(int buffer, int result) {
    long memory = driver.receiveBuffers().take(buffer);
    if (result > 0) {
      ring.setInFlight(false);
      ring.adopt(memory, result);
    } else {
      driver.receiveBuffers().release(memory);
      moved(result);
    }
  }

  private void moved(int result) {
    if (ring.isGivenUp()) {
      finish(result);
    } else if (polling && result >= 0) {
      ring.allocate();
      start();
    } else if (result == -Errno.ENOBUFS.code() && ring.isInput && !ring.isAllocated()) {
      driver.receiveBuffers().exhausted();
      ring.allocate();
      start();
    } else {
      switch (Retry.of(result)) {
        case AT_ONCE -> start();
        case WHEN_READY -> poll();
        case NONE -> finish(result);
      }
    }
  }

  private void finish(int result) {
    ring.setInFlight(false);
    polling = false;
    if (ring.isInput) {
      ring.filled(result);
    } else {
      ring.drained(result == 0 && !ring.isOfMessages ? -Errno.EIO.code() : result);
      abort(result);
    }
    if (ring.isOutput && ring.hasOutput()) {
      ring.rings.drainLater(ring);
    }
  }

  /**
   * After a failed write the read side is shut down too. With ENOMEM the kernel keeps it open, and
   * a reader would wait for a reply to data that was never sent. The reader finds the end after the
   * bytes that have arrived.
   */
  private void abort(int result) {
    boolean failed = result <= 0 && result != -Errno.ECANCELED.code() && !ring.isOfMessages;
    if (failed && ring.descriptor().isSocket() && !ring.isShut) {
      driver.shutdown(ring.descriptor().handle(), Direction.BOTH);
    }
  }

  private void accepted(Op op) {
    if (op.isDone()) {
      ring.setInFlight(false);
    }
    AcceptQueue.deliver(backend, op, this);
    if (op.isDone() && !cancelled && Retry.isCancelled(op.result())) { // as the ring was full
      Handle listener = ring.descriptor().handle();
      ring.setInFlight(AcceptQueue.acceptMissed(backend, op, listener, false));
    }
    ring.wakeReaders();
  }

  @Override
  public boolean store(int descriptor) {
    boolean hasRoom = ring.writable() > 0;
    isDecided = !hasRoom || ring.putInt(descriptor);
    return hasRoom;
  }

  @Override
  public boolean isNearlyFull() {
    return ring.writable() < ByteRing.BYTES / 2;
  }

  @Override
  public void failed(int code) {
    ring.fail(code);
  }
}
