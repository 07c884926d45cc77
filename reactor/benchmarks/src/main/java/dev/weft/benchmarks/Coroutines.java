// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Coroutine;
import dev.weft.Coroutine.Out;
import dev.weft.Coroutine.State;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Many coroutines that yield indefinitely, resumed one after the other: zigcoro's {@code ncoros}.
 * They are made and started before the clock runs; the score is the time of one switch, half of a
 * resume. Unlike zigcoro's, each counts, and all counts are checked; they can be resumed in an
 * order other than that of their memory, have one or six bodies, and run woven or on stacks.
 */
@Fork(
    value = 3,
    jvmArgsAppend = {
      "-Xmx4g",
      "-XX:+UseParallelGC",
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED",
      "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED"
    })
public class Coroutines extends NanosPerOperation {
  private static final int RESUMES = 1_000_000;
  private static final int SWITCHES_PER_RESUME = 2;

  /** The order in which the coroutines are resumed, compared with that in which they were made. */
  public enum Order {
    /** The same order. */
    INDEX,
    /** A random order, the same in each round. */
    SHUFFLED
  }

  /** The number of coroutines. A divisor of the resumes of one invocation. */
  @Param({"1000", "100000", "1000000"})
  private int coroutines;

  /** See {@link Order}. */
  @Param({"INDEX", "SHUFFLED"})
  private Order order = Order.INDEX;

  /** The number of classes of their bodies. */
  @Param({"1", "6"})
  private int bodies;

  private List<Coroutine<Object, Boolean, Integer>> all = List.of();
  private int rounds;

  /** Makes them and lets each run to its first yield. */
  @Setup(Level.Trial)
  public void start(CoroutineForm form) {
    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    Coroutine<Object, Boolean, Integer>[] made = new Coroutine[coroutines];
    for (int i = 0; i < made.length; i++) {
      made[i] = make(i % bodies);
    }
    for (Coroutine<Object, Boolean, Integer> coroutine : made) {
      coroutine.start();
    }
    all = Arrays.asList(made);
    if (order == Order.SHUFFLED) {
      Collections.shuffle(all, new Random(1));
    }
    rounds = 0;
  }

  private static Coroutine<Object, Boolean, Integer> make(int body) {
    return switch (body) {
      case 0 -> Coroutine.of(out -> countUp(out));
      case 1 -> Coroutine.of(out -> -countDown(out));
      case 2 -> Coroutine.of(out -> countInTwos(out) / 2);
      case 3 -> Coroutine.of(out -> countForEver(out));
      case 4 -> Coroutine.of(out -> (int) countLong(out));
      case 5 -> Coroutine.of(out -> countInArray(out, new int[1]));
      default -> throw new IllegalArgumentException("bodies: " + body);
    };
  }

  private static int countUp(Out<Object, Boolean> out) {
    int count = 0;
    while (out.yield(out)) {
      count++;
    }
    return count;
  }

  private static int countDown(Out<Object, Boolean> out) {
    int count = 0;
    while (out.yield(out)) {
      count--;
    }
    return count;
  }

  private static int countInTwos(Out<Object, Boolean> out) {
    int count = 0;
    while (out.yield(out)) {
      count += 2;
    }
    return count;
  }

  private static int countForEver(Out<Object, Boolean> out) {
    for (int count = 0; ; count++) {
      if (!out.yield(out)) {
        return count;
      }
    }
  }

  private static long countLong(Out<Object, Boolean> out) {
    long count = 0;
    boolean more = out.yield(out);
    while (more) {
      count++;
      more = out.yield(out);
    }
    return count;
  }

  private static int countInArray(Out<Object, Boolean> out, int[] count) {
    while (out.yield(out)) {
      count[0]++;
    }
    return count[0];
  }

  /** Rounds in which each is resumed once. */
  @Benchmark
  @OperationsPerInvocation(RESUMES * SWITCHES_PER_RESUME)
  public void ncoros() {
    for (int left = RESUMES; left > 0; left -= coroutines) {
      for (int i = 0; i < coroutines; i++) {
        all.get(i).resume(true);
      }
      rounds++;
    }
  }

  /** Lets each return what it has counted. */
  @TearDown(Level.Trial)
  public void check() {
    for (Coroutine<Object, Boolean, Integer> coroutine : all) {
      int counted = coroutine.finish(false);
      if (counted != rounds || coroutine.state() != State.DONE) {
        throw new AssertionError(counted + " of " + rounds);
      }
    }
  }
}
