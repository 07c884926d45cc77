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
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Mutex;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Uses each way to wait. */
public final class SchedulerProgram extends Program {
  private static final int BYTES = 64;
  private static final int PAGES = 32;

  public SchedulerProgram() {
    super(true);
  }

  @Override
  List<FiberTask> tasks() {
    return List.of(
        this::echo,
        this::channels,
        this::choose,
        this::bundles,
        this::calls,
        this::cancels,
        this::threads);
  }

  private void echo() throws Exception {
    try (Closer<TcpListener> closer = closing(TcpListener.bind(ANY_PORT));
        Bundle both = Bundle.open(soon())) {
      Task<?> server =
          both.go(
              () -> {
                try (Closer<TcpSocket> accepted = closing(closer.subject().accept(soon()));
                    Arena arena = Arena.ofShared()) {
                  TcpSocket socket = accepted.subject();
                  MemorySegment buffer = arena.allocate(BYTES);
                  for (int count; (count = socket.read(buffer, soon())) >= 0; ) {
                    socket.write(buffer.asSlice(0, count), soon());
                  }
                }
              });
      try (Closer<TcpSocket> connected =
              closing(TcpSocket.connect(closer.subject().localAddress(), soon()));
          Arena arena = Arena.ofShared()) {
        TcpSocket socket = connected.subject();
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
    try (Closer<TcpListener> closer = closing(TcpListener.bind(ANY_PORT))) {
      TcpListener listener = closer.subject();
      List<Fiber> waiting = new ArrayList<>();
      waiting.add(Fiber.start(() -> guarded(() -> closing(listener.accept(soon())).close())));
      waiting.add(Fiber.start(() -> guarded(() -> Fiber.sleep(Duration.ofDays(1)))));
      waiting.add(Fiber.start(() -> guarded(() -> Channel.rendezvous().receive(soon()))));
      Fiber.yield();
      waiting.forEach(Fiber::cancel);
      for (Fiber fiber : waiting) {
        fiber.join(soon());
      }
    }
  }

  /** Micro-threads wait for one another, and in fiber calls. */
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
