// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.benchmarks;

import dev.weft.Coroutine;
import dev.weft.Fiber;
import java.util.concurrent.TimeUnit;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One task that suspends in a counted loop, resumed by its scheduler each time: zigcoro's {@code
 * context_switch}. A resume with the suspension that ends it is two switches, and the score is the
 * time of one: elapsed / resumes / 2. Every task counts, and the count is checked, so that no loop
 * can be optimised away.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED",
      "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED"
    })
public class ContextSwitch {
  private static final int RESUMES = 100_000;
  private static final int SWITCHES_PER_RESUME = 2;
  private static final ContinuationScope SCOPE = new ContinuationScope("benchmark");

  private int count;

  private void check() {
    if (count != RESUMES) {
      throw new AssertionError(count + " of " + RESUMES);
    }
    count = 0;
  }

  /** A fiber that yields to its reactor. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void fiber(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          for (int i = 0; i < RESUMES; i++) {
            count++;
            Fiber.yield();
          }
        });
    check();
  }

  /** A coroutine without values. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void coroutine() {
    Coroutine<Object, Object, Object> coroutine =
        Coroutine.of(
            out -> {
              for (int i = 0; i < RESUMES; i++) {
                count++;
                out.yield(out);
              }
              return out;
            });
    coroutine.start();
    while (coroutine.state() != Coroutine.State.DONE) {
      coroutine.resume(this);
    }
    check();
  }

  /** What virtual threads are made of, without a scheduler. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void continuation() {
    Continuation continuation =
        new Continuation(
            SCOPE,
            () -> {
              for (int i = 0; i < RESUMES; i++) {
                count++;
                Continuation.yield(SCOPE);
              }
            });
    while (!continuation.isDone()) {
      continuation.run();
    }
    check();
  }

  /** A virtual thread on the JDK's own scheduler. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  @SuppressWarnings("ThreadPriorityCheck") // what is measured
  public void virtualThread() throws InterruptedException {
    Thread.ofVirtual()
        .start(
            () -> {
              for (int i = 0; i < RESUMES; i++) {
                count++;
                Thread.yield();
              }
            })
        .join();
    check();
  }

  /** The floor: a call and its return. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void call() {
    for (int i = 0; i < RESUMES; i++) {
      step();
    }
    check();
  }

  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  private void step() {
    count++;
  }
}
