// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The rings of one process: pending transfers, waiting threads, and the closing of their ends. */
final class RingSet {
  private final MicroProcess process;

  /** Every ring that is in use. */
  private final ArrayList<ByteRing> rings = new ArrayList<>();

  // Rings to be written from, and read into, when all threads wait.
  private final ArrayList<ByteRing> outputs = new ArrayList<>();
  private final ArrayList<ByteRing> inputs = new ArrayList<>();

  RingSet(MicroProcess process) {
    this.process = process;
  }

  /** Whether a thread waits for a descriptor. */
  boolean areAwaited() {
    for (ByteRing ring : rings) {
      if (ring.isAwaitedOutside()) {
        return true;
      }
    }
    return false;
  }

  /** Whether all ends of descriptors have been closed. */
  boolean areClosed() {
    for (ByteRing ring : rings) {
      if (!ring.isPipe() && !ring.closed) {
        return false;
      }
    }
    return true;
  }

  /** Starts the pending writes, then the reads that threads wait for. */
  void pump() {
    for (int i = 0; i < outputs.size(); i++) {
      ByteRing ring = outputs.get(i);
      ring.pending = false;
      if (ring.inFlight || ring.isEmpty()) {
        continue;
      }
      if (process.isKilled()) {
        ring.drained(-Errno.ECANCELED.code());
      } else {
        process.driver.drain(ring);
        if (ring.dropsAfterDrain && ring.inFlight) {
          process.driver.cancel(ring); // queued behind the write, which first writes what it can
        }
      }
    }
    outputs.clear();
    for (int i = 0; i < inputs.size(); i++) {
      ByteRing ring = inputs.get(i);
      ring.pending = false;
      if (!ring.inFlight && !ring.ended && ring.writable() > 0 && ring.isAwaitedOutside()) {
        ring.releaseIfIdle(); // or it would hold memory while it waits
        process.driver.fill(ring);
      }
    }
    inputs.clear();
    closeEnds();
    releaseIfIdle();
  }

  /** Releases memory that an idle process does not need. */
  private void releaseIfIdle() {
    for (int i = 0; i < rings.size(); i++) {
      rings.get(i).releaseIfIdle();
    }
    process.heap.releaseIfIdle();
  }

  /** Marks {@code ring} to be drained when all threads wait. */
  void outputs(ByteRing ring) {
    if (!ring.pending) {
      outputs.add(ring);
      ring.pending = true;
    }
  }

  /**
   * After a deadline: writes the bytes in {@code ring} once, without waiting for a peer that may
   * never read, and drops the rest.
   */
  void drainOnceThenDrop(ByteRing ring) {
    ring.dropsAfterDrain = true;
    if (ring.inFlight) {
      process.driver.cancel(ring);
    } else {
      outputs(ring);
    }
  }

  /** The same for the ring in which {@code thread} waits for room, if it does. */
  void drainOnceThenDrop(MicroThread thread) {
    ByteRing ring = thread.waitsFor;
    if (thread.isListed && thread.waitsToWrite && ring != null && ring.isOutput) {
      drainOnceThenDrop(ring);
    }
  }

  /**
   * After the end of a thread that wrote to {@code output}: its deadline holds for the bytes left
   * there.
   */
  void writerEnded(MicroThread thread, ByteRing output) {
    if (output.isOutput) {
      output.overdue |= thread.isOverdue();
      if (!output.ended || output.isEmpty()) {
        return; // another thread continues to write, or nothing is left
      }
      if (output.overdue) {
        drainOnceThenDrop(output);
      } else {
        process.alarms.leave(thread, output);
      }
    }
  }

  private void inputs(ByteRing ring) {
    if (!ring.pending) {
      inputs.add(ring);
      ring.pending = true;
    }
  }

  void awaitInput(ByteRing ring, MicroThread thread) {
    process.requireNotEnding(thread);
    forgetWaits(thread); // if it was played while it waited, it is still in a list
    ring.addReader(thread);
    thread.waits();
    if (ring.isInput) {
      inputs(ring);
    }
  }

  void awaitOutput(ByteRing ring, MicroThread thread) {
    process.requireNotEnding(thread);
    forgetWaits(thread);
    ring.addWriter(thread);
    thread.waits();
    if (ring.isOutput) {
      outputs(ring);
    }
  }

  /** Removes {@code thread} from its wait list, if it is in one. */
  void forgetWaits(MicroThread thread) {
    ByteRing ring = thread.waitsFor;
    if (thread.isListed && ring != null) {
      ring.forget(thread);
    }
  }

  // ---- sockets

  /** Makes room for so many more rings wherever each has a place: to wait allocates nothing. */
  private void reserve(int more) {
    int count = rings.size() + more;
    rings.ensureCapacity(count);
    outputs.ensureCapacity(count);
    inputs.ensureCapacity(count);
  }

  /**
   * Creates a socket of two descriptors, which may be the same; null if the heap has too few pages.
   */
  @Nullable MicroSocket open(Handle input, Handle output) {
    SharedDescriptor source = new SharedDescriptor(input, false);
    SharedDescriptor sink = input == output ? source : new SharedDescriptor(output, false);
    ByteRing rx = ByteRing.input(process.threads, source);
    ByteRing tx = ByteRing.output(process.threads, sink);
    MicroSocket socket = new MicroSocket(process, rx, tx);
    reserve(2);
    if (!process.heap.reserveRing()) {
      return null;
    }
    if (!process.heap.reserveRing()) {
      process.heap.unreserveRing();
      return null;
    }
    rings.add(rx);
    rings.add(tx);
    return socket;
  }

