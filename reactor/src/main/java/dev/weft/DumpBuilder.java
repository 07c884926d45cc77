// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.StrandTraces;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds a {@link Dump} of a reactor. */
final class DumpBuilder {
  private final EventLoop loop;
  private final long now;

  DumpBuilder(EventLoop loop) {
    this.loop = loop;
    now = loop.clock().nanoTime();
  }

  Dump take(String reactor) {
    List<Dump.FiberEntry> roots = new ArrayList<>();
    loop.forEachLive(
        strand -> {
          FiberState state = (FiberState) strand.body();
          if (state.bundle == null || state.bundle.isDetached()) {
            roots.add(entry(state));
          }
        });
    loop.forEachHosted(
        hosted -> {
          if (hosted.isWaiting() || hosted.scope() != null) {
            roots.add(entry((FiberState) hosted.body()));
          }
        });
    roots.sort(Comparator.comparingLong(Dump.FiberEntry::id));
    return new Dump(reactor, roots);
  }

  private Dump.FiberEntry entry(FiberState state) {
    Strand strand = state.strand();
    boolean waiting = strand.state() == Strand.State.PARKED;
    return new Dump.FiberEntry(
        state.id,
        state.fiber.name(),
        activity(strand),
        strand.isCancelled(),
        strand.waitingFor(),
        waiting ? Duration.ofNanos(now - strand.waitSince()) : Duration.ZERO,
        waiting ? left(strand.waitDeadline()) : null,
        StrandTraces.frames(strand),
        bundles(strand));
  }

  private static Dump.Activity activity(Strand strand) {
    if (strand.state() == Strand.State.RUNNING
        && strand instanceof HostedStrand hosted
        && !hosted.isRunning()) {
      return Dump.Activity.WAITING; // its routine is suspended; its host decides when to resume it
    }
    return switch (strand.state()) {
      case NEW, READY, YIELDING -> Dump.Activity.READY;
      case RUNNING, ENDED -> Dump.Activity.RUNNING;
      case PARKED -> Dump.Activity.WAITING;
      case BLOCKED -> Dump.Activity.BLOCKED;
    };
  }

  private List<Dump.BundleEntry> bundles(Strand strand) {
    List<Dump.BundleEntry> entries = new ArrayList<>();
    for (Scope scope = strand.scope(); scope != null; scope = scope.outer()) {
      BundleState bundle = BundleState.of(scope);
      if (bundle != null) {
        entries.addFirst(new Dump.BundleEntry(left(scope.deadline()), children(bundle)));
      }
    }
    return entries;
  }

  private List<Dump.FiberEntry> children(BundleState bundle) {
    List<Dump.FiberEntry> entries = new ArrayList<>();
    for (FiberState child = bundle.firstChild(); child != null; child = child.nextSibling) {
      entries.add(entry(child));
    }
    return entries;
  }

  private @Nullable Duration left(long deadline) {
    return deadline == TimerQueue.NEVER ? null : Duration.ofNanos(Math.max(deadline - now, 0));
  }
}
