// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.ThreadMXBean;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

/** The memory that a suspended routine retains, and its stack traces. */
class RoutinesTest {
  private static final String SOURCE = Programs.read("/programs/Routines.java");
  private static final Woven WOVEN = Woven.of("p.Routines", SOURCE);

  private final Context context = new Context();

  private static Routine routine(String name) throws Exception {
    return WOVEN.routine("p.Routines$" + name);
  }

  /** The stack trace element of the line of {@link #SOURCE} that ends with {@code // comment}. */
  private static String place(String method, String comment) {
    List<String> lines = SOURCE.lines().toList();
    List<String> marked = lines.stream().filter(line -> line.endsWith("// " + comment)).toList();
    assertEquals(1, marked.size(), comment);
    return "p.Routines$%s(Routines.java:%d)"
        .formatted(method, lines.indexOf(marked.getFirst()) + 1);
  }

  private static List<String> places(StackTraceElement[] trace) {
    return Arrays.stream(trace)
        .map(StackTraceElement::toString)
        .filter(place -> place.contains("p.Routines"))
        .map(place -> place.substring(place.indexOf("p.Routines")))
        .toList();
  }

  @Test
  void suspendedRoutineReportsItsCallsAndLines() throws Exception {
    Routine failing = routine("Failing");
    failing.go(context);

    assertEquals(
        List.of(
            place("Failing.inner", "inner suspends"),
            place("Failing.middle", "middle calls"),
            place("Failing.run", "run calls middle")),
        failing.stack().stream().map(StackTraceElement::toString).toList());
  }

  @Test
  void exceptionThroughSuspendedFramesHasTheirLinesInItsTrace() throws Exception {
    Routine failing = routine("Failing");
    failing.go(context);

    Exception thrown = assertThrows(IllegalStateException.class, () -> failing.go(context));

    assertEquals(
        List.of(
            place("Failing.inner", "inner fails"),
            place("Failing.middle", "middle calls"),
            place("Failing.run", "run calls middle")),
        places(thrown.getStackTrace()));
  }

  @Test
  void exceptionThrownTwiceHasItsCallersOnce() throws Exception {
    Routine again = routine("Again");
    again.go(context);
    again.go(context);

    Exception thrown = assertThrows(IllegalStateException.class, () -> again.go(context));

    assertEquals(
        List.of(place("Again.fail", "fail fails"), place("Again.run", "run calls fail")),
        places(thrown.getStackTrace()));
  }

  @Test
  void causeCaughtByASuspendedCallerHasAllCallers() throws Exception {
    Routine wrapping = routine("Wrapping");
    wrapping.go(context);

    Exception thrown = assertThrows(IllegalStateException.class, () -> wrapping.go(context));

    assertEquals(List.of("wrapping", "run"), methods(thrown));
    assertEquals(List.of("low", "between", "wrapping", "run"), methods(thrown.getCause()));
  }

  /** The callers below that method are in the trace of the exception thrown there instead. */
  @Test
  void causeCaughtByTheResumedMethodHasTheCallersUpToIt() throws Exception {
    Routine wrapping = routine("Wrapping");
    wrapping.go(context);

    Exception thrown = assertThrows(IllegalStateException.class, () -> wrapping.go(context));
    Throwable low = thrown.getCause();

    assertEquals(List.of("fail", "low"), methods(low.getCause()));
  }

  private static List<String> methods(Throwable thrown) {
    return places(thrown.getStackTrace()).stream()
        .map(place -> place.substring(0, place.indexOf('(')))
        .map(place -> place.substring(place.lastIndexOf('.') + 1))
        .filter(method -> !method.equals("resume"))
        .toList();
  }

  @Test
  @SuppressWarnings("unchecked")
  void deadLocalIsNotKept() throws Exception {
    Routine leaking = routine("Dead");
    java.lang.reflect.Field field = leaking.getClass().getField("reference");
    leaking.go(context);
    WeakReference<Object> reference = (WeakReference<Object>) field.get(leaking);
    assertNotNull(reference.get());

    leaking.go(context); // past its last use
    leaking.go(context);

    for (int i = 0; i < 10 && reference.get() != null; i++) {
      System.gc();
    }
    assertNull(reference.get());
  }

