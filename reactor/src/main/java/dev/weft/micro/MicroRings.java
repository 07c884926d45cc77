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
final class MicroRings {
  private final MicroProcess process;

  /** Every ring that is in use. */
  private final ArrayList<MicroRing> rings = new ArrayList<>();

  // Rings to be written from, and read into, when all threads wait.
  private final List<MicroRing> outputs = new ArrayList<>();
  private final List<MicroRing> inputs = new ArrayList<>();

  MicroRings(MicroProcess process) {
    this.process = process;
  }

  /** Whether a thread waits for a descriptor. */
  boolean areAwaited() {
    for (MicroRing ring : rings) {
      if (ring.isAwaitedOutside()) {
        return true;
      }
    }
    return false;
  }

  /** Whether all descriptors have been done with. */
  boolean areClosed() {
    for (MicroRing ring : rings) {
      if (!ring.isPipe() && !ring.closed) {
        return false;
      }
    }
    return true;
  }

  /** Has the driver write what was written, then read what is waited for. */
  void pump() {
    for (int i = 0; i < outputs.size(); i++) {
      MicroRing ring = outputs.get(i);
      ring.pending = false;
      if (ring.inFlight || ring.isEmpty()) {
        continue;
      }
      if (process.isKilled()) {
        ring.drained(-Errno.ECANCELED.code());
      } else {
        process.driver.drain(ring);
        if (ring.hurried && ring.inFlight) {
          process.driver.cancel(ring); // behind the write, which takes what it can before
        }
      }
    }
    outputs.clear();
    for (int i = 0; i < inputs.size(); i++) {
      MicroRing ring = inputs.get(i);
      ring.pending = false;
      if (!ring.inFlight && !ring.ended && ring.writable() > 0 && ring.isAwaitedOutside()) {
        ring.rest(); // or it would wait with its hands full
        process.driver.fill(ring);
      }
    }
    inputs.clear();
    closeEnds();
    rest();
  }

  /** Gives back what an idle process has no use for. */
  private void rest() {
    for (int i = 0; i < rings.size(); i++) {
      rings.get(i).rest();
    }
    process.heap.rest();
  }

  /** Has what is in {@code ring} written when all threads wait. */
  void outputs(MicroRing ring) {
    if (!ring.pending) {
      ring.pending = true;
      outputs.add(ring);
    }
  }

  /**
   * A deadline has passed. What is in {@code ring} is offered to its descriptor once, without
   * waiting for a peer that may never read, and the rest is dropped.
   */
  void hurry(MicroRing ring) {
    ring.hurried = true;
    if (ring.inFlight) {
      process.driver.cancel(ring);
    } else {
      outputs(ring);
    }
  }

  /** The same of the ring in which {@code thread} waits for room, if it does. */
  void hurry(MicroThread thread) {
    MicroRing ring = thread.waitsFor;
    if (thread.isListed && thread.waitsToWrite && ring != null && ring.isOutput) {
      hurry(ring);
    }
  }

  /** A thread has ended that wrote to {@code output}: the deadlines of such hold for the rest. */
  void left(MicroThread thread, MicroRing output) {
    if (output.isOutput) {
      output.overdue |= thread.isOverdue();
      if (!output.ended || output.isEmpty()) {
        return; // somebody else goes on writing, or all has been taken
      }
      if (output.overdue) {
        hurry(output);
      } else {
        process.alarms.leave(thread, output);
      }
    }
  }

  private void inputs(MicroRing ring) {
    if (!ring.pending) {
      ring.pending = true;
      inputs.add(ring);
    }
  }

  void awaitInput(MicroRing ring, MicroThread thread) {
    process.refuseIfEnding(thread);
    forgetWaits(thread); // played while it waited, it is in a list still
    ring.addReader(thread);
    thread.waits();
    if (ring.isInput) {
      inputs(ring);
    }
  }

  void awaitOutput(MicroRing ring, MicroThread thread) {
    process.refuseIfEnding(thread);
    forgetWaits(thread);
    ring.addWriter(thread);
    thread.waits();
    if (ring.isOutput) {
      outputs(ring);
    }
  }

