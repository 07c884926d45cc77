// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rings of one process: what is to be moved when its threads wait, and who is at their ends.
 */
final class RingSet {
  private final MicroProcess process;

  /** Every ring that is in use. */
  private final ArrayList<ByteRing> rings = new ArrayList<>();

  // Rings to be written from, and read into, when all threads wait.
  private final List<ByteRing> outputs = new ArrayList<>();
  private final List<ByteRing> inputs = new ArrayList<>();

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

  /** Whether all descriptors have been done with. */
  boolean areClosed() {
    for (ByteRing ring : rings) {
      if (!ring.isPipe() && !ring.closed) {
        return false;
      }
    }
    return true;
  }

  /** Has the driver write what was written, then read what is waited for. */
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
          process.driver.cancel(ring); // behind the write, which takes what it can before
        }
      }
    }
    outputs.clear();
    for (int i = 0; i < inputs.size(); i++) {
      ByteRing ring = inputs.get(i);
      ring.pending = false;
      if (!ring.inFlight && !ring.ended && ring.writable() > 0 && ring.isAwaitedOutside()) {
        ring.releaseIfIdle(); // or it would wait with its hands full
        process.driver.fill(ring);
      }
    }
    inputs.clear();
    closeEnds();
    releaseIfIdle();
  }

  /** Gives back what an idle process has no use for. */
  private void releaseIfIdle() {
    for (int i = 0; i < rings.size(); i++) {
      rings.get(i).releaseIfIdle();
    }
    process.heap.releaseIfIdle();
  }

  /** Has what is in {@code ring} written when all threads wait. */
  void outputs(ByteRing ring) {
    if (!ring.pending) {
      ring.pending = true;
      outputs.add(ring);
    }
  }

  /**
   * A deadline has passed. What is in {@code ring} is offered to its descriptor once, without
   * waiting for a peer that may never read, and the rest is dropped.
   */
  void drainOnceThenDrop(ByteRing ring) {
    ring.dropsAfterDrain = true;
    if (ring.inFlight) {
      process.driver.cancel(ring);
    } else {
      outputs(ring);
    }
  }

  /** The same of the ring in which {@code thread} waits for room, if it does. */
  void drainOnceThenDrop(MicroThread thread) {
    ByteRing ring = thread.waitsFor;
    if (thread.isListed && thread.waitsToWrite && ring != null && ring.isOutput) {
      drainOnceThenDrop(ring);
    }
  }

  /** A thread has ended that wrote to {@code output}: the deadlines of such hold for the rest. */
  void writerEnded(MicroThread thread, ByteRing output) {
    if (output.isOutput) {
      output.overdue |= thread.isOverdue();
      if (!output.ended || output.isEmpty()) {
        return; // somebody else goes on writing, or all has been taken
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
      ring.pending = true;
      inputs.add(ring);
    }
  }

  void awaitInput(ByteRing ring, MicroThread thread) {
    process.requireNotEnding(thread);
    forgetWaits(thread); // played while it waited, it is in a list still
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

  /** Takes {@code thread} off the list that it is in, if it is in one. */
  void forgetWaits(MicroThread thread) {
    ByteRing ring = thread.waitsFor;
    if (thread.isListed && ring != null) {
      ring.forget(thread);
    }
  }

  // ---- sockets

  /** A socket of two descriptors, which may be one; null if there is no memory. */
  @Nullable MicroSocket open(Handle input, Handle output) {
    SharedDescriptor source = new SharedDescriptor(input, false);
    SharedDescriptor sink = input == output ? source : new SharedDescriptor(output, false);
    ByteRing rx = ByteRing.input(process.threads, source);
    ByteRing tx = ByteRing.output(process.threads, sink);
    MicroSocket socket = new MicroSocket(process, rx, tx);
    rings.ensureCapacity(rings.size() + 2);
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

  /** A listening socket: numbers of descriptors come in. */
  MicroSocket listening(MicroThread thread, Handle descriptor) {
    ByteRing rx = ByteRing.input(process.threads, new SharedDescriptor(descriptor, true));
    MicroSocket socket = new MicroSocket(process, rx, rx);
    rings.ensureCapacity(rings.size() + 1);
    if (!process.heap.reserveRing()) {
      throw new IllegalArgumentException(thread.label() + " has no memory for a listening socket");
    }
    rings.add(rx);
    return socket;
  }

  /** A ring between two threads; raises ENOMEM in {@code thread} if there is no memory. */
  ByteRing pipe(MicroThread thread) throws Exception {
    ByteRing ring = ByteRing.pipe(process.threads);
    rings.ensureCapacity(rings.size() + 1);
    thread.reserveRing();
    rings.add(ring);
    return ring;
  }

  /** The socket of an accepted connection; raises ENOMEM in {@code thread}, as {@link #pipe}. */
  MicroSocket accepted(MicroThread thread, MicroConnection peer) throws Exception {
    peer.requireFree();
    Handle handle = process.driver.newHandle("accepted connection");
    MicroSocket socket = open(handle, handle);
    if (socket == null) {
      thread.raise(Errno.ENOMEM);
      throw new ThreadExit(thread.label() + " has no memory for a connection");
    }
    process.driver.open(handle, peer.take()); // allocates nothing: the connection can't be lost
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
    ring.wakeReaders(); // of other threads: there is nothing to wait for any more
  }

  void closeOutput(ByteRing ring) {
    ring.ended = true;
    ring.wakeReaders();
    ring.wakeWriters();
  }

  /** No thread is left; returns whether that was news to any of the rings. */
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

  /** Closes the descriptors of rings whose threads are done with them, and forgets these. */
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
        i = Math.min(i, rings.size()); // two may have gone
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
      boolean last = giveBack(ring);
      if (last && descriptor.isOwned()) {
        process.driver.close(descriptor.handle());
        removeEnds(descriptor);
      } else if (!last && descriptor.isOwned() && ring.isOutput) {
        process.driver.shutdown(descriptor.handle(), IoDriver.OUTPUT);
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

  /** Gives back what rings hold that nobody will look into any more; nothing is in flight. */
  void release() {
    rings.forEach(ByteRing::release);
    rings.clear();
  }

  /** Cancels all that is in flight. */
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

  /** Closes what is open, and forgets what is in the rings; nothing is in flight. */
  void discard() {
    for (ByteRing ring : rings) {
      if (!ring.isPipe() && !ring.closed) {
        boolean last = giveBack(ring);
        if (last && ring.descriptor().isOwned()) {
          process.driver.close(ring.descriptor().handle());
        }
      }
    }
    release();
  }

  /** Gives back what the driver has for a ring; returns whether its descriptor has no other. */
  private boolean giveBack(ByteRing ring) {
    ProcessTimers.forget(ring);
    refuseAccepted(ring);
    process.driver.release(ring);
    ring.closed = true; // last: what has failed before is tried again
    return ring.descriptor().closedEnd();
  }

  private void refuseAccepted(ByteRing ring) {
    while (ring.descriptor().listening && !ring.isEmpty()) {
      process.driver.close(ring.takeInt());
    }
  }
}