  /** Creates a listening socket, whose ring holds the descriptors of accepted connections. */
  MicroSocket listening(MicroThread thread, Handle descriptor) {
    ByteRing rx = ByteRing.input(process.threads, new SharedDescriptor(descriptor, true));
    MicroSocket socket = new MicroSocket(process, rx, rx);
    reserve(1);
    if (!process.heap.reserveRing()) {
      throw new IllegalArgumentException(thread.label() + " has no memory for a listening socket");
    }
    rings.add(rx);
    return socket;
  }

  /**
   * Creates a ring between two threads; raises ENOMEM in {@code thread} if the heap has too few
   * pages.
   */
  ByteRing pipe(MicroThread thread) throws Exception {
    ByteRing ring = ByteRing.pipe(process.threads);
    reserve(1);
    thread.reserveRing();
    rings.add(ring);
    return ring;
  }

  /**
   * Creates the socket of an accepted connection; raises ENOMEM in {@code thread}, as {@link
   * #pipe}.
   */
  MicroSocket accepted(MicroThread thread, MicroConnection peer) throws Exception {
    peer.requireFree();
    Handle handle = process.driver.newHandle("accepted connection");
    MicroSocket socket = open(handle, handle);
    if (socket == null) {
      thread.raise(Errno.ENOMEM);
      throw new ThreadExit(thread.label() + " has no memory for a connection");
    }
    process.driver.open(handle, peer.take()); // allocates nothing, so the connection can't leak
    return socket;
  }

  void attach(MicroSocket socket) {
    socket.rx.readerEnds++;
    socket.tx.writerEnds++;
  }

  void detach(MicroSocket socket) {
    if (--socket.rx.readerEnds == 0) {
      closeInput(socket.rx);
    }
    if (--socket.tx.writerEnds == 0) {
      closeOutput(socket.tx);
    }
  }

  void closeInput(ByteRing ring) {
    ring.abandoned = true;
    ring.wakeWriters();
    ring.wakeReaders(); // other threads that read there must not wait any more
  }

  void closeOutput(ByteRing ring) {
    ring.ended = true;
    ring.wakeReaders();
    ring.wakeWriters();
  }

  /** Marks all ends as closed, when no thread is left; returns whether any ring has changed. */
  boolean closeAll() {
    boolean changed = false;
    for (int i = 0; i < rings.size(); i++) {
      ByteRing ring = rings.get(i);
      if (ring.isOutput ? !ring.ended : !ring.abandoned) {
        ring.ended |= ring.isOutput;
        ring.abandoned |= !ring.isOutput;
        changed = true;
      }
    }
    return changed;
  }

  /** Closes the descriptors of rings that no thread uses any more, and removes these rings. */
  private void closeEnds() {
    for (int i = rings.size() - 1; i >= 0; i--) {
      ByteRing ring = rings.get(i);
      if (ring.isPipe()) {
        if (ring.readerEnds == 0 && ring.writerEnds == 0) {
          remove(i);
        }
      } else if (ring.isOutput
          ? ring.ended && (ring.isEmpty() || process.isKilled())
          : ring.abandoned) {
        closeEnd(ring);
        i = Math.min(i, rings.size()); // two may have been removed
      }
    }
  }

  private void closeEnd(ByteRing ring) {
    if (ring.inFlight) {
      process.driver.cancel(ring);
      return;
    }
    if (!ring.closed) {
      SharedDescriptor descriptor = ring.descriptor();
      boolean last = releaseEnd(ring);
      if (last && descriptor.isOwned()) {
        process.driver.close(descriptor.handle());
        removeEnds(descriptor);
      } else if (!last && descriptor.isOwned() && ring.isOutput) {
        process.driver.shutdown(descriptor.handle(), Direction.OUTPUT);
      }
    }
  }

  private void removeEnds(SharedDescriptor descriptor) {
    for (int i = rings.size() - 1; i >= 0; i--) {
      if (!rings.get(i).isPipe() && rings.get(i).descriptor() == descriptor) {
        remove(i);
      }
    }
  }

  private void remove(int index) {
    rings.remove(index).release();
    process.heap.unreserveRing();
  }

  /** Releases all rings; nothing is in flight. */
  void release() {
    rings.forEach(ByteRing::release);
    rings.clear();
  }

  /** Cancels all operations in flight. */
  void cancel() {
    for (ByteRing ring : rings) {
      ring.abandoned = true;
      if (ring.inFlight) {
        process.driver.cancel(ring);
      }
    }
  }

  boolean areInFlight() {
    for (ByteRing ring : rings) {
      if (ring.inFlight) {
        return true;
      }
    }
    return false;
  }

  /** Closes the open descriptors and discards the rings' bytes; nothing is in flight. */
  void discard() {
    for (ByteRing ring : rings) {
      if (!ring.isPipe() && !ring.closed) {
        boolean last = releaseEnd(ring);
        if (last && ring.descriptor().isOwned()) {
          process.driver.close(ring.descriptor().handle());
        }
      }
    }
    release();
  }

  /** Closes a ring's end of its descriptor; returns whether it was the last one. */
  private boolean releaseEnd(ByteRing ring) {
    ProcessTimers.forget(ring);
    closeAccepted(ring);
    process.driver.release(ring);
    ring.closed = true; // last, so that it is retried after a failure
    return ring.descriptor().closedEnd();
  }

  private void closeAccepted(ByteRing ring) {
    while (ring.descriptor().listening && !ring.isEmpty()) {
      process.driver.close(ring.takeInt());
    }
  }
}
