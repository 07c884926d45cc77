// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.micro.MicroThread;
import dev.weft.sync.Channel;
import java.time.Duration;

/** A micro-thread that uses channels, bundles and tasks of fibers. */
final class MicroWorker extends MicroThread {
  private final Channel<Integer> jobs;
  private final Channel<Integer> results;

  MicroWorker(Channel<Integer> jobs, Channel<Integer> results) {
    this.jobs = jobs;
    this.results = results;
  }

  @Override
  protected void run() throws Exception {
    for (int job; (job = jobs.receive()) > 0; ) { // from a fiber, or from a thread of any process
      int number = job;
      try (Bundle parts = Bundle.open(Deadline.after(Duration.ofSeconds(1)))) {
        Task<Integer> square = parts.go(() -> number * number); // a fiber
        results.send(square.join());
      }
    }
  }
}
