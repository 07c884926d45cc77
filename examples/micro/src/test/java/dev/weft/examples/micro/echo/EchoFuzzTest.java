// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.examples.micro.fuzz.ServiceFuzz;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroThread;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** All lines are numbered, up to the first that is too long. */
class EchoFuzzTest extends ServiceFuzz {
  private static final int MAX = NumberedEcho.LINE_BYTES_MAX;

  EchoFuzzTest() {
    super("echo");
  }

  @Test
  void everyInputIsNumbered() throws Exception {
    fuzz();
  }

  @Override
  protected byte[] input(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(40); i > 0; i--) {
      text.append(noise(random, 80));
      if (random.nextInt(60) == 0) {
        text.append("x".repeat(MAX - 82 + random.nextInt(100)));
      }
      text.append(random.nextInt(20) == 0 ? "" : "\n");
    }
    return bytes(text.toString());
  }

  @Override
  protected MicroThread service() {
    return new NumberedEcho();
  }

  @Override
  protected MicroOptions options() {
    return MicroOptions.ofPages(NumberedEcho.PAGES);
  }

  @Override
  protected List<String> check(String text, String answer) {
    StringBuilder expected = new StringBuilder();
    long number = 0;
    for (int at = 0; at < text.length(); number++) {
      int newline = text.indexOf('\n', at);
      int end = newline < 0 ? text.length() : newline + 1;
      if (end - at > MAX || (end - at == MAX && newline < 0)) {
        expected.append("Error: a line is longer than " + MAX + " bytes\n");
        break;
      }
      expected.append("Line ").append(number).append(": ").append(text, at, end);
      at = end;
    }
    assertEquals(expected.toString(), answer);
    return List.of();
  }
}
