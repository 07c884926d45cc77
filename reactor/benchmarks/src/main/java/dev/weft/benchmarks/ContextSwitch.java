// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Coroutine;
import dev.weft.Fiber;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/**
 * One task that suspends in a counted loop, resumed by its scheduler each time: zigcoro's {@code
 * context_switch}. A resume with the suspension that ends it is two switches, and the score is the
 * time of one: elapsed / resumes / 2. Every task counts, and the count is checked, so that no loop
 * can be optimised away.
 */
public class ContextSwitch extends NanosPerOperation {
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

  /** A coroutine that is passed a value by each resume and passes one back, by a thread. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void coroutine(CoroutineForm form) {
    resumeToTheEnd();
  }

  /** The same, by a fiber. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void coroutineInFiber(CoroutineForm form, ReactorState reactor) throws Exception {
    reactor.run(this::resumeToTheEnd);
  }

  private void resumeToTheEnd() {
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

  /** The JDK's internal continuations, without a scheduler. */
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

  /** The lower bound: a call and its return. */
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
