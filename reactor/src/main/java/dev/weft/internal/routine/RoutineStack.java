// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.routine;

import dev.weft.bindings.NativeLibrary;
import dev.weft.routine.codegen.Context;
import dev.weft.routine.codegen.Frame;
import java.util.List;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import jdk.internal.vm.ContinuationSupport;
import org.jspecify.annotations.Nullable;

/** The stack of a routine that runs its plain methods: a continuation of the JDK. */
public final class RoutineStack {
  private static final String PACKAGE = "jdk.internal.vm";

  /**
   * Whether {@link Stack} can be defined. It must not be initialised before: the failure would be
   * permanent, although the package may be opened later.
   */
  private static boolean accessible;

  /** The routine that runs the plain methods of {@link #body}, which is a routine too. */
  private final Frame owner;

  private final Frame body;
  private final Stack stack;

  /** The context whose {@link #resume} runs the continuation. */
  private @Nullable Context context;

  /**
   * Creates the stack of {@code owner}.
   *
   * @param owner the routine that this is the stack of
   * @param body the routine whose plain methods run on it
   * @param entry calls the first of them; throws nothing
   * @throws IllegalStateException if the JVM's continuations can't be used; the message says what
   *     is needed
   */
  public RoutineStack(Frame owner, Frame body, Runnable entry) {
    if (!accessible) {
      openFor(body);
    }
    this.owner = owner;
    this.body = body;
    stack = new Stack(this, entry);
  }

  /** The continuation, with a reference to its owner. */
  private static final class Stack extends Continuation {
    static final ContinuationScope SCOPE = new ContinuationScope("routine");
    final RoutineStack owner;

    /** Whether a failed yield returns false instead of throwing. */
    private boolean mayStay;

    Stack(RoutineStack owner, Runnable entry) {
      super(SCOPE, entry);
      this.owner = owner;
    }

    static @Nullable Stack current() {
      return (Stack) getCurrentContinuation(SCOPE);
    }

    static void leave() {
      if (!Continuation.yield(SCOPE)) {
        throw new IllegalStateException("the routine could not be suspended");
      }
    }

    /** As leave, but returns false if the continuation is pinned. */
    boolean tryLeave() {
      mayStay = true;
      try {
        return Continuation.yield(SCOPE);
      } finally {
        mayStay = false;
      }
    }

    @Override
    protected void onPinned(Pinned reason) {
      if (mayStay) {
        return;
      }
      throw new IllegalStateException(
          "a routine can't be suspended here when it runs stackful: " + reason);
    }
  }

  private static void openFor(Frame body) {
    Module base = Object.class.getModule();
    Module ours = RoutineStack.class.getModule();
    if (!base.isExported(PACKAGE, ours)) {
      NativeLibrary.openTo(ours);
    }
    if (!base.isExported(PACKAGE, ours)) {
      throw new IllegalStateException(
          body
              + " is to run stackful, having been asked to or not having been woven: that needs "
              + ("--add-exports java.base/" + PACKAGE + "=")
              + (ours.isNamed() ? ours.getName() : "ALL-UNNAMED")
              + " or, in the manifest of the jar that is started, Add-Exports: java.base/"
              + PACKAGE);
    }
    if (!ContinuationSupport.isSupported()) {
      throw new IllegalStateException(
          body
              + " is to run stackful, having been asked to or not having been woven: that needs a"
              + " JVM with continuations, and this one does not support them or was started with"
              + " -XX:-VMContinuations");
    }
    accessible = true;
  }

  /**
   * Runs the methods on it until they suspend or end.
   *
   * @param context the calling thread's
   * @return whether they have ended
   */
  public boolean resume(Context context) {
    this.context = context;
    stack.run();
    this.context = null;
    return stack.isDone();
  }

  /** Returns the frames in which it is suspended, innermost first. */
  public List<StackTraceElement> frames() {
    return List.of(stack.getStackTrace()).stream()
        .filter(frame -> !WovenTraces.isMachinery(frame))
        .toList();
  }

  /**
   * Suspends the running continuation.
   *
   * @return the context that it is resumed with
   */
  public static Context yieldNow() {
    Stack stack = current();
    if (stack == null) {
      throw new IllegalStateException(WovenTraces.whyUnwoven());
    }
    Stack.leave();
    Context context = stack.owner.context;
    assert context != null : "resumed by something else";
    context.resumed(); // throws if it was resumed with a failure
    return context;
  }

  /** Suspends {@code routine} if the innermost continuation is its own; returns whether it has. */
  public static boolean leave(Frame routine) {
    Stack stack = current();
    if (stack == null || (stack.owner.owner != routine && stack.owner.body != routine)) {
      return false;
    }
    return stack.tryLeave();
  }

  private static @Nullable Stack current() {
    return accessible ? Stack.current() : null;
  }
}
