// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.diag;

import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitNode;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Checks between two turns that a loop's data is consistent. For simulations, where the cost of the
 * checks does not matter.
 */
public final class LoopInvariants {
  private LoopInvariants() {}

  /** Returns the first inconsistency, or null. */
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
    loop.forEachHosted(findings::addHosted);
    if (!queued.isEmpty()) {
      return "strands that have ended are in the run queue: " + queued;
    }
    if (findings.live != loop.live()) {
      return findings.live + " strands live, and the loop counts " + loop.live();
    }
    if (findings.deadlockCandidates != loop.deadlockCandidates) {
      return findings.deadlockCandidates
          + " strands wait for others, the loop counts "
          + loop.deadlockCandidates;
    }
    return findings.first;
  }

  /** Returns what a closed loop has not released, or null. */
  public static @Nullable String ofClosed(EventLoop loop) {
    if (loop.live() != 0 || loop.deadlockCandidates != 0) {
      return loop.live()
          + " strands live after close, and "
          + loop.deadlockCandidates
          + " wait for others";
    }
    int timers = loop.timers().size();
    return timers == 0 ? null : timers + " timers are left after close";
  }

  private static final class Findings {
    @Nullable String first;
    int live;
    int deadlockCandidates;

    void addHosted(HostedStrand hosted) {
      deadlockCandidates += hosted.waiting.mayDeadlock ? 1 : 0;
      String wrong = hosted.state == Strand.State.PARKED ? wrongWithWait(hosted) : null;
      if (first == null && wrong != null) {
        first = hosted + " (" + hosted.waiting.description() + ") " + wrong;
      }
    }

    void add(Strand strand, boolean queued) {
      live++;
      deadlockCandidates += strand.waiting.mayDeadlock ? 1 : 0;
      String wrong = wrongWith(strand, queued);
      if (first == null && wrong != null) {
        first = strand + " (" + strand.waiting.description() + ") " + wrong;
      }
    }
  }

  private static @Nullable String wrongWith(Strand strand, boolean queued) {
    return switch (strand.state) {
      case READY -> queued ? null : "can run, but is not in the run queue";
      case PARKED -> queued ? "waits, and is in the run queue" : wrongWithWait(strand);
      case NEW, BLOCKED -> queued ? "is not ready, and is in the run queue" : null;
      case RUNNING, YIELDING, ENDED -> "can't be in this state between turns";
    };
  }

  private static @Nullable String wrongWithWait(Strand strand) {
    if (strand.waiting.mayDeadlock && strand.waiting.deadline() != TimerQueue.NEVER) {
      return "waits without a deadline, and an earlier one is still armed";
    }
    if (strand.waiting.pendingOp != null) {
      return strand.waiting.pendingOp.isBusy() ? null : "waits for an operation that has completed";
    }
    if (strand.waiting.interruption != null) {
      return "waits although its wait has been ended";
    }
    if (strand.waiting.selecting) {
      for (WaitNode node : strand.waiting.nodes) {
        if (!node.isListed()) {
          return "waits in a select with a node that is in no list";
        }
      }
      return null;
    }
    boolean listed = strand.waiting.node != null && strand.waiting.node.isListed();
    boolean sleeping = strand.waiting.description().equals("sleep"); // even without a deadline
    return listed || sleeping ? null : "waits with nothing that could end the wait";
  }
}
