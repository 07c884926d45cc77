// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Woven routines, resumed until each suspends again; the build has woven this class. A resume with
 * the suspension that ends it is two switches, and the score is the time of one. The trampoline
 * must not be inlined into the measuring loop, with which C2 would merge it.
 */
@Fork(
    value = 3,
    jvmArgsAppend = {
      "-Xmx1g",
      "-XX:+UseParallelGC",
      "-XX:CompileCommand=quiet",
      "-XX:CompileCommand=dontinline,dev.weft.routine.Routine::go",
      "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED"
    })
public class Woven extends NanosPerOperation {
  private static final int RESUMES = 100_000;
  private static final int SWITCHES_PER_RESUME = 2;
  private static final int CALLS = 10_000;

  /** Calls itself, and suspends in a loop at the end: the depth is that of the calls. */
  private static final class Deep extends Routine {
    private final int depth;
    long count;

    Deep(int depth) {
      this.depth = depth;
    }

    @Override
    protected void run() {
      if (depth == 1) {
        while (true) {
          count++;
          suspend();
        }
      }
      down(depth - 3);
    }

    private void down(int more) {
      if (more > 0) {
        down(more - 1);
      } else {
        loop();
      }
      count = 0; // or the outer frames would end in tail calls, and not exist
    }

    private void loop() {
      while (true) {
        count++;
        suspend();
      }
    }
  }

  /** One routine that suspends at some depth. */
  @State(Scope.Thread)
  public static class Bounce {
    /** The depth of the loop that suspends. */
    @Param({"1", "3", "10"})
    public int depth;

    private Deep routine = new Deep(1);

    /** A new routine. */
    @Setup
    public void make() {
      routine = new Deep(depth);
    }
  }

  /** Resumes one routine repeatedly. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public long bounce(Bounce state) throws Exception {
    Deep routine = state.routine;
    Context context = new Context();
    for (int i = 0; i < RESUMES; i++) {
      routine.go(context);
    }
    return routine.count;
  }

  private abstract static class Counting extends Routine {
    int count;
  }

  private static final class A extends Counting {
    @Override
    protected void run() {
      while (true) {
        count++;
        suspend();
      }
    }
  }

  private static final class B extends Counting {
    @Override
    protected void run() {
      while (true) {
        count += 2;
        suspend();
      }
    }
  }

  private static final class C extends Counting {
    @Override
    protected void run() {
      for (int i = 0; ; i++) {
        count = i;
        suspend();
      }
    }
  }

  private static final class D extends Counting {
    @Override
    protected void run() {
      for (int i = 1; ; i += 3) {
        count ^= i;
        suspend();
      }
    }
  }

  private static final class E extends Counting {
    @Override
    protected void run() {
      while (true) {
        count--;
        suspend();
      }
    }
  }

  private static final class F extends Counting {
    @Override
    protected void run() {
      while (true) {
        count = -count;
        suspend();
      }
    }
  }

  private static Routine of(int kind) {
    return switch (kind) {
      case 0 -> new A();
      case 1 -> new B();
      case 2 -> new C();
      case 3 -> new D();
      case 4 -> new E();
      default -> new F();
    };
  }

  /** A queue of routines: a routine that has run goes to the end. */
  @State(Scope.Thread)
  public static class Ring {
    private Routine[] queue = {};
    private int head;

    private void fill(int count, int kinds, boolean shuffled) {
      queue = new Routine[count];
      for (int i = 0; i < count; i++) {
        queue[i] = of(i % kinds);
      }
      if (shuffled) {
        Collections.shuffle(Arrays.asList(queue), new Random(1));
      }
    }

    private void resume(int times) throws Exception {
      Context context = new Context();
      for (int i = 0; i < times; i++) {
        Routine next = queue[head];
        if (!next.go(context)) {
          throw new AssertionError("ended");
        }
        queue[head] = next; // the tail of a full ring is where its head was
        head = head + 1 == queue.length ? 0 : head + 1;
      }
    }
  }

  /** A short queue, which fits the caches. */
  @State(Scope.Thread)
  public static class FewTurns extends Ring {
    /** How many classes take turns. */
    @Param({"1", "6"})
    public int kinds;

    /** A full queue. */
    @Setup
    public void make() {
      super.fill(1_000, kinds, false);
    }
  }

  /** Takes turns among a thousand. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void ring(FewTurns state) throws Exception {
    ((Ring) state).resume(RESUMES);
  }

  /** A long queue, which does not fit the caches. */
  @State(Scope.Thread)
  public static class ManyTurns extends Ring {
    /** The number of routines. */
    @Param({"100000", "1000000"})
    public int count;

    /** Whether they run in an order other than that in memory. */
    @Param({"false", "true"})
    public boolean shuffled;