  @Test
  void routineThatThrowsIsDone() throws Exception {
    Routine failing = routine("Failing");
    failing.go(context);

    assertThrows(IllegalStateException.class, () -> failing.go(context));

    assertTrue(failing.isDone());
    assertEquals(List.of(), failing.stack());
  }

  /** The heap that one suspended routine takes, measured by the thread's allocation counter. */
  private long bytesEach(String name) throws Exception {
    Constructor<?> constructor =
        WOVEN.type("p.Routines$" + name).getDeclaredConstructor(int.class, int.class);
    constructor.setAccessible(true);
    Routine maker = (Routine) constructor.newInstance(0, 0);
    while (maker.go(context)) {
      assertTrue(!maker.isDone());
    }
    Object factory = WOVEN.type("p.Routines").getMethod("fill", String.class).invoke(null, name);
    assertNotNull(factory);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    java.util.function.IntFunction<Routine> make = cast(factory);
    int count = 10_000;
    Routine[] routines = new Routine[count];
    make.apply(1).go(context);
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < count; i++) {
      routines[i] = make.apply(i);
      routines[i].go(context);
    }
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(!routines[count - 1].isDone());
    return bytes / count;
  }

  @SuppressWarnings("unchecked")
  private static java.util.function.IntFunction<Routine> cast(Object factory) {
    return (java.util.function.IntFunction<Routine>) factory;
  }

  /** The size of an object with so many references and ints. */
  private static long bytesOf(int references, int ints) {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    int header = isOn(jvm, "UseCompactObjectHeaders") ? 8 : 12;
    int reference = isOn(jvm, "UseCompressedOops") ? 4 : 8;
    long content = header + (long) references * reference + (long) ints * Integer.BYTES;
    return (content + 7) / 8 * 8;
  }

  private static boolean isOn(HotSpotDiagnosticMXBean jvm, String option) {
    return jvm.getVMOption(option).getValue().equals("true");
  }

  @Test
  void routineWithThreeIntsTakesOneObjectOfFourIntsAndAReference() throws Exception {
    assertEquals(bytesOf(1, 4), bytesEach("Flat"));
  }

  @Test
  void routineTakesOneFrameForEachCallBelowRun() throws Exception {
    long routine = bytesOf(1, 4);
    long frame = bytesOf(2, 2); // its caller and the object; its label and the argument

    assertEquals(routine + 2 * frame, bytesEach("Deep3"));
    assertEquals(routine + 9 * frame, bytesEach("Deep10"));
  }

  /** As compiled by ecj; javac duplicates the object and pops it. */
  @Test
  void unusedObjectThatIsNotDuplicatedIsMadeAfterItsArguments() throws Exception {
    String source =
        """
        package p;
        public class T extends dev.weft.routine.Routine {
          public static final StringBuilder LOG = new StringBuilder();
          static class Box { Box(int n) { LOG.append("box").append(n); } }
          protected void run() { new Box(awaitInt()); }
        }
        """;
    SortedMap<String, byte[]> classes = Compiler.compile(Map.of("p.T", source));
    ClassFile files = ClassFile.of();
    CodeTransform withoutCopies =
        (code, element) -> {
          if (!(element instanceof StackInstruction)) {
            code.with(element);
          }
        };
    ClassTransform onlyInRun =
        ClassTransform.transformingMethodBodies(
            method -> method.methodName().equalsString("run"), withoutCopies);
    classes.compute("p/T", (_, bytes) -> files.transformClass(files.parse(bytes), onlyInRun));

    Woven woven = Woven.of(classes);

    StringBuilder log = (StringBuilder) woven.type("p.T").getField("LOG").get(null);
    assertEquals("box1", Woven.run(woven.routine("p.T"), log).log());
  }
}
