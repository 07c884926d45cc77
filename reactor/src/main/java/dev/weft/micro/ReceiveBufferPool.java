// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Backend;

/**
 * Memory for rings, lent to the reactor's ring, which gives it to connections as their bytes come:
 * one that waits has none. There is as much of it as connections have been seen to send at a time.
 */
final class ReceiveBufferPool {
  /** More makes each receive find cold memory: the kernel takes the oldest first. */
  private static final int BUFFERS_MAX = 1024;

  private static final int BUFFERS_MIN = 32;

  private final Backend backend;
  private final PagePool slab;
  private final boolean isOpen;

  /** What has been lent, by number. */
  private final long[] addresses = new long[BUFFERS_MAX];

  private int count;

  ReceiveBufferPool(Backend backend, PagePool slab) {
    this.backend = backend;
    this.slab = slab;
    isOpen = backend.openReceiveBuffers(BUFFERS_MAX) >= 0;
  }

  /** Whether a connection may wait for memory from here: older kernels know no such thing. */
  boolean serves() {
    if (isOpen && count == 0) {
      lendMore(BUFFERS_MIN);
    }
    return isOpen;
  }

  /** What has been lent under this number, with bytes in it; other memory is lent in its place. */
  long take(int number) {
    long address = addresses[number];
    long other;
    try {
      other = slab.takeRing();
    } catch (Throwable e) {
      backend.offerReceiveBuffer(number, address, ByteRing.BYTES); // what has come is lost
      throw e;
    }
    lend(number, other);
    return address;
  }

  void giveBack(long address) {
    slab.giveRing(address);
  }

  /** All of it has been used at once. */
  void exhausted() {
    lendMore(Math.min(count * 2, BUFFERS_MAX));
  }

  private void lendMore(int wanted) {
    while (count < wanted) {
      lend(count, slab.takeRing());
      count++;
    }
  }

  private void lend(int number, long address) {
    addresses[number] = address;
    backend.offerReceiveBuffer(number, address, ByteRing.BYTES);
  }

  /** Takes back what has been lent; no receive is in flight. */
  void close() {
    if (isOpen) {
      backend.closeReceiveBuffers();
    }
    while (count > 0) {
      slab.giveRing(addresses[--count]);
    }
  }
}
