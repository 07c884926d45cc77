// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory of the JVM all clients together hold: commands that have come and are not carried
 * out, and answers that are not sent. When that reaches a limit, the client that holds the most is
 * cut off, as by Redis's maxmemory-clients. So neither many clients nor a large one can use up the
 * memory of the others.
 */
final class ClientMemory {
  /** Commands, answers, and the copies that are made of both on their way. */
  private static final int PARTS_OF_HEAP = 4;

  private final long limitBytes;
  private final AtomicLong usedBytes = new AtomicLong();

  /** Those that hold something, or did. Touched by the reactor's thread alone. */
  private final Set<Account> accounts = new HashSet<>();

  /** Memory of which clients may hold so many bytes. */
  ClientMemory(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** As much as is good for a heap of this size. */
  static ClientMemory ofHeap() {
    return new ClientMemory(Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP);
  }

  /** For a filter, whose only client is held up by what it does not read. */
  static ClientMemory unlimited() {
    return new ClientMemory(Long.MAX_VALUE);
  }

  long usedBytes() {
    return usedBytes.get();
  }

  /** Whether nobody may take more before {@link #makeRoom}. Any thread. */
  boolean isFull() {
    return usedBytes.get() >= limitBytes;
  }

  /** Cuts clients off, those that hold the most first, until it is not full any more. */
  void makeRoom() {
    while (isFull()) {
      Account largest = null;
      for (Account account : accounts) {
        if (largest == null || account.heldBytes() > largest.heldBytes()) {
          largest = account;
        }
      }
      if (largest == null) {
        return;
      }
      largest.close();
      largest.cutOff.run();
    }
  }

  /**
   * Opens the account of a client.
   *
   * @param cutOff ends its connection, but later on: it may be the client's own thread that calls
   */
  Account open(Runnable cutOff) {
    return new Account(cutOff);
  }

  /** What one client holds. */
  final class Account {
    private final Runnable cutOff;
    private long heldBytes;
    private boolean isClosed;
    private boolean isListed;

    private Account(Runnable cutOff) {
      this.cutOff = cutOff;
    }

    private synchronized long heldBytes() {
      return heldBytes;
    }

    /**
     * Charges it for memory that is about to be taken. On the reactor's thread.
     *
     * @return false if there is none, so that this client is being cut off
     */
    boolean take(long bytes) {
      if (!isListed) {
        isListed = true;
        accounts.add(this);
      }
      add(bytes);
      makeRoom();
      return !isClosed();
    }

    /** Counts bytes that it holds more, or less if they are negative. Any thread. */
    synchronized void add(long bytes) {
      if (!isClosed) {
        heldBytes += bytes;
        usedBytes.addAndGet(bytes);
      }
    }

    private synchronized boolean isClosed() {
      return isClosed;
    }

    boolean isMemoryFull() {
      return isFull();
    }

    /** As {@link ClientMemory#makeRoom}. */
    void makeRoom() {
      ClientMemory.this.makeRoom();
    }

    /** Gives back all that it holds. On the reactor's thread. */
    void close() {
      accounts.remove(this);
      synchronized (this) {
        usedBytes.addAndGet(-heldBytes);
        heldBytes = 0;
        isClosed = true;
      }
    }
  }
}
