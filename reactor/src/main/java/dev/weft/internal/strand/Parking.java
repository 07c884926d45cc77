// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.Strand.State;
import dev.weft.routine.codegen.Context;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a strand suspends and gets the result of its wait: on a stack of its own, or as woven code.
 */
final class Parking {
  private Parking() {}

  // ---- The only methods that are written twice, for stackful and for woven code. All their
  // callers are woven from the stackful form. Each is called last (a tail call), so that the
  // woven caller saves no frame. Those with a list add the node themselves, because a call of the
  // caller after that could overflow the stack.

  /** Suspends until the loop resumes {@code strand}, and then completes the wait. */
  static void park(Strand strand, WaitCompletion completion) {
    parkForResult(strand, completion);
  }

  /** The woven twin of {@link #park(Strand, WaitCompletion)}. */
  static void park(Strand strand, WaitCompletion completion, Context context) {
    if (isOwnContext(strand, context, State.PARKED)) {
      suspendWoven(strand, completion, context);
    } else {
      park(strand, completion);
    }
  }

  /** As {@link #park(Strand, WaitCompletion)}; returns the result of {@code completion}. */
  static @Nullable Object parkForResult(Strand strand, WaitCompletion completion) {
    return completion.resultOf(strand, suspend(strand, State.PARKED));
  }

  /** The woven twin of {@link #parkForResult(Strand, WaitCompletion)}. */
  static @Nullable Object parkForResult(Strand strand, WaitCompletion completion, Context context) {
    if (isOwnContext(strand, context, State.PARKED)) {
      suspendWoven(strand, completion, context);
      return null;
    }
    return parkForResult(strand, completion);
  }

  /** As {@link #park(Strand, WaitCompletion)}; returns the result of {@code completion}. */
  static int parkForInt(Strand strand, WaitCompletion.OfInt completion) {
    return completion.number(strand, suspend(strand, State.PARKED));
  }

  /** The woven twin of {@link #parkForInt(Strand, WaitCompletion.OfInt)}. */
  static int parkForInt(Strand strand, WaitCompletion.OfInt completion, Context context) {
    if (isOwnContext(strand, context, State.PARKED)) {
      suspendWoven(strand, completion, context);
      return 0;
    }
    return parkForInt(strand, completion);
  }

  /** As {@link #park(Strand, WaitCompletion)}, with {@code node} of the strand in {@code list}. */
  static void parkIn(WaitList list, WaitNode node, WaitCompletion completion) {
    parkInForResult(list, node, completion);
  }

  /** The woven twin of {@link #parkIn(WaitList, WaitNode, WaitCompletion)}. */
  static void parkIn(WaitList list, WaitNode node, WaitCompletion completion, Context context) {
    if (isOwnContext(node.strand(), context, State.PARKED)) {
      suspendWovenIn(list, node, completion, context);
    } else {
      parkIn(list, node, completion);
    }
  }

  /** As {@link #parkForResult(Strand, WaitCompletion)}, with {@code node} in {@code list}. */
  static @Nullable Object parkInForResult(WaitList list, WaitNode node, WaitCompletion completion) {
    StackReserve.check();
    Strand strand = node.strand();
    list.add(node);
    return completion.resultOf(strand, suspend(strand, State.PARKED));
  }

  /** The woven twin of {@link #parkInForResult(WaitList, WaitNode, WaitCompletion)}. */
  static @Nullable Object parkInForResult(
      WaitList list, WaitNode node, WaitCompletion completion, Context context) {
    if (isOwnContext(node.strand(), context, State.PARKED)) {
      suspendWovenIn(list, node, completion, context);
      return null;
    }
    return parkInForResult(list, node, completion);
  }

  /** Suspends until the loop has resumed every other strand that can run. */
  static void yieldOut(Strand strand) {
    StackReserve.check();
    if (!suspend(strand, State.YIELDING)) {
      throw strand.waiting.notSuspended("yield", "");
    }
  }

  /** The woven twin of {@link #yieldOut(Strand)}. */
  static void yieldOut(Strand strand, Context context) {
    if (isOwnContext(strand, context, State.YIELDING)) {
      strand.state = State.YIELDING;
      context.suspended = true;
    } else {
      yieldOut(strand);
    }
  }

  // ---- suspending

