// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.server;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.fiber.BundleState;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.fiber.Services;
import dev.weft.internal.fiber.StackfulTask;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What one reactor does for a server: it accepts connections, or gets them from the part that does,
 * and runs a fiber for each.
 *
 * @param <S> the type of the connections
 */
public final class ServerPart<S extends AutoCloseable> implements Services.Service {
  /** Connections that the kernel may accept before a fiber takes them: see {@link Acceptor}. */
  private static final int ACCEPTED_AHEAD_MAX = 1024;

  private static final Duration PAUSE_MIN = Duration.ofMillis(10);
  private static final Duration PAUSE_MAX = Duration.ofSeconds(1);

  private final ServerCore<S> server;
  private final EventLoop loop;
  private final @Nullable Acceptor acceptor;

  /** Open connections, and those that are on their way here. */
  private final AtomicInteger connections = new AtomicInteger();

  /** Woken by the end of a connection, and by {@link #wake}. */
  private final WaitList changed = new WaitList();

  /** Connections that the part that accepts has sent, and that have not arrived here. */
  private final AtomicInteger underWay = new AtomicInteger();

  /** Detached descriptors that have arrived from the part that accepts. */
  private final Deque<Object> handedOver = new ArrayDeque<>();

  private @Nullable BundleState handlers;

  /** Whether it waits for the end of a connection, which can be on another reactor. */
  private volatile boolean full;

  private volatile boolean ended;

  private final LoopMessage change;

  ServerPart(ServerCore<S> server, EventLoop loop, @Nullable Acceptor acceptor) {
    this.server = server;
    this.loop = loop;
    this.acceptor = acceptor;
    change =
        new LoopMessage(loop) {
          @Override
          protected void arrive() {
            changed();
          }
        };
  }

  private void changed() {
    if (acceptor != null && server.isStopping()) {
      acceptor.stop();
    }
    changed.wakeAll();
  }

  /** Lets its fiber see what has changed. May be called from any thread. */
  void wake() {
    change.post();
  }

  /** As {@link #wake}, if it has as many connections as it may have. */
  void wakeIfFull() {
    if (full) {
      wake();
    }
  }

  /** May be called from any thread. */
  int connections() {
    return connections.get();
  }

  /** May be called from any thread. */
  public boolean hasEnded() {
    return ended;
  }

  /** Whether {@code fiber} is one of its handlers, or in one. */
  boolean runs(FiberState fiber) {
    BundleState mine = fiber.reactor().loop() == loop ? handlers : null;
    return mine != null && mine.hasAmongChildren(fiber);
  }

  // ---- the fiber that accepts

  /** Accepts until it is stopped, and then waits for the handlers. Run by a fiber. Suspends. */
  public void run() {
    Services services = FiberState.require("serve").reactor().services();
    try (Bundle bundle = Bundle.supervising(this::defect)) {
      services.add(this);
      handlers = BundleState.IN.of(bundle);
      if (acceptor != null) {
        acceptAll(bundle, acceptor);
        acceptor.close();
        server.acceptingEnded();
      } else {
        takeAll(bundle);
      }
      drain();
    } finally {
      end();
      services.remove(this);
    }
  }

  /** The reactor is being shut down: the server stops on all its reactors. */
  @Override
  public void stop() {
    server.stop();
  }

  /** Ends it in place of {@link #run}. */
  public void abandon() {
    end();
  }

  /** Its reactor has ended without it, and closed its sockets. May be called from any thread. */
  public void lost() {
    ended = true;
    if (acceptor != null) {
      server.acceptingEnded();
    }
    server.partEnded();
  }

  private void end() {
    if (ended) {
      return;
    }
    ended = true;
    if (acceptor != null && acceptor.handle().isOpen()) {
      acceptor.close();
      server.acceptingEnded();
    }
    for (Object token; (token = handedOver.poll()) != null; ) {
      discard(token);
    }
    server.partEnded();
  }

  private void defect(Throwable cause) {
    server.handlerFailed(null, cause);
  }

