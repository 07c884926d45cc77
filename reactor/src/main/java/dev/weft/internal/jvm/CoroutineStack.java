// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import dev.weft.bindings.NativeLibrary;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import jdk.internal.vm.ContinuationSupport;
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

    /** Whether all that coroutines need is open, and {@link #require} has nothing left to do. */
    private static boolean open;

    private Access() {}

    /**
     * Makes sure that there are continuations. Opens their package first if need be; if that fails,
     * the next call tries again. Any thread.
     *
     * @throws UnsupportedOperationException if there are none; names the flag that helps
     */
    public static void require() {
      if (!open) {
        open();
      }
    }

    private static void open() {
      Module ours = Access.class.getModule();
      boolean all = NativeLibrary.openTo(ours);
      if (!Object.class.getModule().isExported(PACKAGE, ours)) {
        throw new UnsupportedOperationException(
            "coroutines need a package that this JVM does not export; start it with --add-exports="
                + ("java.base/" + PACKAGE + "=")
                + (ours.isNamed() ? ours.getName() : "ALL-UNNAMED"),
            whyNotLoaded());
      }
      if (!ContinuationSupport.isSupported()) {
        throw new UnsupportedOperationException(
            "coroutines need a JVM with continuations: this one does not support them, or was"
                + " started with -XX:-VMContinuations");
      }
      LockStack.prepare();
      ScopedValueBindings.prepare();
      open = all;
    }

    private static @Nullable UnsatisfiedLinkError whyNotLoaded() {
      try {
        NativeLibrary.load();
        return null; // another JDK
      } catch (UnsatisfiedLinkError e) {
        return e;
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
    LockStack.inflate();
    Object resumers = ScopedValueBindings.get();
    if (started && bindings != resumers) {
      ScopedValueBindings.set(bindings);
    }
    started = true;
    try {
      run();
    } finally {
      bindings = ScopedValueBindings.get();
      if (bindings != resumers) {
        ScopedValueBindings.set(resumers);
      }
    }
  }

  /**
   * Takes the frames of the current one off the thread, until the next {@link #switchIn}.
   *
   * @return false if they can't leave it, at once: there is a native one among them
   */
  public static boolean switchOut() {
    LockStack.inflate();
    return Continuation.yield(SCOPE);
  }

  /** The JDK's own would throw, also when it is the thread that could not be suspended. */
  @Override
  protected void onPinned(Pinned reason) {}
}
