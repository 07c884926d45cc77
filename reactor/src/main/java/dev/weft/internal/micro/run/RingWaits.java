// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.DrainDeadline;
import dev.weft.internal.micro.io.RingOwner;
import dev.weft.internal.queue.IntDeque;

/**
 * Waits of a process's threads for its rings. The threads that wait for a ring form two lists of
 * thread numbers, linked through the threads.
 */
public final class RingWaits implements RingOwner {
  final ProcessControl process;

  RingWaits(ProcessControl process) {
    this.process = process;
  }

  /** Starts to wait for bytes in {@code ring}; the caller parks. */
  public void awaitInput(ByteRing ring, ThreadControl thread) {
    process.requireNotEnding(thread);
    forget(thread); // if it was played while it waited, it is still in a list
    if (ring.isInput) {
      process.rings.fillLater(ring);
    }
    link(ring, thread, ring.firstReader, false); // last, here and below: it changes all or nothing
  }

  /** Starts to wait for room in {@code ring}; the caller parks. */
  public void awaitOutput(ByteRing ring, ThreadControl thread) {
    process.requireNotEnding(thread);
    forget(thread);
    if (ring.isOutput) {
      process.rings.drainLater(ring);
      if (thread.isOverdue()) {
        process.rings.drainOnceThenDrop(ring); // its lastly must not wait for the peer
      }
    }
    link(ring, thread, ring.firstWriter, true);
  }

  /** Adds {@code thread}, which is about to park, to a list; {@code first} is its head. */
  private void link(ByteRing ring, ThreadControl thread, int first, boolean toWrite) {
    if (first != IntDeque.NONE) {
      process.threads.thread(first).previousWaiting = thread.id;
    }
    thread.nextWaiting = first;
    thread.waitsToWrite = toWrite;
    thread.isListed = true;
    if (thread.waitsFor != ring) {
      thread.waitsFor = ring; // only if it changes: the write barrier costs more than the check
    }
    if (toWrite) {
      ring.firstWriter = thread.id;
    } else {
      ring.firstReader = thread.id;
    }
    thread.status = ThreadStatus.WAIT;
  }

  /** Removes {@code thread} from its wait list, if it is in one. */
  void forget(ThreadControl thread) {
    ByteRing ring = thread.waitsFor;
    if (thread.isListed && ring != null) {
      unlink(ring, thread);
    }
  }

  private void unlink(ByteRing ring, ThreadControl thread) {
    int next = thread.nextWaiting;
    int previous = thread.previousWaiting;
    ThreadControl after = next == IntDeque.NONE ? null : process.threads.thread(next);
    ThreadControl before = previous == IntDeque.NONE ? null : process.threads.thread(previous);
    if (after != null) {
      after.previousWaiting = previous;
    }
    if (before != null) {
      before.nextWaiting = next;
    } else if (thread.waitsToWrite) {
      ring.firstWriter = next;
    } else {
      ring.firstReader = next;
    }
    thread.nextWaiting = IntDeque.NONE;
    thread.previousWaiting = IntDeque.NONE;
    thread.isListed = false;
  }

  /**
   * After the deadline of a thread: the output in which it waits for room, if it does, is drained.
   */
  void drainOnceThenDrop(ThreadControl thread) {
    ByteRing ring = thread.waitsFor;
    if (thread.isListed && thread.waitsToWrite && ring != null && ring.isOutput) {
      process.rings.drainOnceThenDrop(ring);
    }
  }

  /**
   * Closes the socket of an ended thread, unless another thread uses it; its deadline holds for the
   * bytes left in it.
   */
  void detach(ThreadControl thread, ByteRing rx, ByteRing tx) {
    process.rings.detach(rx, tx);
    DrainDeadline deadline = thread.deadline;
    boolean isArmed = deadline != null && deadline.isArmed();
    process.rings.writerEnded(tx, thread.isOverdue(), isArmed ? deadline : null);
  }

  /** Closes the sockets of a thread that has ended. */
  void closeSockets(ThreadControl thread) {
    ByteRing rx = thread.rx;
    ByteRing tx = thread.tx;
    if (rx != null && tx != null) {
      detach(thread, rx, tx);
    }
    OutgoingConnections connections = thread.connections;
    if (connections != null) {
      connections.close();
    }
  }

  // ---- calls by the rings

  @Override
  public void wakeReaders(ByteRing ring) {
    for (int id; (id = ring.firstReader) != IntDeque.NONE; ) {
      wake(ring, process.threads.thread(id));
    }
  }

  @Override
  public void wakeWriters(ByteRing ring) {
    for (int id; (id = ring.firstWriter) != IntDeque.NONE; ) {
      wake(ring, process.threads.thread(id));
    }
  }

  /**
   * Wakes a waiting thread. It leaves the list last: if this fails midway, it can be woken again.
   */
  private void wake(ByteRing ring, ThreadControl thread) {
    process.threads.play(thread);
    unlink(ring, thread);
  }

  @Override
  public void ready() {
    process.ready();
  }

  @Override
  public void failed(Throwable failure) {
    process.failed(failure);
  }
}
