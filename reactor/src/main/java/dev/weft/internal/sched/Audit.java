// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Checks between two turns that a loop's bookkeeping agrees with itself: for simulations, where
 * what costs does not matter.
 */
public final class Audit {
  private Audit() {}

  /** Returns what is wrong, or null. */
  public static @Nullable String of(EventLoop loop) {
    BitSet queued = new BitSet();
    loop.ready().forEach(queued::set);
    if (queued.cardinality() != loop.ready().size()) {
      return "the run queue has strands twice: " + loop.ready().size() + " places for " + queued;
    }
    Findings findings = new Findings();
    loop.forEachLive(
        strand -> {
          findings.add(strand, queued.get(strand.slot));
          queued.clear(strand.slot);
        });
    loop.forEachGuest(findings::addGuest);
    if (!queued.isEmpty()) {
      return "strands that have ended are in the run queue: " + queued;
    }
    if (findings.live != loop.live()) {
      return findings.live + " strands live, and the loop counts " + loop.live();
    }
    if (findings.hopeless != loop.hopeless) {
      return findings.hopeless + " strands wait for others, the loop counts " + loop.hopeless;
    }
    return findings.first;
  }

  /** Returns what a loop that has been closed still has, or null. */
  public static @Nullable String ofClosed(EventLoop loop) {
    if (loop.live() != 0 || loop.hopeless != 0) {
      return loop.live() + " strands live after close, and " + loop.hopeless + " wait for others";
    }
    int timers = loop.timers().size();
    return timers == 0 ? null : timers + " timers are left after close";
  }

  private static final class Findings {
    @Nullable String first;
    int live;
    int hopeless;

    void addGuest(GuestStrand guest) {
      hopeless += guest.hopeless ? 1 : 0;
      String wrong = guest.state == Strand.State.PARKED ? wrongWithWait(guest) : null;
      if (first == null && wrong != null) {
        first = guest + " (" + guest.waitingFor() + ") " + wrong;
      }
    }

    void add(Strand strand, boolean queued) {
      live++;
      hopeless += strand.hopeless ? 1 : 0;
      String wrong = wrongWith(strand, queued);
      if (first == null && wrong != null) {
        first = strand + " (" + strand.waitingFor() + ") " + wrong;
      }
    }
  }

  private static @Nullable String wrongWith(Strand strand, boolean queued) {
    return switch (strand.state) {
      case READY -> queued ? null : "can run, but is not in the run queue";
      case PARKED -> queued ? "waits, and is in the run queue" : wrongWithWait(strand);
      case NEW, ABROAD -> queued ? "is not ready, and is in the run queue" : null;
      case RUNNING, YIELDING, ENDED -> "can't be in this state between turns";
    };
  }

  private static @Nullable String wrongWithWait(Strand strand) {
    if (strand.hopeless && strand.waitDue() != TimerQueue.NEVER) {
      return "waits without a deadline, and an earlier one is still armed";
    }
    if (strand.pendingOp != null) {
      return strand.pendingOp.isBusy() ? null : "waits for an operation that has completed";
    }
    if (strand.interruption != null) {
      return "waits although its wait has been ended";
    }
    if (strand.chooses) {
      for (Clause clause : strand.choice) {
        if (!clause.isListed()) {
          return "waits for a choice with a clause that nobody can fire";
        }
      }
      return null;
    }
    boolean listed = strand.clause != null && strand.clause.isListed();
    boolean sleeping = strand.waitingFor().equals("sleep"); // for ever, it may be
    return listed || sleeping ? null : "waits for what nobody can end";
  }
}
