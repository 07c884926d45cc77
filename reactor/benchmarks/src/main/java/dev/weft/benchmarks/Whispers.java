// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Bundle;
import dev.weft.sync.Channel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/**
 * A chain of fibers and channels that pass a number on: libdill's whispers. The score is the time
 * per fiber, including the making of it and of its channel.
 */
public class Whispers extends NanosPerOperation {
  private static final int FIBERS = 10_000;

  /** One whisper. */
  @Benchmark
  @OperationsPerInvocation(FIBERS)
  public void fiber(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          Channel<Integer> first = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Channel<Integer> left = first;
            for (int i = 0; i < FIBERS; i++) {
              Channel<Integer> to = left;
              Channel<Integer> from = Channel.rendezvous();
              bundle.go(() -> to.send(from.receive() + 1));
              left = from;
            }
            left.send(0);
            int heard = first.receive();
            if (heard != FIBERS) {
              throw new AssertionError(heard + " instead of " + FIBERS);
            }
          }
        });
  }
}
