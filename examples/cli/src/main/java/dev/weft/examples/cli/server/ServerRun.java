// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Blocking;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.net.SocketOptions;
import dev.weft.net.UnixListener;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/**
 * Runs a server until SIGINT or SIGTERM: on reactors that each listen on all addresses. Then it
 * closes its sockets, serves open connections for a grace time, and cancels the remaining ones. A
 * second signal ends the program.
 */
public final class ServerRun {
  /** Running fibers use the stack of their reactor's thread, which a small -Xss would shrink. */
  private static final long STACK_BYTES = 2L << 20;

  private final String program;

  private final ReactorOptions options;

  private final int reactors;
  private final SocketOptions socketOptions;
  private final Duration grace;
  private final Supplier<? extends ReactorServer> servers;

  /** Where a program that takes its place gets its sockets, or null. */
  private @Nullable Path takeover;

  /** Counts the other reactors that have begun to serve, or have ended. */
  private final CountDownLatch started;

  private final List<Peer> peers = new CopyOnWriteArrayList<>();

  /**
   * Another reactor.
   *
   * @param over what it waits for while it serves
   * @param duplicates of its sockets, for the first reactor; none if nothing will be handed over
   */
  private record Peer(Reactor reactor, Latch over, List<Integer> duplicates) {
    /** Lets it accept no more, as a signal does. May be called from any thread. */
    void stop() {
      try {
        reactor.execute(() -> open(over));
      } catch (RejectedExecutionException e) {
        // it has ended
      }
    }
  }

  /**
   * Describes a run, which {@link #run} starts.
   *
   * @param program its name, for messages
   * @param options of its reactors
   * @param reactors how many there are
   * @param socketOptions of its sockets
   * @param grace how long connections are served after a signal
   * @param servers makes what each reactor does
   */
  public ServerRun(
      String program,
      ReactorOptions options,
      int reactors,
      SocketOptions socketOptions,
      Duration grace,
      Supplier<? extends ReactorServer> servers) {
    this.program = program;
    this.options = options;
    this.reactors = reactors;
    this.socketOptions = socketOptions.withReusePort(reactors > 1);
    this.grace = grace;
    this.servers = servers;
    started = new CountDownLatch(reactors - 1);
  }

  /**
   * Serves as the command line says, until a signal comes or another program takes over.
   *
   * @param arguments the command line, with {@link ServerArguments#listen} and {@link
   *     ServerArguments#takeover}
   * @param byDefault where to listen otherwise
   * @return the exit status
   * @throws IllegalArgumentException if it has a wrong value
   * @throws Exception a failure of a reactor
   */
  public int run(ParseResult arguments, String byDefault) throws Exception {
    List<Place> places = ServerArguments.places(arguments, byDefault);
    takeover = ServerArguments.takeoverPath(arguments);
    try (Reactor reactor = Reactor.open(options)) {
      return reactor.call(() -> serveAll(places));
    } catch (UnsupportedOperationException e) {
      throw new IllegalArgumentException("sockets from another program: " + e.getMessage(), e);
    }
  }

