// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;

/** Carries the bytes of one ring to or from its descriptor, by operations of the reactor. */
final class MicroTransfer implements Op.Listener {
  private final MicroKernel kernel;
  private final MicroRing ring;
  private final Op op;

  /** Whether the operation is not the transfer, but waits until that can be tried again. */
  private boolean polling;

  MicroTransfer(MicroKernel kernel, MicroRing ring) {
    this.kernel = kernel;
    this.ring = ring;
    op = kernel.backend().create(this);
  }

  /** Begins a read, a write or, on a listening socket, to accept. */
  void start() {
    ring.inFlight = true;
    MicroDescriptor descriptor = ring.descriptor();
    int number = descriptor.number();
    if (descriptor.listening) {
      kernel.backend().submit(op.acceptMultishot(number));
    } else if (ring.isInput) {
      long address = ring.fillAddress();
      int bytes = ring.fillBytes();
      kernel
          .backend()
          .submit(
              kernel.isRegistered(address)
                  ? op.readFixed(number, address, bytes, Op.CURRENT_POSITION)
                  : op.read(number, address, bytes, Op.CURRENT_POSITION));
    } else {
      long address = ring.drainAddress();
      int bytes = ring.drainBytes();
      kernel
          .backend()
          .submit(
              kernel.isRegistered(address)
                  ? op.writeFixed(number, address, bytes, Op.CURRENT_POSITION)
                  : op.write(number, address, bytes, Op.CURRENT_POSITION));
    }
  }

  void cancel() {
    kernel.backend().cancel(op);
  }

  void release() {
    kernel.backend().release(op);
  }

  @Override
  public void completed(Op op) {
    int result = op.result();
    if (ring.descriptor().listening) {
      accepted(op, result);
    } else if (ring.inFlight) {
      moved(result);
    }
    kernel.ready(ring.threads.process());
  }

  private void moved(int result) {
    if (ring.isGivenUp()) {
      finish(result);
    } else if ((polling && result >= 0) || result == -Errno.EINTR.code()) {
      polling = false;
      start();
    } else if (result == -Errno.EAGAIN.code()) {
      // Somebody who shares the descriptor has made it non-blocking.
      polling = true;
      int events = ring.isInput ? weft_h.POLLIN() : weft_h.POLLOUT();
      kernel.backend().submit(op.poll(ring.descriptor().number(), events));
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
    }
    if (ring.isOutput && !ring.isEmpty()) {
      ring.threads.process().rings.outputs(ring);
    }
  }

  private void accepted(Op op, int result) {
    if (op.isDone()) {
      ring.inFlight = false;
    }
    if (result >= 0) {
      ring.putInt(result);
      if (ring.writable() < MicroRing.BYTES / 2) {
        kernel.backend().cancel(op); // nobody accepts: the kernel's backlog is for that
      }
    } else if (result != -Errno.ECANCELED.code()) {
      ring.failure = -result;
    }
    ring.wakeReaders();
  }
}
