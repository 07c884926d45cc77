// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.routine.Routine;
import dev.weft.weaver.Diagnostics.Problem;
import dev.weft.weaver.tests.Woven.Run;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What classes of other compilers than javac have that its own never do. */
class OtherCompilersTest {
  private static final ClassDesc SELF = ClassDesc.of("p.T");
  private static final ClassDesc ROUTINE = ClassDesc.of(Routine.class.getName());
  private static final ClassDesc FAILURE = ClassDesc.of("java.lang.IllegalStateException");
  private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);

  private static List<String> texts(Collection<Problem> problems) {
    return problems.stream().map(Problem::toString).toList();
  }

  /**
   * A routine whose {@code run} fails in a synchronized block and suspends where that is caught.
   *
   * @param givesBack whether the monitor is given back on that way too
   */
  private static Woven routineWithMonitor(boolean givesBack) {
    byte[] bytes =
        ClassFile.of()
            .build(
                SELF,
                type ->
                    type.withSuperclass(ROUTINE)
                        .withMethodBody(
                            ConstantDescs.INIT_NAME,
                            NOTHING,
                            0,
                            code ->
                                code.aload(0)
                                    .invokespecial(ROUTINE, ConstantDescs.INIT_NAME, NOTHING)
                                    .return_())
                        .withMethodBody(
                            "run",
                            NOTHING,
                            ClassFile.ACC_PROTECTED,
                            code -> runWithMonitor(code, givesBack)));
    return Woven.of(new TreeMap<>(Map.of("p/T", bytes)));
  }

  /**
   * As Kotlin's compiler writes it: giving the monitor back is in no range but that of the catch
   * around it.
   */
  private static void runWithMonitor(CodeBuilder code, boolean givesBack) {
    Label start = code.newBoundLabel();
    code.aload(0).astore(1).aload(1).monitorenter();
    Label inside = code.newBoundLabel();
    code.new_(FAILURE).dup().invokespecial(FAILURE, ConstantDescs.INIT_NAME, NOTHING).athrow();
    Label failed = code.newBoundLabel();
    code.astore(2);
    Label givingBack = code.newBoundLabel();
    code.aload(1).monitorexit().aload(2).athrow();
    Label caught = code.newBoundLabel();
    code.pop().invokestatic(ROUTINE, "suspend", NOTHING).return_();
    if (givesBack) {
      code.exceptionCatchAll(inside, failed, failed);
      code.exceptionCatchAll(failed, givingBack, failed);
    }
    code.exceptionCatch(start, caught, caught, FAILURE);
  }

  @Test
  void suspendingWhereAFailureUnderAMonitorIsCaughtIsWoven() throws Exception {
    Woven woven = routineWithMonitor(true);

    assertEquals(List.of(), texts(woven.result.problems().errors()));
    woven.loadAll();
    assertEquals(new Run("", 1), Woven.run(woven.routine("p.T"), new StringBuilder()));
  }

  @Test
  void suspendingUnderAMonitorThatAFailureHasLeftHeldIsRefused() {
    Woven woven = routineWithMonitor(false);

    assertEquals(
        List.of("p.T.run(Unknown Source): suspends while a monitor is held; use a lock for fibers"),
        texts(woven.result.problems().errors()));
  }

  @Test
  void lambdaIsMeantToBlockIfItsMethodIsHoweverItIsCalled(@TempDir Path folder) throws Exception {
    String source =
        """
        package p;
        import dev.weft.routine.*; import dev.weft.routine.codegen.*;
        class T {
          interface Task { @Suspends void run() throws Exception; }
          @Blocks Task meant() {
            return () -> {
              Task inner = () -> { Routine.suspend(); Thread.sleep(1); };
              inner.run();
            };
          }
          Task notMeant() { return () -> { Routine.suspend(); Thread.sleep(1); }; }
        }
        """;
    SortedMap<String, byte[]> classes = // named lambda$0, lambda$1 and so on
        Compiler.compileByEclipse(folder, Map.of("p.T", source), "--release", "25");

    Woven woven = Woven.of(classes);

    assertEquals(List.of(), texts(woven.result.problems().errors()));
    assertEquals(
        List.of(11),
        woven.result.problems().warnings().stream()
            .map(Problem::toString)
            .map(text -> Integer.valueOf(text.replaceAll(".*T.java:(\\d+).*", "$1")))
            .toList());
  }

  @Test
  void useOfKotlinIsWarnedOfIfClosingMaySuspend() {
    String library =
        """
        package kotlin.jdk7;
        public class AutoCloseableKt {
          public static void closeFinally(AutoCloseable c, Throwable t) throws Exception { c.close(); }
        }
        """;
    String user = // what the inline function becomes where it is called
        """
        package p;
        import dev.weft.routine.Routine;
        class T {
          static class Quiet implements AutoCloseable { public void close() {} }
          static class Slow implements AutoCloseable { public void close() { Routine.suspend(); } }
          void m() throws Exception {
            AutoCloseable quiet = (AutoCloseable) (Object) new Quiet();
            kotlin.jdk7.AutoCloseableKt.closeFinally(quiet, null);
            AutoCloseable slow = (AutoCloseable) (Object) new Slow();
            kotlin.jdk7.AutoCloseableKt.closeFinally(slow, null);
          }
        }
        """;

    Woven woven = Woven.of(Map.of("kotlin.jdk7.AutoCloseableKt", library, "p.T", user));

    assertEquals(List.of(), texts(woven.result.problems().errors()));
    assertEquals(
        List.of(
            "p.T.m(T.java:9): Kotlin's use calls p.T$Slow.close by way of its library, which is not"
                + " woven: called from there it can't suspend; close it in a finally"),
        texts(woven.result.problems().warnings()).stream()
            .filter(text -> text.contains("Kotlin"))
            .toList());
  }
}
