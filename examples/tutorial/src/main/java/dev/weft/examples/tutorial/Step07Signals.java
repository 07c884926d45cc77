// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.sync.Channel;
import java.time.Duration;

/**
 * Step 7: signals. A signal is something that a fiber waits for. This program sends one to itself,
 * and then ends as a server does: it asks its workers to stop, and cancels those that do not.
 */
final class Step07Signals {
  static void main() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> workUntilSignalled());
    }
  }

  private static void workUntilSignalled() throws Exception {
    Channel<String> stop = Channel.rendezvous();
    try (Signals signals = Signals.open(Signal.USR1);
        Bundle workers = Bundle.open()) {
      workers.go(() -> work("worker 1", stop));
      workers.go(() -> work("worker 2", stop));
      workers.go(() -> work("worker 3", Channel.rendezvous())); // never sees the signal
      sendToMyself(Signal.USR1);
      System.out.println("received signal " + signals.await());
      stop.done(); // reaches all receivers
      workers.await(Deadline.after(Duration.ofMillis(1)));
    } catch (DeadlineExceededException e) {
      System.out.println("the grace period is over");
    }
  }

  private static void work(String name, Channel<String> stop) {
    try {
      stop.receive();
    } catch (ChannelClosedException e) {
      System.out.println(name + " stops");
    } catch (CancelledException e) {
      System.out.println(name + " is cancelled");
      throw e;
    }
  }

  private static void sendToMyself(Signal signal) throws Exception {
    String pid = Long.toString(ProcessHandle.current().pid());
    ProcessBuilder kill = new ProcessBuilder("kill", "-" + signal.number(), pid);
    Blocking.call(() -> kill.start().waitFor()); // on a thread beside the reactor
  }
}