  private void acceptAll(Bundle bundle, Acceptor from) {
    Duration pause = Duration.ZERO;
    Deadline silence = Deadline.NOW; // of reports
    while (true) {
      try {
        awaitRoom();
        int room = server.connectionsMax - server.counted(this);
        from.acceptOneByOne(room <= ACCEPTED_AHEAD_MAX);
        if (!from.awaitUnlessStopped(TimerQueue.NEVER, room > 0)) {
          return;
        }
      } catch (ErrnoException e) {
        if (pause.isZero() && silence.hasPassed()) {
          server.transport.acceptFailed(e);
          silence = Deadline.after(PAUSE_MAX);
        }
        pause = longer(pause);
        await(Deadline.after(pause).nanoTime());
        continue;
      } catch (IOException e) {
        return; // the listener has been closed
      }
      pause = Duration.ZERO;
      place(bundle, from);
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.isZero() ? PAUSE_MIN : pause.multipliedBy(2);
    return twice.compareTo(PAUSE_MAX) < 0 ? twice : PAUSE_MAX;
  }

  /** Waits while there are as many connections as there may be. */
  private void awaitRoom() {
    full = true; // before the connections are counted, so that the end of one is seen
    while (!server.isStopping() && server.counted(this) >= server.connectionsMax) {
      await(TimerQueue.NEVER);
    }
    full = false;
  }

  /** Waits for a change; returns false if there is none until {@code deadline}. */
  private boolean await(long deadline) {
    try {
      Strand.require("serve").await(changed, "serve", server, deadline, WaitMode.EXTERNAL);
      return true;
    } catch (DeadlineExceededException e) {
      return false;
    }
  }

  private void takeAll(Bundle bundle) {
    while (true) {
      Object token = handedOver.poll();
      if (token != null) {
        S connection = server.transport.create(loop);
        StackReserve.check();
        server.transport.open(connection, loop.backend().attach(token));
        start(bundle, connection);
      } else if (server.isAnyAccepting() || underWay.get() > 0) { // in this order
        await(TimerQueue.NEVER);
      } else {
        return;
      }
    }
  }

  /** Starts the handler of the next connection, here or on another reactor. */
  private void place(Bundle bundle, Acceptor from) {
    ServerPart<S> target = server.next(this);
    if (target != this) {
      HandOver<S> message = new HandOver<>(target);
      StackReserve.check();
      target.connections.incrementAndGet();
      target.underWay.incrementAndGet();
      server.countAccepted();
      message.send(loop.backend().detach(from.take()));
      return;
    }
    S connection = server.transport.create(loop);
    StackReserve.check();
    server.transport.open(connection, from.take());
    connections.incrementAndGet();
    server.countAccepted();
    start(bundle, connection);
  }

  /** A connection on its way to another part. */
  private static final class HandOver<S extends AutoCloseable> extends LoopMessage {
    private final ServerPart<S> target;
    private @Nullable Object token;

    HandOver(ServerPart<S> target) {
      super(target.loop);
      this.target = target;
    }

    void send(Object detached) {
      token = detached;
      if (!post()) { // its reactor has been closed
        target.underWay.decrementAndGet();
        target.connections.decrementAndGet();
        EventLoop.require("serve").backend().closeDetached(detached);
      }
    }

    @Override
    protected void arrive() {
      Object detached = token;
      assert detached != null;
      target.underWay.decrementAndGet();
      if (target.ended) {
        target.discard(detached);
        return;
      }
      target.handedOver.add(detached);
      target.changed.wakeAll();
    }
  }

  private void discard(Object token) {
    loop.backend().closeDetached(token);
    left();
  }

  private void start(Bundle bundle, S connection) {
    boolean started = false;
    try {
      bundle.go(
          server.transport.isStackful()
              ? new StackfulServing<>(this, connection)
              : new Serving<>(this, connection));
      started = true;
    } catch (OutOfMemoryError e) { // or no thread could be started
      server.handlerFailed(connection, e);
    } finally {
      if (!started) {
        close(connection);
        left();
      }
    }
  }

  /** A connection has ended. */
  private void left() {
    connections.decrementAndGet();
    changed.wakeAll();
    server.roomFreed(this);
  }

  private void close(S connection) {
    try {
      connection.close();
    } catch (Exception e) {
      server.handlerFailed(connection, e);
    }
  }

  /** Waits for the handlers until they are to be cancelled. */
  private void drain() {
    while (connections.get() > 0) {
      long time = server.cancelTime();
      if (time <= loop.clock().nanoTime() || !await(time)) {
        return;
      }
    }
  }

  // ---- the fibers of connections

  private static class Serving<S extends AutoCloseable> implements FiberTask {
    private final ServerPart<S> part;
    private final S connection;

    Serving(ServerPart<S> part, S connection) {
      this.part = part;
      this.connection = connection;
    }

    @Override
    public void run() {
      try {
        part.server.transport.handle(connection);
      } catch (Throwable e) { // ends this connection alone
        if (!(e instanceof CancelledException && Fiber.current().isCancelled())) {
          part.server.handlerFailed(connection, e);
        }
      }
      try {
        part.close(connection);
      } finally {
        part.left();
      }
    }
  }

  private static final class StackfulServing<S extends AutoCloseable> extends Serving<S>
      implements StackfulTask {
    StackfulServing(ServerPart<S> part, S connection) {
      super(part, connection);
    }
  }
}
