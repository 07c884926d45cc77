// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** What gives a reactor new work from outside, and so is stopped first when the reactor ends. */
public final class Services {
  /** A server, on one reactor. */
  public interface Service {
    /** Accepts no new work. Must not suspend, nor throw. May be called more than once. */
    void stop();
  }

  /** In the order in which they have started. */
  private final Set<Service> running = new LinkedHashSet<>();

  private final WaitList ends = new WaitList();
  private boolean stopping;

  Services() {}

  /** Those of a reactor, also outside its fibers. */
  public static Services of(EventLoop loop) {
    return Objects.requireNonNull(loop.extensions.get(Services.class));
  }

  /** Adds a service that has started, and stops it if the reactor is ending. */
  public void add(Service service) {
    running.add(service);
    if (stopping) {
      service.stop();
    }
  }

  /** Removes a service that has ended. */
  public void remove(Service service) {
    running.remove(service);
    ends.wakeAll();
  }

  /** Stops all of them, and waits until they have finished their work. Suspends. */
  public void drain() {
    Strand strand = Strand.require("drain");
    stopping = true;
    List.copyOf(running).forEach(Service::stop);
    while (!running.isEmpty()) {
      strand.await(ends, "drain", this, TimerQueue.NEVER, WaitMode.EXTERNAL);
    }
  }

  @Override
  public String toString() {
    return "the servers of the reactor";
  }
}
