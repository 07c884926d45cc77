// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

/**
 * An end of a pair of pipes until it is given to a thread. The set of the process that has made it
 * holds it, and pays for the ring that is read here; {@link PairRings#take} moves it to another
 * one.
 */
public final class PairEnd {
  public final ByteRing rx;
  public final ByteRing tx;
  private final PairEnd other;
  private boolean free = true;

  private PairEnd(ByteRing rx, ByteRing tx) {
    this.rx = rx;
    this.tx = tx;
    other = new PairEnd(this);
  }

  private PairEnd(PairEnd other) {
    rx = other.tx;
    tx = other.rx;
    this.other = other;
  }

  /** Makes both ends; the rings count them as a reader and a writer. */
  static PairEnd ofRings(ByteRing there, ByteRing back) {
    return new PairEnd(back, there);
  }

  public PairEnd other() {
    return other;
  }

  /** Whether it has neither been given to a thread nor closed. */
  public boolean isFree() {
    return free;
  }

  /** Counts it no more: it has been given to a thread, which the rings count. */
  public void given() {
    close();
  }

  /** Closes it unless it has been given to a thread. */
  public void close() {
    if (free) {
      free = false;
      rx.isReaderFree = false;
      tx.isWriterFree = false;
      rx.rings.detach(rx, tx);
    }
  }
}
