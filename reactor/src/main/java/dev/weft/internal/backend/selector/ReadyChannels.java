// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.BackendStats;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Waits for channels, and lists those that are ready. */
final class ReadyChannels {
  private static final long FOREVER = SelectorBackend.FOREVER;

  private final Selector selector;
  private final Thread thread;
  private final BackendStats stats;
  private final AtomicBoolean wakeupRequested = new AtomicBoolean();
  private final Consumer<SelectionKey> onReady = this::selected;
  private @Nullable ChannelEntry firstReady;
  private @Nullable ChannelEntry lastReady;

  ReadyChannels(Selector selector, Thread thread, BackendStats stats) {
    this.selector = selector;
    this.thread = thread;
    this.stats = stats;
  }

  Selector selector() {
    return selector;
  }

  boolean isEmpty() {
    return firstReady == null;
  }

  /** Ends the select in progress, or the next one. May be called from any thread. */
  void wakeup() {
    if (!wakeupRequested.getAndSet(true)) {
      selector.wakeup();
    }
  }

  /** Whether there was a {@link #wakeup} that has not been taken. */
  boolean isWoken() {
    return wakeupRequested.get();
  }

  /** Whether there was a {@link #wakeup} since the last call. */
  boolean takeWakeup() {
    boolean requested = wakeupRequested.getAndSet(false);
    if (requested) {
      stats.wakeups++;
    }
    return requested;
  }

  /** Selects once, and waits so long at most. The selector's unit is a millisecond. */
  void select(long nanos) {
    stats.enters++;
    try {
      if (nanos <= 0) {
        selector.selectNow(onReady);
      } else if (Thread.currentThread().isVirtual()) {
        // The JDK would let this thread park and the reactor run others, which could poll as well.
        selector.selectNow(onReady);
        Thread.onSpinWait();
      } else {
        selectUninterruptibly(nanos);
      }
    } catch (IOException e) {
      throw new IllegalStateException("select: " + e.getMessage(), e);
    }
  }

  /** Waits although the thread is interrupted, as a ring does; the status stays. */
  private void selectUninterruptibly(long nanos) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      if (nanos == FOREVER) {
        selector.select(onReady);
      } else {
        selector.select(onReady, TimeUnit.NANOSECONDS.toMillis(nanos - 1) + 1);
      }
      interrupted |= Thread.interrupted();
    } finally {
      if (interrupted) {
        thread.interrupt();
      }
    }
  }

  private void selected(SelectionKey key) {
    ChannelEntry entry = (ChannelEntry) key.attachment();
    entry.ready |= key.readyOps();
    add(entry);
  }

  /** Adds an entry to those that are handled in this poll. */
  void add(ChannelEntry entry) {
    if (entry.nextReady != null || lastReady == entry) {
      return;
    }
    if (lastReady == null) {
      firstReady = entry;
    } else {
      lastReady.nextReady = entry;
    }
    lastReady = entry;
  }

  void handle(SelectorBackend backend) {
    for (ChannelEntry entry; (entry = firstReady) != null; ) {
      firstReady = entry.nextReady;
      entry.nextReady = null;
      if (firstReady == null) {
        lastReady = null;
      }
      entry.handle(backend);
    }
  }

  void close() {
    try {
      selector.close();
    } catch (IOException e) {
      throw new IllegalStateException("the selector can't be closed: " + e.getMessage(), e);
    }
  }
}
