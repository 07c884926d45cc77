// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.micro.fuzz.ServiceFuzz;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroThread;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** For random commands, the answers are valid answers of Redis. */
class RedisFuzzTest extends ServiceFuzz {
  private static final Pattern LINE =
      Pattern.compile("(\\+[^\r\n]*|-[A-Z]+ [^\r\n]*|:-?\\d+|\\$-1|[$*]\\d+)\r\n");

  private @Nullable Store store;

  RedisFuzzTest() {
    super("redis");
  }

  @Test
  void everyInputIsAnsweredInTheProtocol() throws Exception {
    fuzz();
  }

  @AfterEach
  void close() throws SQLException {
    if (store != null) {
      store.close();
    }
  }

  @Override
  protected byte[] input(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(20); i > 0; i--) {
      List<String> words = words(random);
      if (random.nextInt(4) == 0) {
        text.append(String.join(" ", words)).append(pick(random, "\r\n", "\n"));
      } else {
        text.append('*').append(words.size()).append("\r\n");
        words.forEach(
            word -> text.append('$').append(word.length()).append("\r\n" + word + "\r\n"));
      }
    }
    return mutate(bytes(text.toString()), random);
  }

  private static List<String> words(Random random) {
    String command =
        pick(
            random,
            "GET",
            "set",
            "SET",
            "MSET",
            "DEL",
            "EXISTS",
            "INCR",
            "DECR",
            "INCRBY",
            "DBSIZE",
            "FLUSHALL",
            "PING",
            "ECHO",
            "SELECT",
            "COMMAND",
            "CONFIG",
            "INFO",
            "GET",
            "SET",
            "INCR",
            random.nextInt(4) == 0
                ? pick(random, "QUIT", "SHUTDOWN", "POST", "Host:", "BAD")
                : "PING");
    List<String> words = new ArrayList<>(List.of(command));
    int arguments = random.nextInt(4);
    for (int i = 0; i < arguments; i++) {
      words.add(
          switch (random.nextInt(8)) {
            case 0 -> noise(random, 20);
            case 1 -> noise(random, 9000);
            case 2 -> pick(random, "9223372036854775807", "-9223372036854775808", "+1", "01", "-0");
            case 3 -> Integer.toString(random.nextInt(2000) - 1000);
            case 4 -> pick(random, "NX", "XX", "EX", "get", "save", "\"a b\"", "'", "\"\\x00\"");
            default -> pick(random, "a", "b", "c");
          });
    }
    return words;
  }

  @Override
  protected MicroThread service() throws SQLException {
    close(); // the store of the run before
    Store opened = Store.open(":memory:");
    store = opened;
    return new RedisConnection(opened, false, () -> {});
  }

  @Override
  protected MicroOptions options() {
    return MicroOptions.ofPages(RedisConnection.PAGES);
  }

  @Override
  protected List<String> check(String input, String text) {
    List<String> replies = new ArrayList<>();
    Matcher line = LINE.matcher(text);
    for (int at = 0; at < text.length(); ) {
      assertTrue(line.find(at) && line.start() == at, "no answer begins at byte " + at);
      int end = line.end();
      String first = line.group(1);
      if (first.startsWith("$") && !first.equals("$-1")) {
        end += Integer.parseInt(first.substring(1)) + 2;
        assertTrue(end <= text.length(), "the answer at byte " + at + " is cut off");
        assertTrue(text.startsWith("\r\n", end - 2), "the answer at byte " + at + " has no end");
      }
      replies.add(text.substring(at, end));
      at = end;
    }
    return replies;
  }
}
