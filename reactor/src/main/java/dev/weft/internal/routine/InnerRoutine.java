// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.routine;

import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import dev.weft.routine.codegen.Frame;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A routine that other code resumes by a call, which returns when the routine yields or ends. If
 * the routine suspends for anything else, a wait in a fiber for example, its resumer suspends too,
 * and both continue when the wait is over. Its resumer may be another inner routine.
 *
 * <p>Values are passed in {@link Context#result}. On the way of a switch no reference is stored in
 * the routine itself, since the collector's barrier can take longer than the switch.
 */
public abstract class InnerRoutine extends Routine {
  /** The {@link #phase} of a routine that has not been resumed. */
  public static final int NEW = 0;

  /** It runs, or has resumed another one, or waits together with its resumer. */
  public static final int RUNNING = 1;

  /** It has yielded. */
  public static final int YIELDED = 2;

  /** It has returned, or thrown {@link #failure}. */
  public static final int ENDED = 3;

  /** One of the constants above: not an enum, since the collector's barrier would be for it too. */
  public int phase = NEW;

  /** What the body has thrown, or null. */
  public @Nullable Throwable failure;

  /** That of the thread which has last resumed it by code that is not woven. */
  private @Nullable RoutineThread home;

  private final Resumer resumer = new Resumer(this);

  /** Makes a routine that has not been resumed. */
  protected InnerRoutine() {}

  /** Called by the resumer when the routine has ended. */
  protected abstract void ended();

  // ---- the resumer's side

  /**
   * Runs the routine until it yields or ends, see {@link #phase}.
   *
   * @param value what the yield returns that it is in
   * @param thrown what that yield throws instead, or null
   * @return the yielded value; null if it has ended
   */
  protected final @Nullable Object enter(@Nullable Object value, @Nullable Throwable thrown) {
    Context context = home().context;
    context.result = value;
    context.failure = thrown;
    while (proceed(context)) {
      context.failure =
          new IllegalStateException(
              this + " can't be suspended: the code that has resumed it is not woven");
    }
    return context.takeResult();
  }

  /** The woven twin of {@link #enter(Object, Throwable)}: it may suspend with the routine. */
  protected final @Nullable Object enter(
      @Nullable Object value, @Nullable Throwable thrown, Context context) {
    context.result = value;
    context.failure = thrown;
    if (proceed(context)) {
      resumer.save(context, 1);
      context.suspended = true;
      return null;
    }
    return context.takeResult();
  }

  /**
   * Runs the routine with what is in {@code context}, until it yields, ends or waits.
   *
   * @return whether it waits; if not, the context has the yielded value
   */
  private boolean proceed(Context context) {
    Object outer = context.inner;
    context.inner = this;
    phase = RUNNING;
    try {
      if (!go(context)) {
        phase = ENDED;
      }
    } catch (Throwable e) {
      phase = ENDED;
      failure = e;
    }
    context.inner = outer;
    if (phase == ENDED) {
      finish(context);
    }
    return phase == RUNNING;
  }

  private void finish(Context context) {
    context.reset();
    context.result = null;
    context.rewindTo = null;
    if (failure != null) {
      WovenTraces.dropResumer(failure, this);
    }
    ended();
  }

  /** The frame of the call that has resumed a routine, while both wait. */
  static final class Resumer extends Frame {
    private final InnerRoutine routine;

    Resumer(InnerRoutine routine) {
      this.routine = routine;
    }

    @Override
    public void resume(Context context) {
      if (routine.proceed(context)) {
        again(context, 1);
        context.suspended = true;
      }
    }

    List<StackTraceElement> places() {
      return routine.stack();
    }

    @Override
    public StackTraceElement where() {
      List<StackTraceElement> places = places();
      return places.isEmpty() ? routine.where() : places.getFirst();
    }
  }

  /** Whether {@code frame} is in the call that has resumed an inner routine. */
  public static boolean isResumer(Frame frame) {
    return frame instanceof Resumer;
  }

  /** Adds the places in which the routine waits that {@code frame}, a resumer, has resumed. */
  public static void addPlaces(Frame frame, List<StackTraceElement> places) {
    places.addAll(((Resumer) frame).places());
  }

  // ---- for code that is not woven

  private RoutineThread home() {
    RoutineThread mine = home;
    if (mine == null || !mine.isCurrent()) {
      mine = RoutineThread.current();
      home = mine;
    }
    return mine;
  }

  /**
   * Notes that the calling thread runs the routine's plain methods.
   *
   * @return the one that it ran before; for {@link #leavePlain}
   */
  protected final @Nullable Object enterPlain() {
    Context context = home().context;
    Object outer = context.inner;
    context.inner = this;
    return outer;
  }

  /** Notes that the calling thread runs {@code outer} again. */
  protected final void leavePlain(@Nullable Object outer) {
    home().context.inner = outer;
  }

  /** Whether the calling thread runs the plain methods of this routine, and of none in it. */
  protected final boolean isInnermostPlain() {
    RoutineThread mine = home;
    return mine != null && mine.isCurrent() && mine.context.inner == this;
  }

  // ---- the body's side

  /** Suspends the woven body, which runs with {@code context}; to be called last. */
  protected final void yieldWoven(@Nullable Object value, Context context) {
    context.result = value;
    phase = YIELDED;
    context.suspended = true;
  }

  /**
   * The body can't suspend, because there was no memory for one of its frames.
   *
   * @return whether it was about to yield, and will throw {@code why} instead; false if it was
   *     about to wait
   */
  public final boolean refuseYield(Context context, @Nullable Throwable why) {
    if (phase != YIELDED) {
      return false;
    }
    phase = RUNNING;
    context.result = null;
    context.failure = why;
    return true;
  }
}
