// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import dev.weft.sync.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Micro-threads and fibers: however the threads end, every value arrives once. */
final class ThreadScenarios {
  private static final int PAGES = 32;
  private static final int MESSAGES = 6;

  private final RandomGenerator random = Simulation.random();
  private final Channel<Integer> channel;
  private final List<Integer> sent = new ArrayList<>();
  private final List<Integer> received = new ArrayList<>();
  private int numbers;

  private ThreadScenarios() {
    int capacity = random.nextInt(3);
    channel = capacity == 0 ? Channel.rendezvous() : Channel.buffered(capacity);
  }

  /** Threads and fibers share one channel; errors are raised at some, and some are killed. */
  static void meetings() {
    new ThreadScenarios().run();
  }

  private static Deadline soon(RandomGenerator random) {
    return Deadline.after(Duration.ofNanos(random.nextLong(1_000_000)));
  }

  private static void dawdle(RandomGenerator random) {
    switch (random.nextInt(4)) {
      case 0 -> Fiber.sleepUntil(soon(random));
      case 1 -> Fiber.yield();
      default -> {}
    }
  }

  private void run() {
    List<MicroProcess> receiving = new ArrayList<>();
    List<MicroProcess> sending = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      receiving.add(start(new Pair(this, false)));
      sending.add(start(new Pair(this, true)));
    }
    try (Bundle bundle = Bundle.open()) {
      bundle.go(this::receiveAll);
      bundle.go(this::sendAll);
      bundle.go(
          () -> {
            dawdle(random);
            (random.nextBoolean() ? receiving : sending).getFirst().kill();
          });
      joinAll(sending);
      Fiber.yield();
      while (sent.size() < MESSAGES) {
        sendAll(); // the thread that should have sent them may have been killed
      }
      channel.done();
      joinAll(receiving);
      bundle.await();
    }
    assertEquals(sent.stream().sorted().toList(), received.stream().sorted().toList());
  }

  private static void joinAll(List<MicroProcess> processes) {
    for (MicroProcess process : processes) {
      process.join();
    }
  }

  private MicroProcess start(MicroThread main) {
    return MicroProcess.start(main, MicroOptions.ofPages(PAGES).withSlab(8L * PAGES * 4096, false));
  }

  /** Sends its messages, whether it runs on a fiber or on a thread. */
  private void sendAll() {
    for (int i = 0; i < MESSAGES; i++) {
      int number = numbers++;
      try {
        if (random.nextInt(3) == 0) {
          channel.send(number, soon(random));
        } else {
          channel.send(number);
        }
        sent.add(number);
      } catch (DeadlineExceededException e) {
        // the message was not sent, so it must not arrive
      } catch (ChannelClosedException e) {
        return;
      }
      dawdle(random);
    }
  }

  private void receiveAll() {
    try {
      while (true) {
        received.add(channel.receive());
        dawdle(random);
      }
    } catch (ChannelClosedException e) {
      // the channel has ended
    }
  }

  /** Sends or receives, and plays another such thread and raises errors at it. */
  private static final class Pair extends MicroThread {
    private final ThreadScenarios scenario;
    private final boolean sends;

    Pair(ThreadScenarios scenario, boolean sends) {
      this.scenario = scenario;
      this.sends = sends;
    }

    @Override
    protected void run() throws Exception {
      Worker worker = new Worker(scenario, sends);
      child(worker);
      play(worker);
      for (int i = 0; i < 3; i++) {
        dawdle(scenario.random);
        play(worker);
        dawdle(scenario.random);
        if (!worker.isEnded()) {
          raiseAt(worker, Errno.EAGAIN);
        }
      }
      if (sends) {
        scenario.sendAll();
      } else {
        scenario.receiveAll();
      }
    }
  }

  /** Lowers most errors raised at it, and may make fiber calls in its lastly. */
  private static final class Worker extends MicroThread {
    private final ThreadScenarios scenario;
    private final boolean sends;

    Worker(ThreadScenarios scenario, boolean sends) {
      this.scenario = scenario;
      this.sends = sends;
    }

    @Override
    protected void run() {
      if (sends) {
        scenario.sendAll();
      } else {
        scenario.receiveAll();
      }
    }

    @Override
    protected void lastly() {
      if (errno() == Errno.EAGAIN) {
        dawdle(scenario.random);
        if (scenario.random.nextInt(4) != 0) {
          lower();
        }
      }
    }
  }
}
