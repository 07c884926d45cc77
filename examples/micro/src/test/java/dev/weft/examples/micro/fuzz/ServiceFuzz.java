// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.fuzz;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.weft.examples.micro.fuzz.Exchange.Outcome;
import dev.weft.examples.micro.fuzz.Exchange.Way;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroThread;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Random inputs for a service. Each is generated from a seed, and sent to the service as a whole
 * and in pieces, woven and stackful, in the local executor and on a reactor. For every input the
 * service ends, prints nothing on standard error, and gives the same valid answer each time.
 */
public abstract class ServiceFuzz {
  private static final String INPUTS = "dev.weft.fuzz.inputs";
  private static final String SEED = "dev.weft.fuzz.seed";
  private static final int INPUTS_OF_A_BUILD = 60;
  private static final long SEED_OF_A_BUILD = 1;

  /** Much more than an input takes; a longer run is considered endless. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final int EXCERPT_BYTES = 2000;

  private final String name;

  /** A fuzzer of the service with {@code name} in {@code scripts/fuzz}. */
  protected ServiceFuzz(String name) {
    this.name = name;
  }

  /** Makes an input. */
  protected abstract byte[] input(Random random);

  /** A new service. */
  protected abstract MicroThread service() throws Exception;

  /** The memory of a service. */
  protected abstract MicroOptions options();

  /**
   * Checks the answer to {@code input}; both have a character for each byte.
   *
   * @return the meaning of the answer, which is independent of how the input arrives
   * @throws AssertionError if the answer violates the protocol
   */
  protected abstract List<String> check(String input, String answer);

  /** Whether two meanings of answers to the same input are the same. */
  protected boolean agree(List<String> one, List<String> other) {
    return one.equals(other);
  }

  /** Runs the requested number of inputs; fails with the seed of the first that fails. */
  protected final void fuzz() throws Exception {
    int inputs = Integer.getInteger(INPUTS, INPUTS_OF_A_BUILD);
    long first = Long.getLong(SEED, SEED_OF_A_BUILD);
    for (int i = 0; i < inputs; i++) {
      long seed = first + i;
      Random random = new Random(seed);
      byte[] input = input(random);
      try {
        assertTimeoutPreemptively(LIMIT, () -> tryAllWays(input, random));
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "seed %d fails: scripts/fuzz %s --inputs 1 --seed %d%n%s"
                .formatted(seed, name, seed, excerpt(Exchange.latin(input))),
            e);
      }
    }
  }

  private void tryAllWays(byte[] input, Random random) throws Exception {
    List<String> expected = run(Way.LOCAL_WOVEN, input, List.of(input));
    for (Way way : Way.values()) {
      List<byte[]> pieces = cut(input, random);
      List<String> answered = run(way, input, pieces);
      if (!agree(expected, answered)) {
        throw new AssertionError(
            "%s in %d pieces answers %s instead of %s"
                .formatted(way, pieces.size(), answered, expected));
      }
    }
  }

  private List<String> run(Way way, byte[] input, List<byte[]> pieces) throws Exception {
    Outcome outcome = Exchange.run(way, service(), options(), pieces);
    if (!outcome.log().isEmpty()) {
      throw new AssertionError(way + " says " + outcome.log());
    }
    try {
      return check(Exchange.latin(input), outcome.output());
    } catch (AssertionError e) {
      throw new AssertionError(way + " answers " + excerpt(outcome.output()), e);
    }
  }

  private static List<byte[]> cut(byte[] input, Random random) {
    List<byte[]> pieces = new ArrayList<>();
    int longest = 1 + random.nextInt(random.nextBoolean() ? 8 : 4096);
    for (int at = 0; at < input.length; ) {
      int end = Math.min(input.length, at + 1 + random.nextInt(longest));
      pieces.add(Arrays.copyOfRange(input, at, end));
      at = end;
    }
    return pieces;
  }

  private static String excerpt(String latin) {
    int length = Math.min(latin.length(), EXCERPT_BYTES);
    StringBuilder text = new StringBuilder(latin.length() + " bytes: ");
    for (char c : latin.substring(0, length).toCharArray()) {
      switch (c) {
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        default ->
            text.append(c >= ' ' && c < 0x7f ? String.valueOf(c) : "\\x%02x".formatted((int) c));
      }
    }
    return text.append(length < latin.length() ? " ..." : "").toString();
  }

  // ---- for generating inputs

  /** The bytes of a text that has a character for each. */
  protected static byte[] bytes(String latin) {
    return latin.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** One of {@code choices}. */
  protected static String pick(Random random, String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** Any bytes, up to {@code most} of them. */
  protected static String noise(Random random, int most) {
    byte[] noise = new byte[random.nextInt(most + 1)];
    random.nextBytes(noise);
    return Exchange.latin(noise);
  }

  /** Changes a few bytes of every other input: drops, doubles, replaces and inserts some. */
  protected static byte[] mutate(byte[] input, Random random) {
    byte[] mutated = input;
    for (int i = random.nextInt(2) * random.nextInt(4); i > 0 && mutated.length > 0; i--) {
      int at = random.nextInt(mutated.length);
      int end = Math.min(mutated.length, at + 1 + random.nextInt(random.nextBoolean() ? 2 : 40));
      ByteArrayOutputStream next = new ByteArrayOutputStream();
      next.write(mutated, 0, at);
      switch (random.nextInt(5)) {
        case 0 -> {}
        case 1 -> next.write(mutated, at, 2 * (end - at) <= mutated.length - at ? end - at : 1);
        case 2 -> next.writeBytes(bytes(noise(random, end - at)));
        case 3 -> next.writeBytes(bytes(pick(random, "\r", "\n", "\r\n", " ", "0", "-1", ":")));
        default -> end = mutated.length;
      }
      int from = random.nextInt(3) == 0 ? at : end;
      next.write(mutated, from, mutated.length - from);
      mutated = next.toByteArray();
    }
    return mutated;
  }
}
