// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.bindings.NativeLibrary;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import org.jspecify.annotations.Nullable;

/**
 * The frames of a coroutine, which come onto the thread that resumes it and leave it again. When
 * code in them suspends the thread itself (a fiber that waits), the JDK moves both out and in.
 *
 * <p>What the JDK does not export of its continuations is used here and nowhere else. Without it
 * this class can't even be defined: {@link Access} has to be asked first.
 */
public final class CoroutineStack extends Continuation {
  private static final ContinuationScope SCOPE = new ContinuationScope("dev.weft.Coroutine");

  /** Whether this JVM lets us have continuations. */
  public static final class Access {
    private static final String PACKAGE = "jdk.internal.vm";
    private static final @Nullable Throwable CAUSE;
    private static final boolean GIVEN;

    static {
      Throwable cause = null;
      Module ours = Access.class.getModule();
      if (!isExportedTo(ours)) {
        try {
          NativeLibrary.load();
          NativeLibrary.openTo(ours);
        } catch (UnsatisfiedLinkError e) {
          cause = e;
        }
      }
      CAUSE = cause;
      GIVEN = isExportedTo(ours);
    }

    private Access() {}

    private static boolean isExportedTo(Module module) {
      return Object.class.getModule().isExported(PACKAGE, module);
    }

    /**
     * Does nothing if there are continuations.
     *
     * @throws UnsupportedOperationException if not; names the flag that helps
     */
    public static void require() {
      if (!GIVEN) {
        Module ours = Access.class.getModule();
        throw new UnsupportedOperationException(
            "coroutines need a package that this JVM does not export; start it with --add-exports="
                + ("java.base/" + PACKAGE + "=")
                + (ours.isNamed() ? ours.getName() : "ALL-UNNAMED"),
            CAUSE);
      }
    }
  }

  private final Runnable body;
  private boolean started;

  /** The scoped values of the frames, while they are not on the thread. */
  private @Nullable Object bindings;

  public CoroutineStack(Runnable body) {
    super(SCOPE, body);
    this.body = body;
  }

  public Runnable body() {
    return body;
  }

  /** The innermost of those whose frames are on the calling thread, or null. */
  public static @Nullable CoroutineStack current() {
    return (CoroutineStack) getCurrentContinuation(SCOPE);
  }

  /**
   * Runs the frames until they leave or end. Scoped values are in them as they were at the first
   * time, with what the frames themselves bind.
   */
  @SuppressWarnings("ReferenceEquality") // snapshots of the JDK, which have no equality
  public void switchIn() {
    HeldMonitors.settle();
    Object resumers = ScopedBindings.get();
    if (started && bindings != resumers) {
      ScopedBindings.set(bindings);
    }
    started = true;
    try {
      run();
    } finally {
      bindings = ScopedBindings.get();
      if (bindings != resumers) {
        ScopedBindings.set(resumers);
      }
    }
  }

  /**
   * Takes the frames of the current one off the thread, until the next {@link #switchIn}.
   *
   * @return false if they can't leave it, at once: there is a native one among them
   */
  public static boolean switchOut() {
    HeldMonitors.settle();
    return Continuation.yield(SCOPE);
  }

  /** The JDK's own would throw, also when it is the thread that could not be suspended. */
  @Override
  protected void onPinned(Pinned reason) {}
}
