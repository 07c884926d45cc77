// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import dev.weft.routine.codegen.Context;
import dev.weft.routine.codegen.Frame;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The outermost frame: code that runs until it suspends, and goes on from there whenever somebody
 * says so. It knows no scheduler. Woven, a suspended routine is this object and one frame for each
 * call below {@link #run}, whose own state is in fields that the weaver adds to the class: 32 bytes
 * in all if run suspends by itself and keeps three ints.
 *
 * <p>A routine may go on on another thread than before, with that thread's context, if the two
 * threads order this themselves.
 */
public abstract class Routine extends Frame {
  /** A routine that has not begun. */
  protected Routine() {
    parent = this;
  }

  /**
   * What the routine does. It is called once.
   *
   * @throws Exception as it likes; {@link #go} passes it on
   */
  protected abstract void run() throws Exception;

  /** Overridden by the weaver if {@link #run} suspends; until then the routine runs stackful. */
  @Override
  public void resume(Context context) throws Exception {
    if (label != 0) {
      context.resumed(); // run() has ended on its continuation
      return;
    }
    Stackful stackful = new Stackful(this);
    stackful.resume(context);
    if (context.suspended) {
      stackful.save(context, 1);
      again(context, 1);
    }
  }

  @Override
  public StackTraceElement where() {
    return new StackTraceElement(getClass().getName(), "run", null, -1);
  }

  /**
   * Runs until the next suspension, or to the end. Not to be called by the routine itself, nor once
   * it has ended.
   *
   * @param context the calling thread's
   * @return whether there is more to do
   * @throws Exception what {@link #run} has thrown, with the suspended callers in its stack trace
   */
  public final boolean go(Context context) throws Exception {
    Frame frame = parent;
    if (frame == null) {
      throw new IllegalStateException(this + " has ended");
    }
    int label = frame.label;
    try {
      frame.resume(context);
    } catch (Throwable failure) {
      return leave(context, frame, label, failure);
    }
    if (!context.suspended) {
      return leave(context, frame, label, null);
    }
    context.suspended = false;
    if (context.leaf != null || (frame != this && frame.label < 0)) {
      keep(context, frame); // run() leaves its place to no call: its label need not be waited for
    }
    return true;
  }

  /** Goes on behind a frame that has returned or thrown, in its callers. */
  private boolean leave(Context context, Frame left, int firstLabel, @Nullable Throwable thrown)
      throws Exception {
    Frame frame = left;
    Throwable failure = thrown;
    Throwable seen = null;
    while (true) {
      if (failure != null) {
        context.reset();
        if (failure != seen) {
          Traces.insertCallers(failure, this, frame);
          seen = failure;
        }
        context.failure = failure;
      } else if (context.suspended) {
        context.suspended = false;
        keep(context, frame);
        return true;
      }
      if (frame == this) {
        end(context, firstLabel, failure != null);
        return false;
      }
      frame = parentOf(frame);
      try {
        frame.resume(context);
        failure = null;
      } catch (Throwable next) {
        failure = next;
      }
    }
  }

  /** Ends the routine, throwing what run() has thrown. */
  private void end(Context context, int firstLabel, boolean hasThrown) {
    Frame first = parent; // what was resumed first: only a suspension changes it
    parent = null;
    if (hasThrown) {
      context.rewindTo = first;
      context.rewindLabel = firstLabel;
      context.resumed();
    }
  }

  /**
   * Takes back the last {@link #go}, which has thrown: the routine is suspended again where that
   * found it, with the locals that it had there. What it did to other objects stays done.
   *
   * @param context the one that go was called with, and nothing else since
   * @return false if that can't be, since it ran on a stack of its own, which is gone
   */
  public boolean rewind(Context context) {
    Frame first = context.rewindTo;
    context.rewindTo = null;
    if (parent != null || first == null || first instanceof Stackful) {
      return false;
    }
    for (Frame frame = first; frame != this; frame = parentOf(frame)) {
      if (frame != first && frame.label < 0) {
        return false; // a caller that has gone on, and has left its place to what it called last
      }
    }
    first.label = context.rewindLabel;
    parent = first;
    return true;
  }

  /** Makes it a routine that has not begun. */
  public final void restart() {
    parent = this;
    label = 0;
  }

  /**
   * Whether it has been run at all.
   *
   * @return false before the first {@link #go}
   */
  public boolean hasBegun() {
    return parent != this || label != 0;
  }

  /** Remembers which frame to resume, after {@code resumed} has suspended. */
  private void keep(Context context, Frame resumed) {
    Frame leaf = context.leaf;
    if (leaf == null) {
      Frame same = resumed.label < 0 ? parentOf(resumed) : resumed;
      if (parent != same) {
        parent = same;
      }
      return;
    }
    parent = leaf;
    Frame tail = context.tail;
    if (tail != null && tail != resumed) {
      tail.parent = resumed.parent; // what was resumed ended in a tail call: it is not needed
    }
    context.leaf = null;
    context.tail = null;
  }

  private static Frame parentOf(Frame frame) {
    Frame above = frame.parent;
    if (above == null) {
      throw new IllegalStateException("a frame without a caller: " + frame.where());
    }
    return above;
  }

  /**
   * Whether the routine has ended.
   *
   * @return whether {@link #run} has returned or thrown
   */
  public final boolean isDone() {
    return parent == null;
  }

  /**
   * Where a suspended routine waits.
   *
   * @return the calls, innermost first; none if it has ended
   */
  public final List<StackTraceElement> stack() {
    List<StackTraceElement> places = new ArrayList<>();
    Frame frame = parent;
    while (frame != null) {
      if (frame instanceof Stackful stackful) {
        places.addAll(stackful.frames());
        return places; // the routine's own among them
      } else if (frame != this || label >= 0) {
        places.add(frame.where());
      }
      frame = frame == this ? null : frame.parent;
    }
    return places;
  }

  /**
   * A routine that runs the plain methods of this one, woven or not, on a continuation of the JDK:
   * for debuggers, and for code that has frames in between that can't be woven. This one is not to
   * be run besides.
   *
   * @return a routine that has not begun
   */
  public final Routine stackful() {
    return new Stackful(this);
  }

  /**
   * Suspends this routine, which is running, from unwoven code below it: for schedulers, whose call
   * it is to decide what follows if that can't be. It has no twin: woven code sets {@link
   * Context#suspended}.
   *
   * @return once it has been resumed, true; at once, false if it runs on no stack of its own, or if
   *     that can't be left here
   */
  public final boolean leaveStack() {
    return Stackful.leave(this);
  }

  /**
   * What keeps woven code that has called the caller from suspending there: for the messages of
   * schedulers.
   *
   * @return the frames from the caller to those that woven code has called, innermost first
   */
  public static List<StackTraceElement> blockingFrames() {
    return Traces.inTheWay();
  }

  // ---- the calls that suspend, each a pair written by hand: for unwoven callers and for woven
  // ones

  /**
   * Suspends the routine that is running.
   *
   * @throws IllegalStateException outside a routine, or below code that has not been woven in one
   *     that has; the message names that code
   */
  public static void suspend() {
    Stackful.yieldNow();
  }

  /**
   * The twin of {@link #suspend()}.
   *
   * @param context the calling thread's
   */
  public static void suspend(Context context) {
    context.suspended = true;
  }

  /**
   * Suspends until whoever resumes the routine has put a value in {@link Context#result}.
   *
   * @return the value
   */
  public static @Nullable Object await() {
    return Stackful.yieldNow().takeResult();
  }

  /**
   * The twin of {@link #await()}.
   *
   * @param context the calling thread's
   * @return of no meaning
   */
  public static @Nullable Object await(Context context) {
    context.suspended = true;
    return null;
  }

  /**
   * Suspends until whoever resumes the routine has put a value in {@link Context#intResult}.
   *
   * @return the value
   */
  public static int awaitInt() {
    return Stackful.yieldNow().intResult;
  }

  /**
   * The twin of {@link #awaitInt()}.
   *
   * @param context the calling thread's
   * @return of no meaning
   */
  public static int awaitInt(Context context) {
    context.suspended = true;
    return 0;
  }

  /**
   * Suspends until whoever resumes the routine has put a value in {@link Context#longResult}.
   *
   * @return the value
   */
  public static long awaitLong() {
    return Stackful.yieldNow().longResult;
  }

  /**
   * The twin of {@link #awaitLong()}.
   *
   * @param context the calling thread's
   * @return of no meaning
   */
  public static long awaitLong(Context context) {
    context.suspended = true;
    return 0;
  }
}
