// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Backend;

/**
 * Pool of provided buffers for receives. The reactor's io_uring assigns one to a connection when
 * its bytes arrive, so an idle connection has no memory. The pool grows to as many buffers as have
 * been needed at the same time.
 */
final class ReceiveBufferPool {
  /** With more buffers each receive would use cold memory, as the kernel takes the oldest first. */
  private static final int BUFFERS_MAX = 1024;

  private static final int BUFFERS_MIN = 32;

  private final Backend backend;
  private final PagePool pages;
  private final boolean isOpen;

  /** The addresses of the provided buffers, by number. */
  private final long[] addresses = new long[BUFFERS_MAX];

  private int count;

  ReceiveBufferPool(Backend backend, PagePool pages) {
    this.backend = backend;
    this.pages = pages;
    isOpen = backend.openReceiveBuffers(BUFFERS_MAX) >= 0;
  }

  /** Whether receives can use provided buffers, which older kernels don't support. */
  boolean serves() {
    if (isOpen && count == 0) {
      provideUpTo(BUFFERS_MIN);
    }
    return isOpen;
  }

  /** Takes the filled buffer of this number, and provides another one in its place. */
  long take(int number) {
    long address = addresses[number];
    long other;
    try {
      other = pages.takeRing();
    } catch (Throwable e) {
      backend.offerReceiveBuffer(number, address, ByteRing.BYTES); // the received bytes are lost
      throw e;
    }
    provide(number, other);
    return address;
  }

  void release(long address) {
    pages.giveRing(address);
  }

  /** Grows the pool, after all buffers were in use at once. */
  void exhausted() {
    provideUpTo(Math.min(count * 2, BUFFERS_MAX));
  }

  private void provideUpTo(int wanted) {
    while (count < wanted) {
      provide(count, pages.takeRing());
      count++;
    }
  }

  private void provide(int number, long address) {
    addresses[number] = address;
    backend.offerReceiveBuffer(number, address, ByteRing.BYTES);
  }

  /** Withdraws the provided buffers; no receive is in flight. */
  void close() {
    if (isOpen) {
      backend.closeReceiveBuffers();
    }
    while (count > 0) {
      pages.giveRing(addresses[--count]);
    }
  }
}
