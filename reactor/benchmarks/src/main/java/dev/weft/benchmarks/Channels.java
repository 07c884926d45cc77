// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/**
 * Sending values from one fiber to another: libdill's chan. The score is the time per value. A
 * rendezvous takes two switches for each two values; a yield of the run queue is measured for
 * comparison.
 */
public class Channels extends NanosPerOperation {
  private static final int VALUES = 100_000;
  private static final int SIGNALS = 10_000;
  private static final Integer[] NUMBERS = {1, 2, 3, 4};

  private static int expected() {
    int sum = 0;
    for (int i = 0; i < VALUES; i++) {
      sum += NUMBERS[i & 3];
    }
    return sum;
  }

  private static void check(int sum) {
    if (sum != expected()) {
      throw new AssertionError(sum + " instead of " + expected());
    }
  }

  private static void sendAll(Channel<Integer> channel) {
    for (int i = 0; i < VALUES; i++) {
      channel.send(NUMBERS[i & 3]);
    }
  }

  private static int receiveAll(Channel<Integer> channel) {
    int sum = 0;
    for (int i = 0; i < VALUES; i++) {
      sum += channel.receive();
    }
    return sum;
  }

  /** Without a buffer. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void rendezvous(ReactorState reactor) throws Exception {
    reactor.run(() -> pass(Channel.rendezvous()));
  }

  /** Through a buffer of 64. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void buffered(ReactorState reactor) throws Exception {
    reactor.run(() -> pass(Channel.buffered(64)));
  }

  private static void pass(Channel<Integer> channel) {
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> sendAll(channel));
      check(receiveAll(channel));
    }
  }

  /** Sends each value there and back: two sends, which the score counts as one. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void pingPong(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          Channel<Integer> there = Channel.rendezvous();
          Channel<Integer> back = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<?> other =
                bundle.go(
                    () -> {
                      for (int i = 0; i < VALUES; i++) {
                        back.send(there.receive());
                      }
                    });
            int sum = 0;
            for (int i = 0; i < VALUES; i++) {
              there.send(NUMBERS[i & 3]);
              sum += back.receive();
            }
            other.join();
            check(sum);
          }
        });
  }

  /**
   * Makes a channel, a bundle and a fiber that waits until the channel is ended, and ends them all.
   * libdill's done, which reports half of this time.
   */
  @Benchmark
  @OperationsPerInvocation(SIGNALS)
  public void done(ReactorState reactor) throws Exception {
    int[] seen = {0};
    reactor.run(
        () -> {
          for (int i = 0; i < SIGNALS; i++) {
            Channel<Integer> channel = Channel.rendezvous();
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> seen[0] += awaitEnd(channel));
              Fiber.yield();
              channel.done();
              bundle.await();
            }
          }
        });
    if (seen[0] != SIGNALS) {
      throw new AssertionError(seen[0] + " of " + SIGNALS);
    }
  }

  private static int awaitEnd(Channel<Integer> channel) {
    return Choose.<Integer>create().closed(channel, () -> 1).await();
  }

  /** Through a {@code Choose} with one case: libdill's choose. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void chooseOf1(ReactorState reactor) throws Exception {
    reactor.run(() -> choose(1));
  }

  /** Through a {@code Choose} with two cases, which become ready alternately. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void chooseOf2(ReactorState reactor) throws Exception {
    reactor.run(() -> choose(2));
  }

  /** Through a {@code Choose} with sixteen cases, which become ready one after the other. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void chooseOf16(ReactorState reactor) throws Exception {
    reactor.run(() -> choose(16));
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array, so that finding a channel costs nothing
  private static void choose(int width) {
    Channel<Integer>[] channels = new Channel[width];
    Choose<Integer> choose = Choose.create();
    for (int i = 0; i < width; i++) {
      Channel<Integer> channel = Channel.rendezvous();
      channels[i] = channel;
      choose.receive(channel, value -> value);
    }
    try (Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            for (int i = 0; i < VALUES; i++) {
              channels[i % width].send(NUMBERS[i & 3]);
            }
          });
      int sum = 0;
      for (int i = 0; i < VALUES; i++) {
        sum += choose.await();
      }
      check(sum);
    }
  }
}
