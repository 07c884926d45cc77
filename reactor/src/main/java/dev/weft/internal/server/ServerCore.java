// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.server;

import dev.weft.error.CancelledException;
import dev.weft.internal.cross.CrossThreadLatch;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A server: its parts, and what they have in common. Thread-safe, but for the methods that make a
 * part.
 *
 * @param <S> the type of the connections
 */
public final class ServerCore<S extends AutoCloseable> {
  final ServerTransport<S> transport;
  final int connectionsMax;

  /** Whether one part accepts for all. */
  private final boolean handsOver;

  private final Object name;
  private final List<ServerPart<S>> parts = new CopyOnWriteArrayList<>();
  private final CrossThreadLatch ended = new CrossThreadLatch();

  /** The number of parts that accept, and of those that have not ended. */
  private final AtomicInteger acceptingParts = new AtomicInteger();

  private final AtomicInteger livingParts = new AtomicInteger();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private volatile boolean stopping;

  /** When handlers are cancelled, on the reactors' clock. */
  private final AtomicLong cancelTime = new AtomicLong(TimerQueue.NEVER);

  /**
   * Makes a server without parts.
   *
   * @param name for messages
   * @param connectionsMax the most connections for each listener
   * @param handsOver whether the first part accepts for all
   */
  public ServerCore(
      Object name, ServerTransport<S> transport, int connectionsMax, boolean handsOver) {
    this.name = name;
    this.transport = transport;
    this.connectionsMax = connectionsMax;
    this.handsOver = handsOver;
  }

  // ---- the beginning

  /**
   * Makes the part of the current reactor, with a listener if it needs one. {@link ServerPart#run}
   * or {@link ServerPart#abandon} must follow.
   *
   * @param shared whether other parts follow that have listeners
   */
  public ServerPart<S> open(boolean shared) throws IOException {
    EventLoop loop = EventLoop.require("start");
    boolean accepts = parts.isEmpty() || !handsOver;
    ServerPart<S> part = new ServerPart<>(this, loop, accepts ? transport.listen(shared) : null);
    parts.add(part);
    livingParts.incrementAndGet();
    if (accepts) {
      acceptingParts.incrementAndGet();
    }
    return part;
  }

  /** The part that gets the next connection of {@code accepting}. */
  ServerPart<S> next(ServerPart<S> accepting) {
    if (!handsOver) {
      return accepting;
    }
    ServerPart<S> best = accepting;
    int fewest = accepting.connections();
    for (ServerPart<S> part : parts) {
      int connections = part.connections();
      if (connections < fewest && !part.hasEnded()) {
        best = part;
        fewest = connections;
      }
    }
    return best;
  }

  // ---- the state

  /** The connections that count for the limit of {@code accepting}. */
  int counted(ServerPart<S> accepting) {
    return handsOver ? connections() : accepting.connections();
  }

  /** The number of open connections. */
  public int connections() {
    int sum = 0;
    for (ServerPart<S> part : parts) {
      sum += part.connections();
    }
    return sum;
  }

  /** The number of connections that have been accepted so far. */
  public long accepted() {
    return accepted.get();
  }

  /** The number of handlers that have failed so far. */
  public long failed() {
    return failed.get();
  }

  public boolean isAccepting() {
    return !stopping && acceptingParts.get() > 0;
  }

  boolean isStopping() {
    return stopping;
  }

  long cancelTime() {
    return cancelTime.get();
  }

  void countAccepted() {
    accepted.incrementAndGet();
  }

  void handlerFailed(@Nullable S connection, Throwable cause) {
    failed.incrementAndGet();
    transport.handlerFailed(connection, cause);
  }

  /** A connection of {@code part} has ended. */
  void roomFreed(ServerPart<S> part) {
    ServerPart<S> first = parts.getFirst();
    if (handsOver && first != part) {
      first.wakeIfFull();
    }
  }

  /** A part accepts no more. If it was the last one, the others get no more connections. */
  void acceptingEnded() {
    if (acceptingParts.decrementAndGet() == 0) {
      stopping = true;
      wakeParts();
    }
  }

  /** A part has ended, or will never run. */
  void partEnded() {
    if (livingParts.decrementAndGet() == 0) {
      ended.release();
    }
  }

  boolean isAnyAccepting() {
    return acceptingParts.get() > 0;
  }

  // ---- the end

  /** Lets all parts stop accepting. */
  public void stop() {
    stopping = true;
    wakeParts();
  }

  /** Lets all parts end; handlers are cancelled at {@code time}. */
  public void requestEnd(long time) {
    cancelTime.accumulateAndGet(time, Math::min);
    stop();
  }

  private void wakeParts() {
    for (ServerPart<S> part : parts) {
      part.wake();
    }
  }

  /**
   * Waits until all connections and listeners are closed. Suspends.
   *
   * @param deadline when to stop waiting
   */
  public void await(String verb, long deadline) {
    requireOutside(verb);
    ended.await(verb, name, deadline);
  }

  /** Ends it, and waits for the end. Suspends. A cancel or an interrupt ends the grace. */
  public void shutdown(long grace) {
    requireOutside("shut down");
    requestEnd(grace);
    CancelledException cancelled = null;
    try {
      ended.await("shut down", name, TimerQueue.NEVER);
    } catch (CancelledException e) {
      cancelled = e;
    }
    if (cancelled != null) {
      requestEnd(Long.MIN_VALUE);
      ended.awaitShielded("shut down", name, TimerQueue.NEVER);
      throw cancelled;
    }
  }

  /** Cancels the handlers and waits for the end. Suspends, even if cancelled. */
  public void close() {
    requireOutside("close");
    requestEnd(Long.MIN_VALUE);
    ended.awaitShielded("close", name, TimerQueue.NEVER);
  }

  private void requireOutside(String verb) {
    FiberState caller = FiberState.current();
    for (ServerPart<S> part : parts) {
      if (caller != null && part.runs(caller)) {
        throw new IllegalStateException(
            caller + " can't " + verb + " " + name + ": it is in it, and would wait for itself");
      }
    }
  }

  @Override
  public String toString() {
    return name.toString();
  }
}
