// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import dev.weft.routine.codegen.Context;
import dev.weft.routine.codegen.Frame;
import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Stack traces as the source has them, although the stack was not there. */
final class Traces {
  private static final Set<String> MACHINERY =
      Set.of(
          Routine.class.getName(),
          Stackful.class.getName(),
          Stackful.class.getName() + "$Stack",
          Traces.class.getName());
  private static final String ROUTINE = Routine.class.getName();

  /** In the name of each class that the weaver makes; see the weaver's class Names. */
  private static final String GENERATED = "$$weft$";

  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private Traces() {}

  /** Whether {@code element} is not of the program, but of what suspends and resumes it. */
  static boolean isMachinery(StackTraceElement element) {
    String name = element.getClassName();
    return name.startsWith("jdk.internal.vm.Continuation")
        || MACHINERY.contains(name)
        || isResuming(element);
  }

  /** Whether it is the step between the trampoline and a woven method, or from one to its frame. */
  private static boolean isResuming(StackTraceElement element) {
    return element.getMethodName().contains(GENERATED)
        || (element.getClassName().contains(GENERATED) && element.getMethodName().equals("resume"));
  }

  /**
   * Puts the suspended callers of {@code resumed} where they would be in the trace of {@code
   * thrown}, had they stayed on the stack, and calls the routine's body by its name. If that can't
   * be done, because a method of {@code thrown} throws or memory is short, the trace stays as it
   * is: the callers still have to get {@code thrown}, and to run their finally blocks.
   */
  static void insertCallers(Throwable thrown, Routine routine, Frame resumed) {
    try {
      insert(thrown, routine, resumed);
    } catch (Throwable e) {
      // said above
    }
  }

  private static void insert(Throwable thrown, Routine routine, Frame resumed) {
    StackTraceElement[] trace = thrown.getStackTrace();
    int trampoline = 0;
    while (trampoline < trace.length && !isTrampoline(trace[trampoline])) {
      trampoline++;
    }
    if (trampoline == trace.length) {
      return; // made elsewhere, or without a trace
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

  /** Whether it has been thrown before, and has its callers. */
  private static boolean isComplete(List<StackTraceElement> elements, Routine routine) {
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
   * The frames of the calling thread down to the innermost woven one, which is not among them:
   * those that keep it from suspending, and those of who asks. All there are if none is woven.
   */
  static List<StackTraceElement> inTheWay() {
    return WALKER.walk(
        all ->
            all.dropWhile(frame -> MACHINERY.contains(frame.getClassName()))
                .takeWhile(frame -> !isWoven(frame))
                .map(StackFrame::toStackTraceElement)
                .toList());
  }

  /** Why the calling thread can't suspend, naming the frames that are in the way. */
  static String whyUnwoven() {
    List<StackTraceElement> inTheWay = inTheWay();
    return WALKER.walk(all -> all.noneMatch(Traces::isWoven))
        ? "suspend was called outside a routine: " + inTheWay
        : inTheWay
            + " can't be suspended: called by woven code, but not woven. Weave these classes, pass"
            + " lambdas to interfaces that are woven, or run the routine with Routine.stackful()";
  }

  /** Whether it is a twin, or goes on with one, or is the trampoline that calls it. */
  private static boolean isWoven(StackFrame frame) {
    return frame.getMethodType().parameterList().contains(Context.class);
  }
}
