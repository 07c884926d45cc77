// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import dev.weft.bindings.NativeLibrary;
import dev.weft.routine.codegen.Context;
import java.util.List;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import jdk.internal.vm.ContinuationSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs the plain methods of a routine on a continuation of the JDK: as a separate routine, or as
 * the only frame below an unwoven one.
 */
final class Stackful extends Routine {
  private static final String PACKAGE = "jdk.internal.vm";

  /**
   * Whether {@link Stack} can be defined. It must not be initialised before: the failure would be
   * permanent, although the package may be opened later.
   */
  private static boolean accessible;

  private final Routine body;
  private final Stack stack;
  private @Nullable Throwable failure;
  private boolean begun;

  /** The context whose {@link #resume} runs the continuation. */
  private @Nullable Context context;

  Stackful(Routine body) {
    this.body = body;
    stack = newStack(this);
  }

  /** The continuation, with a reference to its owner. */
  private static final class Stack extends Continuation {
    static final ContinuationScope SCOPE = new ContinuationScope("routine");
    final Stackful owner;

    /** Whether a failed yield returns false instead of throwing. */
    private boolean mayStay;

    Stack(Stackful owner) {
      super(SCOPE, owner::enter);
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

  private static Stack newStack(Stackful owner) {
    if (!accessible) {
      openFor(owner.body);
    }
    return new Stack(owner);
  }

  private static void openFor(Routine body) {
    Module base = Object.class.getModule();
    Module ours = Stackful.class.getModule();
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
    this.context = context;
    begun = true;
    stack.run();
    this.context = null;
    if (!stack.isDone()) {
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
    List<StackTraceElement> frames = frames();
    return frames.isEmpty() ? body.where() : frames.getFirst();
  }

  /** Returns the frames in which it is suspended, innermost first. */
  List<StackTraceElement> frames() {
    return List.of(stack.getStackTrace()).stream()
        .filter(frame -> !Traces.isMachinery(frame))
        .toList();
  }

  /**
   * Suspends the running continuation.
   *
   * @return the context that it is resumed with
   */
  static Context yieldNow() {
    Stack stack = current();
    if (stack == null) {
      throw new IllegalStateException(Traces.whyUnwoven());
    }
    Stack.leave();
    Context context = stack.owner.context;
    assert context != null : "resumed by something else";
    context.resumed(); // throws if it was resumed with a failure
    return context;
  }

  /** Suspends {@code routine} if the innermost continuation is its own; returns whether it has. */
  static boolean leave(Routine routine) {
    Stack stack = current();
    if (stack == null || (stack.owner != routine && stack.owner.body != routine)) {
      return false;
    }
    return stack.tryLeave();
  }

  private static @Nullable Stack current() {
    return accessible ? Stack.current() : null;
  }
}