  /**
   * Suspends {@code strand}, which has a stack, until the loop resumes it.
   *
   * @param as the state while it is suspended
   * @return false if the strand could not be suspended, because its thread is pinned or the JVM has
   *     no memory for its frames. The caller then ends the wait and throws {@link
   *     WaitState#notSuspended}
   */
  private static boolean suspend(Strand strand, State as) {
    strand.state = as;
    WaitState wait = strand.waiting;
    if (as == State.PARKED && wait.isEndless) {
      wait.mayDeadlock = true;
      strand.loop.deadlockCandidates++;
    }
    try {
      strand.switchOut();
    } catch (Throwable e) {
      wait.suspensionFailure = e;
    }
    if (strand.state == State.RUNNING) {
      return true;
    }
    strand.state = State.RUNNING;
    return false;
  }

  /**
   * Whether {@code strand} is run with {@code context}. If not, the woven code belongs to a routine
   * that the strand resumes itself: then the whole strand has to wait.
   */
  private static boolean isOwnContext(Strand strand, Context context, State as) {
    Context loops = strand.loop.context();
    assert context != loops || strand.isStackless() : strand;
    return context == loops || strand.isHostContext(context, as);
  }

  private static void suspendWoven(Strand strand, WaitCompletion completion, Context context) {
    WaitState wait = strand.waiting;
    strand.state = State.PARKED;
    if (wait.isEndless) {
      wait.mayDeadlock = true;
      strand.loop.deadlockCandidates++;
    }
    if (wait.completion != completion) {
      wait.completion = completion;
    }
    strand.hasPendingResult = true;
    context.suspended = true;
  }

  /** Adding the node is the first change, and nothing that needs more stack follows. */
  private static void suspendWovenIn(
      WaitList list, WaitNode node, WaitCompletion completion, Context context) {
    Strand strand = node.strand();
    list.add(node);
    WaitState wait = strand.waiting;
    strand.state = State.PARKED;
    if (wait.isEndless) {
      wait.mayDeadlock = true;
      strand.loop.deadlockCandidates++;
    }
    if (wait.completion != completion) {
      wait.completion = completion;
    }
    strand.hasPendingResult = true;
    context.suspended = true;
  }

  // ---- resuming woven code

  /** Passes the result of the wait, if there was one, to the woven code that resumes. */
  static void deliverResult(Strand strand, Context context) {
    if (strand.hasPendingResult) {
      strand.hasPendingResult = false;
      try {
        strand.waiting.completion.deliver(strand, context, true);
      } catch (Throwable e) {
        context.failure = e;
        addWaitFrames(strand, e);
      }
    }
  }

  /** Calls {@link #refuseSuspension} on the strand of the calling thread that began to suspend. */
  static void suspensionRefused(Context context, Throwable why) {
    Strand strand = CurrentStrand.carrier();
    if (strand == null) {
      throw new AssertionError("no strand has suspended", why);
    }
    refuseSuspension(strand, context, why);
  }

  /**
   * Ends the wait that woven code of {@code strand} has begun but can't suspend for, as if its
   * thread were pinned. The code continues with the result.
   */
  static void refuseSuspension(Strand strand, Context context, Throwable why) {
    strand.state = State.RUNNING;
    if (strand.hasPendingResult) {
      strand.hasPendingResult = false;
      strand.waiting.suspensionFailure = why;
      strand.waiting.completion.deliver(strand, context, false);
    } else { // it has yielded
      context.failure = why;
    }
  }

  /**
   * Adds the frames of the waiting call to the trace of {@code thrown}. If that fails, because a
   * method of {@code thrown} throws or memory is short, the trace stays without them.
   */
  private static void addWaitFrames(Strand strand, Throwable thrown) {
    try {
      thrown.setStackTrace(withWaitFrames(strand, thrown.getStackTrace()));
    } catch (Throwable e) {
      // the trace stays as it is
    }
  }

  /** Returns {@code trace} with the suspended frames inserted above this class's. */
  private static StackTraceElement[] withWaitFrames(Strand strand, StackTraceElement[] trace) {
    List<StackTraceElement> whole = new ArrayList<>(List.of(trace));
    int here = 0;
    while (here < trace.length && !trace[here].getClassName().equals(Parking.class.getName())) {
      here++;
    }
    whole.addAll(here, strand.places());
    return whole.toArray(new StackTraceElement[0]);
  }
}
