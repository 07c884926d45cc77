// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import dev.weft.internal.routine.InnerRoutine;
import dev.weft.internal.routine.RoutineStack;
import dev.weft.internal.routine.WovenTraces;
import dev.weft.routine.codegen.Context;
import dev.weft.routine.codegen.Frame;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stackless coroutine: code that runs until it suspends, and continues there when {@link #go} is
 * called again. It is also the outermost frame, and has no scheduler. A suspended woven routine
 * consists of this object and one frame for each call below {@link #run}. The state of run itself
 * is in fields that the weaver adds to the class: 32 bytes in all if run itself suspends and keeps
 * three ints.
 *
 * <p>A routine may continue on another thread, with that thread's context, if the callers establish
 * a happens-before order between the threads.
 */
public abstract class Routine extends Frame {
  /** Creates a routine that has not begun. */
  protected Routine() {
    parent = this;
  }

  /**
   * The code of the routine. It is called once.
   *
   * @throws Exception ends the routine; {@link #go} throws it
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
   * Runs until the next suspension, or to the end. Must not be called by the routine itself, nor
   * after it has ended.
   *
   * @param context the calling thread's
   * @return true if it has suspended, false if it has ended
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
      keep(context, frame); // run() makes no tail calls: no need to load its label
    }
    return true;
  }

  /** Continues in the callers of a frame that has returned or thrown. */
  private boolean leave(Context context, Frame left, int firstLabel, @Nullable Throwable thrown)
      throws Exception {
    Frame frame = left;
    Throwable failure = thrown;
    Throwable seen = null;
    while (true) {
      if (failure != null) {
        context.reset();
        if (failure != seen) {
          WovenTraces.insertCallers(failure, this, frame);
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
    Frame first = parent; // the frame that was resumed first: only a suspension changes it
    parent = null;
    if (hasThrown) {
      context.rewindTo = first;
      context.rewindLabel = firstLabel;
      context.resumed();
    }
  }

  /**
   * Undoes the last {@link #go}, which has thrown: the routine is suspended again where it was
   * before, with the same locals. Changes that it made to other objects remain.
   *
   * @param context the context of that go, not used for anything else since
   * @return false if this is impossible, because the routine ran on a stack of its own, which is
   *     gone, or waited in a coroutine that it had resumed
   */
  public boolean rewind(Context context) {
    Frame first = context.rewindTo;
    context.rewindTo = null;
    if (parent != null || first == null || isOutsideOfFrames(first)) {
      return false;
    }
    for (Frame frame = first; frame != this; frame = parentOf(frame)) {
      if (frame != first && frame.label < 0) {
        return false; // a caller that has continued and ended in a tail call
      }
    }
    first.label = context.rewindLabel;
    parent = first;
    return true;
  }

  private static boolean isOutsideOfFrames(Frame frame) {
    return frame instanceof Stackful || InnerRoutine.isResumer(frame);
  }

  /** Resets this to a routine that has not begun. */
  public final void restart() {
    parent = this;
    label = 0;
  }

  /** {@return whether {@link #go} has been called} */
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
      tail.parent = resumed.parent; // the resumed frame ended in a tail call: drop it
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

  /** {@return whether {@link #run} has returned or thrown} */
  public final boolean isDone() {
    return parent == null;
  }

  /**
   * {@return the stack trace of the suspended routine, innermost call first; empty if it has ended}
   */
  public final List<StackTraceElement> stack() {
    List<StackTraceElement> places = new ArrayList<>();
    Frame frame = parent;
    while (frame != null) {
      if (frame instanceof Stackful stackful) {
        places.addAll(stackful.stack.frames());
        return places; // these include the routine's own
      } else if (InnerRoutine.isResumer(frame)) {
        InnerRoutine.addPlaces(frame, places);
      } else if (frame != this || label >= 0) {
        places.add(frame.where());
      }
      frame = frame == this ? null : frame.parent;
    }
    return places;
  }

  /**
   * Returns a routine that runs the plain methods of this one, woven or not, on a continuation of
   * the JDK: for debuggers, and for code with frames that can't be woven. This routine must not be
   * run as well.
   *
   * @return a routine that has not begun
   */
  public final Routine stackful() {
    return new Stackful(this);
  }

  /**
   * Suspends this running routine from unwoven code below it: for schedulers, which decide what to
   * do if this is impossible. It has no twin: woven code sets {@link Context#suspended}.
   *
   * @return true once it has been resumed; false immediately if it has no stack of its own, or is
   *     pinned here
   */
  public final boolean leaveStack() {
    return RoutineStack.leave(this);
  }

  /**
   * {@return the unwoven frames that keep woven code below them from suspending here: from the
   * caller to the one that woven code has called, innermost first} For messages of schedulers.
   */
  public static List<StackTraceElement> blockingFrames() {
    return WovenTraces.blockingFrames();
  }

  // ---- suspending calls: hand-written pairs, for unwoven callers and for woven ones

  /**
   * Suspends the running routine.
   *
   * @throws IllegalStateException outside a routine, or in a woven routine below unwoven code; the
   *     message names that code
   */
  public static void suspend() {
    RoutineStack.yieldNow();
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
   * Suspends the running routine until it is resumed with a value in {@link Context#result}.
   *
   * @return the value
   */
  public static @Nullable Object await() {
    return RoutineStack.yieldNow().takeResult();
  }

  /**
   * The twin of {@link #await()}.
   *
   * @param context the calling thread's
   * @return a placeholder
   */
  public static @Nullable Object await(Context context) {
    context.suspended = true;
    return null;
  }

  /**
   * Suspends the running routine until it is resumed with a value in {@link Context#intResult}.
   *
   * @return the value
   */
  public static int awaitInt() {
    return RoutineStack.yieldNow().intResult;
  }

  /**
   * The twin of {@link #awaitInt()}.
   *
   * @param context the calling thread's
   * @return a placeholder
   */
  public static int awaitInt(Context context) {
    context.suspended = true;
    return 0;
  }

  /**
   * Suspends the running routine until it is resumed with a value in {@link Context#longResult}.
   *
   * @return the value
   */
  public static long awaitLong() {
    return RoutineStack.yieldNow().longResult;
  }

  /**
   * The twin of {@link #awaitLong()}.
   *
   * @param context the calling thread's
   * @return a placeholder
   */
  public static long awaitLong(Context context) {
    context.suspended = true;
    return 0;
  }

  /** Runs the plain methods of a routine: as a separate routine, or as the only frame below it. */
  private static final class Stackful extends Routine {
    final RoutineStack stack;
    private final Routine body;
    private @Nullable Throwable failure;
    private boolean begun;

    Stackful(Routine body) {
      this.body = body;
      stack = new RoutineStack(this, body, this::enter);
    }

    private void enter() {
      try {
        body.run();
      } catch (Throwable thrown) {
        failure = thrown; // rethrown by resume
      }
    }

    @Override
    protected void run() throws Exception {
      body.run();
    }

    @Override
    public void resume(Context context) throws Exception {
      begun = true;
      if (!stack.resume(context)) {
        context.suspended = true;
      } else if (failure != null) {
        context.failure = failure;
        context.resumed();
      }
    }

    @Override
    public boolean rewind(Context context) {
      return false;
    }

    @Override
    public boolean hasBegun() {
      return begun;
    }

    @Override
    public StackTraceElement where() {
      List<StackTraceElement> frames = stack.frames();
      return frames.isEmpty() ? body.where() : frames.getFirst();
    }
  }
}
