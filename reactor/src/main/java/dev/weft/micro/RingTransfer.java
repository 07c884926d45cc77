// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.os.SocketAddresses;
import java.net.InetSocketAddress;

/** Carries the bytes of one ring to or from its descriptor, by operations of the reactor. */
final class RingTransfer implements Op.Listener {
  private final MicroDispatcher kernel;
  private final ByteRing ring;
  private final Op op;

  /** Whether the connection that has come last is in the ring, which closes it if need be. */
  private boolean isStored;

  /** Whether the operation is not the transfer, but waits until that can be tried again. */
  private boolean polling;

  /** Whether what is in flight has been asked to stop. */
  private boolean cancelled;

  RingTransfer(MicroDispatcher kernel, ByteRing ring) {
    this.kernel = kernel;
    this.ring = ring;
    op = kernel.backend().create(this);
  }

  /** Begins a read, a write or, on a listening socket, to accept. */
  void start() {
    polling = false;
    cancelled = false;
    SharedDescriptor descriptor = ring.descriptor();
    if (descriptor.listening) {
      ring.allocate(); // for what is accepted, when there may be no memory
      submit(op.acceptMultishot(descriptor.handle()));
    } else if (ring.isOutput) {
      submit(write(descriptor));
    } else if (ring.isAllocated() || !descriptor.isSocket()) {
      ring.allocate();
      submit(read(descriptor));
    } else if (kernel.supply().serves()) {
      submit(op.receiveAny(descriptor.handle()));
    } else {
      poll(); // who waits has no memory
    }
  }

  /** Begins to connect. */
  void connect(InetSocketAddress address) {
    cancelled = false;
    int length = SocketAddresses.encode(address, op.scratch());
    submit(op.connect(ring.descriptor().handle(), op.scratch(), length));
    ring.isConnecting = true;
  }

  private void connected(int result) {
    if (result == -Errno.EINTR.code()) {
      submit(op); // the request is still in it, and a second connect(2) waits for the first
    } else {
      ring.connected(result);
    }
  }

  private Op read(SharedDescriptor descriptor) {
    Handle handle = descriptor.handle();
    long address = ring.fillAddress();
    int bytes = ring.fillBytes();
    return descriptor.isSocket()
        ? op.receive(handle, address, bytes)
        : op.read(handle, address, bytes, Op.CURRENT_POSITION);
  }

  private Op write(SharedDescriptor descriptor) {
    Handle handle = descriptor.handle();
    long address = ring.drainAddress();
    int bytes = ring.drainBytes();
    return descriptor.isSocket()
        ? op.send(handle, address, bytes)
        : op.write(handle, address, bytes, Op.CURRENT_POSITION);
  }

  private void poll() {
    polling = true;
    int events = ring.isInput ? weft_h.POLLIN() : weft_h.POLLOUT();
    submit(op.poll(ring.descriptor().handle(), events));
  }

  /** Whatever becomes of it, the ring knows whether the kernel has its memory. */
  private void submit(Op request) {
    try {
      kernel.backend().submit(request);
    } finally {
      ring.inFlight = op.isBusy();
    }
  }

  void cancel() {
    cancelled = true;
    kernel.backend().cancel(op);
  }

  void release() {
    kernel.backend().release(op);
  }

  /** Throws nothing: it is the process that fails, and not whoever delivers completions. */
  @Override
  public void completed(Op op) {
    isStored = false;
    try {
      deliver(op);
    } catch (Throwable e) {
      ring.inFlight = op.isBusy();
      if (!ring.descriptor().listening || !refuse(op.result())) {
        ring.threads.process().failed(e);
      }
    }
  }

  /**
   * Closes a connection that could not be put into the ring, and lets its listener go on; returns
   * whether that has gone well.
   */
  private boolean refuse(int result) {
    try {
      if (result >= 0 && !isStored) {
        kernel.close(result);
      }
      ring.failure = Errno.ENOMEM.code();
      ring.wakeReaders();
      kernel.ready(ring.threads.process());
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  private void deliver(Op op) {
    int result = op.result();
    if (cancelled && result == -Errno.EINTR.code()) {
      result = -Errno.ECANCELED.code(); // how a worker of the kernel ends what is cancelled
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
      return; // a turn of the process would find nothing to do
    } else if (ring.inFlight) {
      moved(result);
    }
    kernel.ready(ring.threads.process());
  }

  /** The ring of this reactor has chosen memory for what has come, which is now ours. */
  private void received(int buffer, int result) {
    long memory = kernel.supply().take(buffer);
    if (result > 0) {
      ring.inFlight = false;
      ring.adopt(memory, result);
    } else {
      kernel.supply().giveBack(memory);
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
      kernel.supply().exhausted();
      ring.allocate();
      start();
    } else if (result == -Errno.EAGAIN.code()) {
      poll(); // somebody who shares the descriptor has made it non-blocking
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
   * A connection that takes no more is over in the other direction too, even if the system sees
   * that otherwise, as it does when it wants memory: a thread that only reads there would wait for
   * one who waits for what has been lost. It finds the end behind what has come.
   */
  private void abort(int result) {
    boolean failed = result <= 0 && result != -Errno.ECANCELED.code();
    if (failed && ring.descriptor().isSocket() && !ring.shut) {
      kernel.shutdown(ring.descriptor().handle(), weft_h.SHUT_RDWR());
    }
  }

  private void accepted(Op op, int result) {
    if (op.isDone()) {
      ring.inFlight = false;
    }
    if (result >= 0) {
      if (ring.writable() == 0) {
        kernel.close(result); // the cancel has come too late
      } else {
        isStored = ring.putInt(result);
      }
      if (ring.writable() < ByteRing.BYTES / 2) {
        kernel.backend().cancel(op); // nobody accepts: the kernel's backlog is for that
      }
    } else if (result != -Errno.ECANCELED.code() && result != -Errno.EINTR.code()) {
      ring.failure = -result;
    }
    ring.wakeReaders();
  }
}
