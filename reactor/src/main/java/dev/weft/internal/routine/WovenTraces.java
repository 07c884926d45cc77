// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.routine;

import dev.weft.routine.codegen.Context;
import dev.weft.routine.codegen.Frame;
import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Rebuilds stack traces of woven code as the source would produce them. */
public final class WovenTraces {
  private static final String ROUTINE = "dev.weft.routine.Routine";
  private static final Set<String> MACHINERY =
      Set.of(
          ROUTINE,
          ROUTINE + "$Stackful",
          RoutineStack.class.getName(),
          RoutineStack.class.getName() + "$Stack",
          InnerRoutine.class.getName(),
          InnerRoutine.Resumer.class.getName(),
          WovenTraces.class.getName());

  /** Part of the name of each generated class; see the weaver's class Names. */
  private static final String GENERATED = "$$weft$";

  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private WovenTraces() {}

  /** Whether {@code element} belongs to the machinery that suspends and resumes routines. */
  static boolean isMachinery(StackTraceElement element) {
    String name = element.getClassName();
    return name.startsWith("jdk.internal.vm.Continuation")
        || MACHINERY.contains(name)
        || isResuming(element);
  }

  /** Whether it is a step from the trampoline to a woven method, or from that to its frame. */
  private static boolean isResuming(StackTraceElement element) {
    return element.getMethodName().contains(GENERATED)
        || (element.getClassName().contains(GENERATED) && element.getMethodName().equals("resume"));
  }

  /**
   * Inserts the suspended callers of {@code resumed} into the trace of {@code thrown}, as if they
   * had stayed on the stack, and names the routine's body by its method. If this fails, because a
   * method of {@code thrown} throws or memory is short, the trace stays unchanged: the callers must
   * still get {@code thrown} and run their finally blocks.
   */
  public static void insertCallers(Throwable thrown, Frame routine, Frame resumed) {
    try {
      insert(thrown, routine, resumed);
    } catch (Throwable e) {
      // the trace stays unchanged, see above
    }
  }

  /**
   * Removes the steps from the call that has resumed {@code routine}, an inner one, to its body
   * from the trace of {@code thrown}, which it has thrown. If this fails, the trace stays
   * unchanged.
   */
  static void dropResumer(Throwable thrown, InnerRoutine routine) {
    try {
      List<StackTraceElement> whole = new ArrayList<>(List.of(thrown.getStackTrace()));
      int go = 0;
      while (!isTrampoline(whole.get(go))) {
        go++;
      }
      int end = go + 1;
      while (whole.get(end).getClassName().startsWith(InnerRoutine.class.getName())) {
        end++;
      }
      if (end > go + 1) { // otherwise it was created elsewhere
        String body = routine.getClass().getName();
        int first = go > 0 && whole.get(go - 1).getClassName().equals(body) ? go - 1 : go;
        whole.subList(first, end).clear();
        thrown.setStackTrace(whole.toArray(new StackTraceElement[0]));
      }
    } catch (Throwable e) {
      // the trace stays unchanged, see above
    }
  }

  private static void insert(Throwable thrown, Frame routine, Frame resumed) {
    StackTraceElement[] trace = thrown.getStackTrace();
    int trampoline = 0;
    while (trampoline < trace.length && !isTrampoline(trace[trampoline])) {
      trampoline++;
    }
    if (trampoline == trace.length) {
      return; // created elsewhere, or without a trace
    }
    String entry = routine.where().getClassName();
    List<StackTraceElement> whole = new ArrayList<>();
    for (int i = 0; i < trampoline; i++) {
      StackTraceElement element = trace[i];
      boolean body =
          element.getMethodName().equals("resume") && element.getClassName().equals(entry);
      if (body) {
        whole.add(renamed(element, "run"));
      } else if (!isResuming(element)) {
        whole.add(element);
      }
    }
    if (!isComplete(whole, routine)) {
      for (Frame frame = resumed; frame != routine && frame != null; ) {
        frame = frame.parent;
        if (frame != null) {
          whole.add(frame.where());
        }
      }
    }
    whole.addAll(List.of(trace).subList(trampoline, trace.length));
    thrown.setStackTrace(whole.toArray(new StackTraceElement[0]));
  }

  /** Whether it has been thrown before, so that its callers are in the trace already. */
  private static boolean isComplete(List<StackTraceElement> elements, Frame routine) {
    if (elements.isEmpty()) {
      return false;
    }
    StackTraceElement last = elements.getLast();
    StackTraceElement body = routine.where();
    return last.getMethodName().equals(body.getMethodName())
        && last.getClassName().equals(body.getClassName());
  }

  private static boolean isTrampoline(StackTraceElement element) {
    return element.getMethodName().equals("go") && element.getClassName().equals(ROUTINE);
  }

  private static StackTraceElement renamed(StackTraceElement element, String method) {
    return new StackTraceElement(
        element.getClassLoaderName(),
        element.getModuleName(),
        element.getModuleVersion(),
        element.getClassName(),
        method,
        element.getFileName(),
        element.getLineNumber());
  }

  /**
   * Returns the frames of the calling thread above the innermost woven one: those that keep it from
   * suspending, and those of the caller. If that one belongs to an inner routine, the frames that
   * keep its resumer from suspending follow. Returns all frames if none is woven.
   */
  public static List<StackTraceElement> blockingFrames() {
    return WALKER.walk(
        all -> {
          List<StackFrame> frames = all.toList();
          List<StackTraceElement> blocking = new ArrayList<>(unwoven(frames, 0));
          for (int i = 0; i < frames.size(); i++) {
            if (isPlainResumer(frames.get(i))) {
              blocking.addAll(unwoven(frames, i));
            }
          }
          return blocking;
        });
  }

  /** The frames from {@code first} to the next woven one, without machinery at the beginning. */
  private static List<StackTraceElement> unwoven(List<StackFrame> frames, int first) {
    return frames.stream()
        .skip(first)
        .dropWhile(frame -> MACHINERY.contains(frame.getClassName()) && !isWoven(frame))
        .takeWhile(frame -> !isWoven(frame))
        .map(StackFrame::toStackTraceElement)
        .toList();
  }

  /** Whether code that is not woven has resumed an inner routine by this call. */
  private static boolean isPlainResumer(StackFrame frame) {
    return frame.getClassName().equals(InnerRoutine.class.getName())
        && frame.getMethodName().equals("enter")
        && !isWoven(frame);
  }

  /** Returns the message why the calling thread can't suspend, with the frames that prevent it. */
  public static String whyUnwoven() {
    List<StackTraceElement> blockingFrames = blockingFrames();
    return WALKER.walk(all -> all.noneMatch(WovenTraces::isWoven))
        ? "suspend was called outside a routine: " + blockingFrames
        : blockingFrames
            + " can't be suspended: called by woven code, but not woven. Weave these classes, pass"
            + " lambdas to interfaces that are woven, or run the routine with Routine.stackful()";
  }

  /** Whether it is a twin, or the continuation of one, or the trampoline that calls it. */
  private static boolean isWoven(StackFrame frame) {
    return frame.getMethodType().parameterList().contains(Context.class);
  }
}