  /** Opens the sockets of the first reactor, whose ports the other reactors share. */
  private int serveAll(List<Place> places) throws Exception {
    ReactorServer server = servers.get();
    List<ListeningSockets> sockets = new ArrayList<>();
    List<FutureTask<Integer>> others = new ArrayList<>();
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM);
        Takeover old = takeover == null ? Takeover.NONE : Takeover.from(takeover)) {
      List<InetSocketAddress> bound = new ArrayList<>();
      List<ListeningSockets> adopted = old.adoptedBy(server);
      for (Place place : adopted.isEmpty() ? places : List.<Place>of()) {
        ListeningSockets opened = open(server, place);
        if (place.isInherited()) {
          adopted.add(opened);
        } else {
          sockets.add(opened);
          bound.add(opened.address());
        }
      }
      List<String> ready = readyLines(sockets, adopted);
      Shares shares = Shares.of(adopted, reactors);
      sockets.addAll(shares.ofFirst());
      for (int i = 1; i < reactors; i++) {
        others.add(startOther(bound, shares.ofOther(i)));
      }
      awaitOthers();
      try (UnixListener next = takeover == null ? null : Takeover.listen(takeover)) {
        ready.forEach(Programs::report);
        startAll(sockets);
        old.ready();
        awaitEnd(next, server, sockets, signals);
        drain(server, sockets, signals, true);
      }
    } catch (ErrnoException e) {
      closeAll(sockets);
      return failed(e);
    }
    for (FutureTask<Integer> other : others) {
      int status = statusOf(other);
      if (status != Program.SUCCESS) {
        return status;
      }
    }
    return Program.SUCCESS;
  }

  /** Sockets of the same address say the same. */
  private static List<String> readyLines(
      List<ListeningSockets> bound, List<ListeningSockets> adopted) {
    return Stream.concat(bound.stream(), adopted.stream())
        .flatMap(each -> each.readyLines().stream())
        .distinct()
        .toList();
  }

  private ListeningSockets open(ReactorServer server, Place place) throws IOException {
    InetSocketAddress address = place.address();
    if (address == null) {
      return place.take(server);
    }
    if (reactors > 1) {
      server
          .bind(address, SocketOptions.defaults())
          .close(); // with shared ports, another server on this port would go unnoticed
    }
    return server.bind(address, socketOptions);
  }

  /** Waits until a signal reaches all reactors. */
  private void awaitOthers() throws Exception {
    Blocking.call(
        () -> {
          started.await();
          return true;
        });
  }

  private static int statusOf(FutureTask<Integer> other) throws Exception {
    try {
      return Blocking.call(other::get); // suspends this fiber alone
    } catch (ExecutionException e) {
      throw new IllegalStateException("a reactor failed", e.getCause());
    }
  }

  private FutureTask<Integer> startOther(List<InetSocketAddress> bound, List<Integer> share) {
    FutureTask<Integer> task =
        new FutureTask<>(
            () -> {
              try (Reactor reactor = Reactor.open(options)) {
                return reactor.call(() -> serveShared(bound, share));
              } finally {
                started.countDown(); // if it has failed before
              }
            });
    Thread.ofPlatform().daemon().name("reactor").stackSize(STACK_BYTES).start(task);
    return task;
  }

  private int serveShared(List<InetSocketAddress> bound, List<Integer> share) {
    ReactorServer server = servers.get();
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM)) {
      List<ListeningSockets> sockets = new ArrayList<>();
      for (InetSocketAddress address : bound) {
        sockets.add(server.bind(address, socketOptions));
      }
      for (int descriptor : share) {
        sockets.add(server.adopt(descriptor));
      }
      Latch over = Latch.of(1);
      List<Integer> duplicates = takeover == null ? List.of() : Duplicates.of(socketsOf(sockets));
      peers.add(new Peer(Reactor.current(), over, duplicates));
      started.countDown();
      startAll(sockets);
      try (var _ = Fiber.start("signal", () -> openAfter(signals::await, over))) {
        over.await();
      }
      drain(server, sockets, signals, false);
      return Program.SUCCESS;
    } catch (ErrnoException e) {
      return failed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int failed(ErrnoException e) {
    Programs.report(program + ": " + e.operation() + " " + e.subject() + ": " + Programs.text(e));
    return Program.FAILURE;
  }

  /** Accepts no more, and waits for the connections. */
  private void drain(
      ReactorServer server, List<ListeningSockets> sockets, Signals signals, boolean isFirst) {
    sockets.forEach(ListeningSockets::stop);
    Fiber impatience = Fiber.start("second signal", () -> endImmediately(signals, isFirst));
    server.drain();
    Deadline end = Deadline.after(grace);
    for (ListeningSockets each : sockets) {
      each.drain(end);
    }
    impatience.cancel();
  }

  /**
   * Waits for a signal, or for a program that accepts connections in place of this one.
   *
   * @param next where that program connects to, or null
   */
  private void awaitEnd(
      @Nullable UnixListener next,
      ReactorServer server,
      List<ListeningSockets> sockets,
      Signals signals)
      throws IOException {
    if (next == null) {
      signals.await();
      return;
    }
    List<ListeningSockets> ofPeers = new ArrayList<>(); // not started here
    for (Peer peer : peers) {
      for (int duplicate : peer.duplicates) {
        ofPeers.add(server.adopt(duplicate));
      }
    }
    List<Object> all = socketsOf(sockets);
    all.addAll(socketsOf(ofPeers));
    Latch over = Latch.of(1);
    try (var _ = Fiber.start("signal", () -> openAfter(signals::await, over));
        var _ =
            Fiber.start("hand over", () -> openAfter(() -> Takeover.handOver(next, all), over))) {
      over.await();
    }
    closeAll(ofPeers); // or clients would wait in their backlogs
    peers.forEach(Peer::stop);
  }

  private static List<Object> socketsOf(List<ListeningSockets> all) {
    List<Object> sockets = new ArrayList<>();
    for (ListeningSockets each : all) {
      sockets.addAll(each.sockets());
    }
    return sockets;
  }

  private static void openAfter(FiberTask wait, Latch over) throws Exception {
    wait.run();
    open(over);
  }

  private static void open(Latch over) {
    if (!over.isReady()) {
      over.countDown();
    }
  }

  private static void startAll(List<ListeningSockets> sockets) {
    for (ListeningSockets each : sockets) {
      each.start();
    }
  }

  private static void closeAll(List<ListeningSockets> sockets) {
    for (ListeningSockets each : sockets) {
      each.close();
    }
  }

  private static void endImmediately(Signals signals, boolean isFirst) {
    Signal signal = signals.await();
    if (isFirst) {
      Runtime.getRuntime().halt(128 + signal.number());
    }
  }
}
