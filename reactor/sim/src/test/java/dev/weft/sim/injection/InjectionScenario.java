// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroRequest;
import dev.weft.micro.MicroThread;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sim.Simulation;
import dev.weft.sim.SimulationFailure;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Mutex;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a program that uses each way to wait, on the simulated machine: its time is virtual,
 * so that a fiber whose partner has failed gives up at its deadline, and after each turn the loop
 * is audited. The classes that it uses are those of {@link InjectingLoader}.
 */
public final class InjectionScenario implements Runnable {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final int BYTES = 64;
  private static final int PAGES = 32;
  private static final long TURNS_MAX = 20_000;

  private final Thread thread = Thread.currentThread();
  private final List<Throwable> unexpected = new ArrayList<>();
  private int begun;
  private int ended;

  /** Runs it; throws if something else than a planted failure, or what comes of it, is found. */
  @Override
  public void run() {
    try {
      Simulation.seed(1).withTurnsMax(TURNS_MAX).run(this::main);
    } catch (SimulationFailure failure) {
      note(failure.getCause());
      for (Throwable another : failure.getSuppressed()) {
        note(another);
      }
    } catch (OutOfMemoryError | StackOverflowError e) { // the reactor could not be opened
      note(e);
    }
    if (begun != ended) {
      unexpected.add(
          new AssertionError(begun + " fibers have begun, and " + ended + " finally blocks run"));
    }
    if (!unexpected.isEmpty()) {
      AssertionError error = new AssertionError(unexpected.getFirst());
      unexpected.stream().skip(1).forEach(error::addSuppressed);
      throw error;
    }
  }

  /** What a planted failure leads to elsewhere is not looked into, but for broken promises. */
  private void note(Throwable failure) {
    boolean broken = failure instanceof AssertionError || failure instanceof NullPointerException;
    if (broken && !isLeak(failure) && !Injection.isPlanted(failure)) {
      unexpected.add(failure);
    }
  }

  /** A close that fails before it has begun leaves the descriptor for the reactor to close. */
  private static boolean isLeak(Throwable failure) {
    return String.valueOf(failure.getMessage()).contains("was not closed");
  }

