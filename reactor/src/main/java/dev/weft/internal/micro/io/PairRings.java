// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.queue.IntDeque;
import java.util.ArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pairs of one process: rings between its threads and those of other processes. A ring is in
 * the set of the process that reads from it, and is foreign to the one that writes to it.
 */
public final class PairRings {
  private final RingSet set;

  /** The rings of other sets that threads of this process write to, or may. */
  private final ArrayList<ByteRing> foreign = new ArrayList<>(0);

  PairRings(RingSet set) {
    this.set = set;
  }

  /** Creates a ring for each way between two threads; null if the heap has too few pages. */
  public @Nullable PairEnd pair() {
    PairEnd made = PairEnd.ofRings(ByteRing.pipe(set), ByteRing.pipe(set));
    set.reserve(2);
    if (!set.reservePages()) {
      return null;
    }
    if (!set.reservePages()) {
      set.unreservePages();
      return null;
    }
    hold(made);
    hold(made.other());
    return made;
  }

  private void hold(PairEnd end) {
    end.rx.isReaderFree = true;
    end.tx.isWriterFree = true;
    set.attach(end.rx, end.tx);
    set.rings.add(end.rx);
  }

  /**
   * Moves an end from the set that holds it to this one; returns false if the heap has too few
   * pages. The caller attaches a thread.
   */
  public boolean take(PairEnd end) {
    ByteRing rx = end.rx;
    ByteRing tx = end.tx;
    RingSet from = rx.rings;
    if (from.memory != set.memory) {
      throw new IllegalArgumentException("an end of a pair is of another reactor");
    }
    if (from != set) {
      set.reserve(1);
      foreign.ensureCapacity(foreign.size() + 1);
      from.pairs().foreign.ensureCapacity(from.pairs().foreign.size() + 1);
      if (!set.reservePages()) {
        return false;
      }
      from.rings.remove(rx);
      from.unreservePages();
      set.rings.add(rx);
      if (!rx.isShared()) {
        from.pairs().foreign.add(rx); // the other end stays there
      }
      rx.moveTo(set);
      if (!rx.isShared()) {
        foreign.remove(rx); // the other end is here already
      }
      from.pairs().foreign.remove(tx);
      tx.writers = set;
      if (tx.isShared()) {
        foreign.add(tx);
      }
    }
    return true;
  }

  /** Whether a thread waits for a thread of another process, or for an end that no thread has. */
  public boolean awaitOthers() {
    for (int i = 0; i < set.rings.size(); i++) {
      ByteRing ring = set.rings.get(i);
      if (awaitsWriter(ring) || awaitsFreeReader(ring)) {
        return true;
      }
    }
    for (int i = 0; i < foreign.size(); i++) {
      if (foreign.get(i).firstWriter != IntDeque.NONE) {
        return true;
      }
    }
    return false;
  }

  /** Whether a thread waits for bytes that no thread of this process can write. */
  private static boolean awaitsWriter(ByteRing ring) {
    return ring.firstReader != IntDeque.NONE && (ring.isShared() || ring.isWriterFree);
  }

  /** Whether a thread of this process waits until a thread gets the end that reads. */
  private static boolean awaitsFreeReader(ByteRing ring) {
    return ring.firstWriter != IntDeque.NONE && ring.isReaderFree && !ring.isShared();
  }

  /**
   * Whether one of those for which {@link #awaitOthers} says that a thread waits can wake it: an
   * end that no thread has can.
   */
  public boolean canBeWoken(Predicate<RingOwner> canWake) {
    for (int i = 0; i < set.rings.size(); i++) {
      ByteRing ring = set.rings.get(i);
      boolean byWriter =
          awaitsWriter(ring) && (ring.isWriterFree || canWake.test(ring.writers.owner));
      if (byWriter || awaitsFreeReader(ring)) {
        return true;
      }
    }
    for (int i = 0; i < foreign.size(); i++) {
      ByteRing ring = foreign.get(i);
      boolean waits = ring.firstWriter != IntDeque.NONE;
      if (waits && (ring.isReaderFree || canWake.test(ring.rings.owner))) {
        return true;
      }
    }
    return false;
  }

  /** Closes the sides of pairs that threads of other processes may still use. */
  void leave() {
    for (int i = 0; i < set.rings.size(); i++) {
      ByteRing ring = set.rings.get(i);
      if (ring.isShared()) {
        ring.firstReader = IntDeque.NONE;
        set.closeInput(ring);
        ring.writers.pairs().foreign.remove(ring);
      }
    }
    for (int i = 0; i < foreign.size(); i++) {
      ByteRing ring = foreign.get(i);
      ring.firstWriter = IntDeque.NONE;
      ring.writerEnds = 0;
      set.closeOutput(ring);
    }
    foreign.clear();
  }

  /** After the last writer of a foreign ring has ended. */
  void left(ByteRing ring) {
    foreign.remove(ring);
  }
}