  /** Takes {@code thread} off the list that it is in, if it is in one. */
  void forgetWaits(MicroThread thread) {
    MicroRing ring = thread.waitsFor;
    if (thread.isListed && ring != null) {
      ring.forget(thread);
    }
  }

  // ---- sockets

  /** A socket of two descriptors, which may be one; null if there is no memory. */
  @Nullable MicroSocket open(Handle input, Handle output) {
    MicroDescriptor source = new MicroDescriptor(input, false);
    MicroDescriptor sink = input == output ? source : new MicroDescriptor(output, false);
    MicroRing rx = MicroRing.input(process.threads, source);
    MicroRing tx = MicroRing.output(process.threads, sink);
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
    MicroRing rx = MicroRing.input(process.threads, new MicroDescriptor(descriptor, true));
    MicroSocket socket = new MicroSocket(process, rx, rx);
    rings.ensureCapacity(rings.size() + 1);
    if (!process.heap.reserveRing()) {
      throw new IllegalArgumentException(thread.label() + " has no memory for a listening socket");
    }
    rings.add(rx);
    return socket;
  }

  /** A ring between two threads; raises ENOMEM in {@code thread} if there is no memory. */
  MicroRing pipe(MicroThread thread) throws Exception {
    MicroRing ring = MicroRing.pipe(process.threads);
    rings.ensureCapacity(rings.size() + 1);
    thread.reserveRing();
    rings.add(ring);
    return ring;
  }

  /** The socket of an accepted connection; raises ENOMEM in {@code thread}, as {@link #pipe}. */
  MicroSocket accepted(MicroThread thread, MicroPeer peer) throws Exception {
    peer.requireFree();
    Handle handle = process.driver.newHandle("accepted connection");
    MicroSocket socket = open(handle, handle);
    if (socket == null) {
      thread.raise(Errno.ENOMEM);
      throw new MicroEnd(thread.label() + " has no memory for a connection");
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

  void closeInput(MicroRing ring) {
    ring.abandoned = true;
    ring.wakeWriters();
    ring.wakeReaders(); // of other threads: there is nothing to wait for any more
  }

  void closeOutput(MicroRing ring) {
    ring.ended = true;
    ring.wakeReaders();
    ring.wakeWriters();
  }

  /** No thread is left; returns whether that was news to any of the rings. */
  boolean closeAll() {
    boolean changed = false;
    for (int i = 0; i < rings.size(); i++) {
      MicroRing ring = rings.get(i);
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
      MicroRing ring = rings.get(i);
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

  private void closeEnd(MicroRing ring) {
    if (ring.inFlight) {
      process.driver.cancel(ring);
      return;
    }
    if (!ring.closed) {
      MicroDescriptor descriptor = ring.descriptor();
      boolean last = giveBack(ring);
      if (last && descriptor.isOwned()) {
        process.driver.close(descriptor.handle());
        removeEnds(descriptor);
      } else if (!last && descriptor.isOwned() && ring.isOutput) {
        process.driver.shutdown(descriptor.handle(), MicroDriver.OUTPUT);
      }
    }
  }

  private void removeEnds(MicroDescriptor descriptor) {
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
    rings.forEach(MicroRing::release);
    rings.clear();
  }

  /** Cancels all that is in flight. */
  void cancel() {
    for (MicroRing ring : rings) {
      ring.abandoned = true;
      if (ring.inFlight) {
        process.driver.cancel(ring);
      }
    }
  }

  boolean areInFlight() {
    for (MicroRing ring : rings) {
      if (ring.inFlight) {
        return true;
      }
    }
    return false;
  }

  /** Closes what is open, and forgets what is in the rings; nothing is in flight. */
  void discard() {
    for (MicroRing ring : rings) {
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
  private boolean giveBack(MicroRing ring) {
    MicroAlarms.forget(ring);
    refuseAccepted(ring);
    process.driver.release(ring);
    ring.closed = true; // last: what has failed before is tried again
    return ring.descriptor().closedEnd();
  }

  private void refuseAccepted(MicroRing ring) {
    while (ring.descriptor().listening && !ring.isEmpty()) {
      process.driver.close(ring.takeInt());
    }
  }
}