  private static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(5));
  }

  private void main() {
    thread.setUncaughtExceptionHandler((each, failure) -> note(failure));
    List<Fiber> fibers = new ArrayList<>();
    List<FiberTask> tasks =
        List.of(
            this::echo,
            this::channels,
            this::choose,
            this::bundles,
            this::calls,
            this::cancels,
            this::threads);
    for (FiberTask task : tasks) {
      try {
        fibers.add(Fiber.start(() -> guarded(task)));
      } catch (Error e) {
        note(e);
      }
    }
    for (Fiber fiber : fibers) {
      try {
        fiber.join(soon());
      } catch (RuntimeException | Error e) {
        note(e);
      }
    }
  }

  private void guarded(FiberTask task) {
    begun++;
    try {
      task.run();
    } catch (Throwable e) {
      note(e);
    } finally {
      ended++;
    }
  }

  private void echo() throws Exception {
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle both = Bundle.open(soon())) {
      Task<?> server =
          both.go(
              () -> {
                try (TcpSocket socket = listener.accept(soon());
                    Arena arena = Arena.ofShared()) {
                  MemorySegment buffer = arena.allocate(BYTES);
                  for (int count; (count = socket.read(buffer, soon())) >= 0; ) {
                    socket.write(buffer.asSlice(0, count), soon());
                  }
                }
              });
      try (TcpSocket socket = TcpSocket.connect(listener.localAddress(), soon());
          Arena arena = Arena.ofShared()) {
        MemorySegment buffer = arena.allocate(BYTES);
        for (int round = 0; round < 3; round++) {
          socket.write(buffer, soon());
          for (int left = BYTES; left > 0; ) {
            int count = socket.read(buffer.asSlice(0, left), soon());
            if (count < 0) {
              throw new IllegalStateException("the server has gone");
            }
            left -= count;
          }
        }
        socket.shutdownOutput();
        server.join(soon());
      }
    }
  }

  private void channels() {
    Channel<Integer> channel = Channel.rendezvous();
    Fiber receiver =
        Fiber.start(
            () ->
                guarded(
                    () -> {
                      for (int i = 0; i < 3; i++) {
                        channel.receive(soon());
                      }
                    }));
    for (int i = 0; i < 3; i++) {
      channel.send(i, soon());
    }
    receiver.join(soon());
  }

  private void choose() {
    Channel<Integer> one = Channel.rendezvous();
    Channel<Integer> other = Channel.rendezvous();
    Fiber sender = Fiber.start(() -> guarded(() -> other.send(1, soon())));
    Choose.<Integer>create()
        .receive(one, value -> value)
        .receive(other, value -> value)
        .await(soon());
    Choose.<Integer>create()
        .receive(one, value -> value)
        .timeout(Deadline.after(Duration.ofMillis(1)), () -> 0)
        .await(soon());
    sender.join(soon());
  }

  private void bundles() {
    Mutex mutex = Mutex.create();
    try (Bundle bundle = Bundle.open(soon())) {
      for (int i = 0; i < 3; i++) {
        bundle.go(
            () ->
                guarded(
                    () -> {
                      try (Mutex.Guard _ = mutex.lock(soon())) {
                        Fiber.sleep(Duration.ofMillis(1));
                      }
                    }));
      }
      bundle.await();
    }
  }

  private void calls() throws Exception {
    Blocking.call(() -> 1);
    Fiber.yield();
    try {
      Fiber.sleepUntil(Deadline.after(Duration.ofMillis(2)));
      Blocking.call(() -> 2, Deadline.after(Duration.ZERO));
    } catch (DeadlineExceededException e) {
      Fiber.yield();
    }
  }

  private void cancels() throws Exception {
    try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
      List<Fiber> waiting = new ArrayList<>();
      waiting.add(Fiber.start(() -> guarded(() -> listener.accept(soon()).close())));
      waiting.add(Fiber.start(() -> guarded(() -> Fiber.sleep(Duration.ofDays(1)))));
      waiting.add(Fiber.start(() -> guarded(() -> Channel.rendezvous().receive(soon()))));
      Fiber.yield();
      waiting.forEach(Fiber::cancel);
      for (Fiber fiber : waiting) {
        fiber.join(soon());
      }
    }
  }

  /** Micro-threads wait for one another, and as fibers do. */
  private void threads() {
    MicroOptions options = MicroOptions.ofPages(PAGES).withSlab(8L * PAGES * 4096, false);
    MicroProcess process = MicroProcess.start(new Asking(), options);
    try {
      process.join(soon());
    } finally {
      process.kill();
      process.join(soon());
    }
  }

  private final class Asking extends MicroThread {
    @Override
    protected void run() throws Exception {
      begun++;
      try {
        Answering other = new Answering();
        child(other);
        play(other);
        MicroRequest<Integer, Integer> request = new MicroRequest<>();
        for (int i = 0; i < 3; i++) {
          ask(other, request, i);
        }
        sleep();
      } finally {
        ended++;
      }
    }

    private void ask(MicroThread other, MicroRequest<Integer, Integer> request, int number)
        throws Exception {
      Integer answer = request(other, request, number);
      if (answer != null && answer != number + 1) {
        throw new AssertionError(number + " was answered by " + answer);
      }
    }

    private void sleep() {
      Fiber.sleep(Duration.ofMillis(1));
      Fiber.yield();
    }
  }

  private final class Answering extends MicroThread {
    @Override
    protected void run() throws Exception {
      begun++;
      try {
        for (int i = 0; i < 3; i++) {
          answer();
        }
      } finally {
        ended++;
      }
    }

    private void answer() throws Exception {
      MicroRequest<Integer, Integer> request = listen();
      Fiber.yield();
      respond(request, request.question() + 1);
    }
  }
}
