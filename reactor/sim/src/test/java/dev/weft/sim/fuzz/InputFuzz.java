// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.fuzz;

import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import dev.weft.sim.SimulationFailure;
import java.util.Arrays;
import java.util.Random;

/**
 * Random inputs for a parser, each generated from a seed, and received in the simulator in pieces.
 * What the parser makes of it is compared with what a parser makes of the whole array.
 */
abstract class InputFuzz {
  private static final String INPUTS = "dev.weft.fuzz.inputs";
  private static final String SEED = "dev.weft.fuzz.seed";
  private static final int INPUTS_OF_A_BUILD = 300;
  private static final long SEED_OF_A_BUILD = 1;

  /** A simulated machine costs more than an input, so several share one. */
  private static final int INPUTS_OF_A_RUN = 50;

  private final String name;

  /** A fuzzer with {@code name} in {@code scripts/fuzz}. */
  InputFuzz(String name) {
    this.name = name;
  }

  /** Generates an input and checks it, in a fiber of a simulation. */
  abstract void tryOne(Random random) throws Exception;

  /** Runs the requested number of inputs; fails with the seed of the first that fails. */
  final void fuzz() {
    int inputs = Integer.getInteger(INPUTS, INPUTS_OF_A_BUILD);
    long first = Long.getLong(SEED, SEED_OF_A_BUILD);
    for (long from = first; from < first + inputs; from += INPUTS_OF_A_RUN) {
      run(from, Math.min(from + INPUTS_OF_A_RUN, first + inputs));
    }
  }

  private void run(long from, long end) {
    try {
      Simulation.seed(from)
          .withFaults(Faults.ordinary().withDelayMax(java.time.Duration.ofNanos(1000)))
          .withTurnsMax(10_000_000)
          .run(
              () -> {
                for (long seed = from; seed < end; seed++) {
                  tryOne(seed);
                }
              });
    } catch (SimulationFailure e) {
      String what = e.getCause() instanceof AssertionError ? "" : " from " + from + " on";
      throw new AssertionError("scripts/fuzz " + name + ": fails" + what, e);
    }
  }

  private void tryOne(long seed) {
    try {
      tryOne(new Random(seed));
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "seed %d fails: scripts/fuzz %s --inputs 1 --seed %d".formatted(seed, name, seed), e);
    }
  }

  // ---- for generating inputs

  /** Changes a few bytes of every other input: drops, doubles, replaces and inserts some. */
  static byte[] mutate(byte[] input, Random random) {
    byte[] mutated = input;
    for (int i = random.nextInt(2) * random.nextInt(4); i > 0 && mutated.length > 0; i--) {
      int at = random.nextInt(mutated.length);
      int end = Math.min(mutated.length, at + 1 + random.nextInt(random.nextBoolean() ? 2 : 20));
      byte[] middle =
          switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> concat(part(mutated, at, end), part(mutated, at, end));
            case 2 -> noise(random, end - at);
            default -> concat(noise(random, 1 + random.nextInt(4)), part(mutated, at, end));
          };
      int rest = random.nextInt(6) == 0 ? mutated.length : end;
      mutated = concat(concat(part(mutated, 0, at), middle), part(mutated, rest, mutated.length));
    }
    return mutated;
  }

  static byte[] noise(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    if (random.nextInt(3) == 0) {
      Arrays.fill(bytes, (byte) (random.nextBoolean() ? 0 : -1));
    }
    return bytes;
  }

  static byte[] part(byte[] bytes, int from, int end) {
    return Arrays.copyOfRange(bytes, from, end);
  }

  static byte[] concat(byte[] left, byte[] right) {
    byte[] both = Arrays.copyOf(left, left.length + right.length);
    System.arraycopy(right, 0, both, left.length, right.length);
    return both;
  }
}
