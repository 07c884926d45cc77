// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the memory of the JVM that all clients together hold: commands not yet executed, and
 * answers not yet sent. At the limit, the client that holds the most is disconnected, as with
 * Redis's maxmemory-clients. So neither many clients nor a large one can use up the memory of the
 * others.
 */
final class ClientMemory {
  /** Commands, answers, and the temporary copies of both. */
  private static final int PARTS_OF_HEAP = 4;

  private final long limitBytes;
  private final AtomicLong usedBytes = new AtomicLong();

  /** Accounts that hold memory, or did. Used by the reactor's thread only. */
  private final Set<Account> accounts = new HashSet<>();

  /** Sets the limit, in bytes. */
  ClientMemory(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** A limit suitable for the size of the JVM's heap. */
  static ClientMemory ofHeap() {
    return new ClientMemory(Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP);
  }

  /** For a filter, whose only client is limited by back-pressure. */
  static ClientMemory unlimited() {
    return new ClientMemory(Long.MAX_VALUE);
  }

  long usedBytes() {
    return usedBytes.get();
  }

  /** Whether the limit is reached, so that {@link #makeRoom} must come first. Any thread. */
  boolean isFull() {
    return usedBytes.get() >= limitBytes;
  }

  /** Disconnects clients, those that hold the most first, until the limit is no longer reached. */
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
      largest.disconnect.run();
    }
  }

  /**
   * Opens the account of a client.
   *
   * @param disconnect ends its connection asynchronously: the caller may be the client's own thread
   */
  Account open(Runnable disconnect) {
    return new Account(disconnect);
  }

  /** The memory that one client holds. */
  final class Account {
    private final Runnable disconnect;
    private long heldBytes;
    private boolean isClosed;
    private boolean isListed;

    private Account(Runnable disconnect) {
      this.disconnect = disconnect;
    }

    private synchronized long heldBytes() {
      return heldBytes;
    }

    /**
     * Charges the client for memory before it is allocated. On the reactor's thread.
     *
     * @return false if there is none, so that this client is being disconnected
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

    /** Adds to the bytes that the client holds; negative for released bytes. Any thread. */
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

    /** Releases everything that the client holds. On the reactor's thread. */
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
