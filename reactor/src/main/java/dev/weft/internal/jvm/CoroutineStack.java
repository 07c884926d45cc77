// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import dev.weft.bindings.NativeLibrary;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import jdk.internal.vm.ContinuationSupport;
import org.jspecify.annotations.Nullable;

/**
 * The stack of a coroutine: its frames are mounted on the thread that resumes it, and unmounted
 * again. When code in them suspends the thread itself (a fiber that waits), the JDK unmounts both.
 *
 * <p>Only this class uses the JDK's unexported continuations. Without access to them it can't be
 * loaded: call {@link Access#require} first.
 */
public final class CoroutineStack extends Continuation {
  private static final ContinuationScope SCOPE = new ContinuationScope("dev.weft.Coroutine");

  /** Checks whether this JVM gives access to continuations. */
  public static final class Access {
    private static final String PACKAGE = "jdk.internal.vm";

    /** Whether all packages that coroutines need are open. */
    private static boolean open;

    private Access() {}

    /**
     * Checks that continuations can be used. Opens their package if necessary; if that fails, the
     * next call tries again. May be called from any thread.
     *
     * @throws UnsupportedOperationException if they can't be used; names the flag that helps
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

  private boolean started;

  /** The scoped-value bindings of the frames while they are unmounted. */
  private @Nullable Object bindings;

  public CoroutineStack(Runnable body) {
    super(SCOPE, body);
  }

  /**
   * Mounts the frames and runs them until they are unmounted or end. They see the scoped values of
   * the first call, and those that they bind themselves.
   */
  @SuppressWarnings("ReferenceEquality") // snapshots of the JDK, without equals()
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
   * Unmounts the frames of the current stack until the next {@link #switchIn}.
   *
   * @return false, immediately, if the frames can't be unmounted because one of them is native
   */
  public static boolean switchOut() {
    LockStack.inflate();
    return Continuation.yield(SCOPE);
  }

  /** Does nothing. The JDK's own throws, even if it is the thread that could not be suspended. */
  @Override
  protected void onPinned(Pinned reason) {}
}