    /** A full queue. */
    @Setup
    public void make() {
      super.fill(count, 1, shuffled);
    }
  }

  /** Takes turns among many. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void turns(ManyTurns state) throws Exception {
    ((Ring) state).resume(RESUMES);
  }

  /** A routine that reads often and rarely waits. */
  private abstract static class Reader extends Routine {
    int left;
    long sum;

    /** Waits if no input is left, which never happens here. */
    final int read(int i) {
      if (left < 0) {
        suspend();
      }
      return take(i);
    }

    /** As {@link #read}, but can't wait. */
    final int readNow(int i) {
      if (left < 0) {
        throw new IllegalStateException();
      }
      return take(i);
    }

    private int take(int i) {
      left = (left + 1) & 0xffff;
      return left ^ i;
    }
  }

  /** Calls what may suspend. */
  private static final class Suspending extends Reader {
    @Override
    protected void run() {
      while (true) {
        readAll();
        suspend();
      }
    }

    private void readAll() {
      for (int i = 0; i < CALLS; i++) {
        sum += read(i);
      }
    }
  }

  /** Calls what may suspend in the loop that it is resumed into. */
  private static final class Resumed extends Reader {
    @Override
    protected void run() {
      while (true) {
        for (int i = 0; i < CALLS; i++) {
          sum += read(i);
        }
        suspend();
      }
    }
  }

  /** Calls what can't suspend. */
  private static final class Plain extends Reader {
    @Override
    protected void run() {
      while (true) {
        readAll();
        suspend();
      }
    }

    private void readAll() {
      for (int i = 0; i < CALLS; i++) {
        sum += readNow(i);
      }
    }
  }

  /** Calls what may suspend, and may be overridden in a class that is not woven. */
  public static class Open extends Routine {
    private int left;
    private long sum;

    /** Made by the benchmark, and by who extends it. */
    protected Open() {}

    @Override
    protected final void run() {
      while (true) {
        readAll();
        suspend();
      }
    }

    private void readAll() {
      for (int i = 0; i < CALLS; i++) {
        sum += read(i);
      }
    }

    /**
     * Waits if there is nothing left, which there always is.
     *
     * @param i anything
     * @return something of it
     */
    protected int read(int i) {
      if (left < 0) {
        suspend();
      }
      left = (left + 1) & 0xffff;
      return left ^ i;
    }
  }

  private static final class Inheriting extends Open {}

  /** What can be read from, in one way or another. */
  private interface Source {
    int read(int i);
  }

  /** Waits if no input is left, which never happens here. */
  private static final class Counter implements Source {
    private int left;

    @Override
    public int read(int i) {
      if (left < 0) {
        Routine.suspend();
      }
      left = (left + 1) & 0xffff;
      return left ^ i;
    }
  }

  /** Calls what may suspend, and what may be a proxy, which the caller has to look for. */
  private static final class Using extends Routine {
    private final Source source = new Counter();
    private long sum;

    @Override
    protected void run() {
      while (true) {
        readAll();
        suspend();
      }
    }

    private void readAll() {
      for (int i = 0; i < CALLS; i++) {
        sum += source.read(i);
      }
    }
  }

  private final Open open = new Open();
  private final Open inheriting = new Inheriting();
  private final Using using = new Using();
  private final Reader suspending = new Suspending();
  private final Reader resumed = new Resumed();
  private final Reader plain = new Plain();
  private final Context context = new Context();

  /** Checks that the class is woven, without which all of this would measure something else. */
  @Setup(Level.Trial)
  public void check() {
    boolean isWoven =
        Arrays.stream(A.class.getDeclaredMethods())
            .anyMatch(method -> method.getName().equals("resume"));
    if (!isWoven) {
      throw new IllegalStateException("these classes are not woven");
    }
  }

  /** A call of a method that may suspend, and does not. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long callThatMaySuspend() throws Exception {
    suspending.go(context);
    return suspending.sum;
  }

  /** The same of one that other builds may override, which its twin has to look for. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long callThatMayBeOverridden() throws Exception {
    open.go(context);
    return open.sum;
  }

  /** The same, inherited: the class of the receiver has to be looked up. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long callThatIsInherited() throws Exception {
    inheriting.go(context);
    return inheriting.sum;
  }

  /** The same of an interface's method. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long callOfAnInterface() throws Exception {
    using.go(context);
    return using.sum;
  }

  /** The same in a loop that a suspension leads back into. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long callInResumedLoop() throws Exception {
    resumed.go(context);
    return resumed.sum;
  }

  /** The same call of a method that can't suspend. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long callThatCannot() throws Exception {
    plain.go(context);
    return plain.sum;
  }
}
