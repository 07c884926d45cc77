// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.micro.ExecutionMode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands and their answers, the same in each mode of execution. */
class RedisFilterTest {
  private static String answer(ExecutionMode mode, String input) throws Exception {
    try (Store store = Store.open(":memory:")) {
      return mode.run(new RedisConnection(store, false, () -> {}), input).output();
    }
  }

  private static String answer(String input) throws Exception {
    return answer(ExecutionMode.LOCAL_WOVEN, input);
  }

  @ParameterizedTest
  @EnumSource
  void commandsAreAnsweredInTheirOrder(ExecutionMode mode) throws Exception {
    String input =
        """
        *1
        $4
        PING
        *3
        $3
        SET
        $3
        foo
        $3
        bar
        *2
        $3
        GET
        $3
        foo
        *2
        $3
        GET
        $3
        baz
        *1
        $3
        BAD
        *1
        $4
        QUIT
        """;

    assertEquals(
        List.of("+PONG", "+OK", "$3", "bar", "$-1", "-ERR unknown command", "+OK"),
        answer(mode, input).lines().toList());
  }

  @ParameterizedTest
  @EnumSource
  void theClientTranslatesLinesAndAnswers(ExecutionMode mode) throws Exception {
    String words = "PING\nSET foo bar\nGET foo\nGET baz\nBAD\nSHUTDOWN\n";

    String commands = mode.run(new Encoder(), words).output();
    String answers = answer(mode, commands);
    String lines = mode.run(new Decoder(), answers).output();

    assertEquals("PONG\nOK\nbar\n(nil)\nERR unknown command\n", lines);
  }

  @Test
  void theClientReadsEveryKindOfAnswer() throws Exception {
    Decoder decoder = new Decoder();
    String answers = "*3\r\n:12\r\n$0\r\n\r\n$-1\r\n*-1\r\n+a b\r\n";

    assertEquals(
        "12\n\n(nil)\n(nil)\na b\n", ExecutionMode.LOCAL_WOVEN.run(decoder, answers).output());
    assertNull(decoder.complaint());
  }

  @ParameterizedTest
  @CsvSource({
    "$5~ab, an answer is cut off",
    "$5~abcde, an answer is cut off",
    "$2~abcd~, an answer is longer than its length",
    "$x~, the length of an answer is no number",
    "$02~ab~, the length of an answer is no number",
    "*x~, the length of an answer is no number",
    "*2~:1~, an answer is cut off",
    "+OK, an answer is cut off",
    "hello~, an answer begins with none of + - : $ *"
  })
  void theClientReportsInvalidAnswers(String answers, String complaint) throws Exception {
    Decoder decoder = new Decoder();
    ExecutionMode.LOCAL_WOVEN.run(decoder, answers.replace("~", "\r\n"));

    assertEquals(complaint, decoder.complaint());
  }

  /** As parsed by Redis's string2ll; the first three are from its tests. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*-10~*1~$4~PING~|+PONG~",
        "*-9223372036854775808~PING~|+PONG~",
        "*0~PING~|+PONG~",
        "*-9223372036854775809~PING~|-ERR Protocol error: invalid multibulk length~",
        "*-0~PING~|-ERR Protocol error: invalid multibulk length~",
        "*01~$4~PING~|-ERR Protocol error: invalid multibulk length~",
        "*+1~$4~PING~|-ERR Protocol error: invalid multibulk length~",
        "*1~$04~PING~|-ERR Protocol error: invalid bulk length~",
        "*1~$-1~PING~|-ERR Protocol error: invalid bulk length~",
        "SET a 05~INCR a~GET a~|+OK~-ERR value is not an integer or out of range~$2~05~",
        "SET a -0~INCR a~|+OK~-ERR value is not an integer or out of range~",
        "SET a +1~DECR a~|+OK~-ERR value is not an integer or out of range~",
        "INCRBY a 07~|-ERR value is not an integer or out of range~",
        "INCRBY a -7~|:-7~",
        "SELECT 00~|-ERR value is not an integer or out of range~",
        "SELECT 0~|+OK~",
        "SELECT 1~|-ERR DB index is out of range~",
      })
  void numbersAreReadAsByRedis(String commands, String answers) throws Exception {
    assertEquals(answers.replace("~", "\r\n"), answer(commands.replace("~", "\r\n")));
  }

  /** Counts answers. */
  private static final class Counter extends Decoder {
    int answers;

    @Override
    void answered() {
      answers++;
    }
  }

  @Test
  void theClientFindsTheEndOfAnAnswer() throws Exception {
    Counter counter = new Counter();
    String answers = "+a~*3~:1~*2~$1~b~*0~:2~*0~*-1~-c~".replace("~", "\r\n");

    assertEquals(
        "a\n1\nb\n(empty array)\n2\n(empty array)\n(nil)\nc\n",
        ExecutionMode.LOCAL_WOVEN.run(counter, answers).output());
    assertEquals(5, counter.answers);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "set a b|3 set a b",
        "set 'a  b' \"c d\"|3 set a  b c d",
        "echo \"\"|2 echo ",
        "echo \"a\\\"b\\\\\\x41\\t\\q\"|2 echo a\"b\\A\tq",
        "echo 'a\\'b\\n'|2 echo a'b\\n",
        "echo a\"b c\"|2 echo ab c",
        "echo \"\\x4\"|2 echo x4"
      })
  void argumentsAreQuotedAsInRedisCli(String line, String expected) throws Exception {
    String commands = ExecutionMode.LOCAL_WOVEN.run(new Encoder(), line + "\n").output();

    String words = commands.replaceAll("\\$[0-9]+\r\n", " ").replace("\r\n", "");
    assertEquals("*" + expected, words.strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo \"a", "echo 'a", "echo 'a\\'", "echo \"a\"b", "echo \"a\\"})
  void unclosedQuotesEndTheInput(String line) throws Exception {
    Encoder encoder = new Encoder();

    String commands = ExecutionMode.LOCAL_WOVEN.run(encoder, "PING\n" + line + "\nPING\n").output();

    assertEquals("*1\r\n$4\r\nPING\r\n", commands);
    assertEquals("a quote is not closed, or is followed by a character", encoder.complaint());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ping hello|$5~hello~",
        "ping a b|-ERR wrong number of arguments for 'ping' command~",
        "get|-ERR wrong number of arguments for 'get' command~",
        "set a|-ERR wrong number of arguments for 'set' command~",
        "set a b ex 10|-ERR syntax error~",
        "mset a 1 b|-ERR wrong number of arguments for 'mset' command~",
        "hello 3|-ERR unknown command~",
        "command docs|*0~",
        "config get save|*2~$4~save~$0~~",
        "config set save x|-ERR wrong number of arguments for 'config' command~",
        "select 0|+OK~",
        "select 1|-ERR DB index is out of range~",
        "dbsize|:0~",
        "incrby n 5|:5~",
        "echo \"a  b\\x21\"|$5~a  b!~",
        "shutdown abort|-ERR syntax error~",
        "incrby n x|-ERR value is not an integer or out of range~",
        "'  '|''"
      })
  void inlineCommandsAreAccepted(String line, String answer) throws Exception {
    assertEquals(answer.replace("~", "\r\n"), answer(line + "\r\n"));
  }

  @Test
  void countersCountAndRefuseInvalidValues() throws Exception {
    String input = "INCR n\nINCR n\nDECR n\nSET n 9223372036854775807\nINCR n\nSET n x\nINCR n\n";

    assertEquals(
        List.of(
            ":1",
            ":2",
            ":1",
            "+OK",
            "-ERR increment or decrement would overflow",
            "+OK",
            "-ERR value is not an integer or out of range"),
        answer(input).lines().toList());
  }

  @Test
  void manyKeysAreSetFoundAndDeleted() throws Exception {
    String input = "MSET a 1 b 2\nDBSIZE\nEXISTS a b c a\nDEL a b c\nDBSIZE\nFLUSHALL\n";

    assertEquals(List.of("+OK", ":2", ":3", ":2", ":0", "+OK"), answer(input).lines().toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*1025~|invalid multibulk length",
        "*x~|invalid multibulk length",
        "*1~$1048577~|invalid bulk length",
        "*1~$-1~|invalid bulk length",
        "*1~PING~|expected '$', got 'P'",
        "echo \"a~|unbalanced quotes in request",
        "*1~$3~PING~|a bulk string is longer than its length"
      })
  void aProtocolErrorEndsTheConnection(String input, String reason) throws Exception {
    String bytes = input.replace("~", "\r\n");

    assertEquals(
        "+PONG\r\n-ERR Protocol error: " + reason + "\r\n",
        answer("PING\r\n" + bytes + "PING\r\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST / HTTP/1.1", "GET / HTTP/1.1\r\nHost: localhost"})
  void theBodyOfAnHttpRequestIsNotExecuted(String head) throws Exception {
    String answers = answer("SET k v\r\n" + head + "\r\n\r\nFLUSHALL\r\nSHUTDOWN\r\n");

    assertTrue(answers.endsWith("-ERR this is not a server of HTTP\r\n"), answers);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SHUTDOWN", "shutdown nosave", "SHUTDOWN NOW FORCE"})
  void shutdownEndsTheServerWithAnyOfItsOptions(String line) throws Exception {
    boolean[] stopped = new boolean[1];
    try (Store store = Store.open(":memory:")) {
      RedisConnection connection = new RedisConnection(store, false, () -> stopped[0] = true);

      assertEquals("", ExecutionMode.LOCAL_WOVEN.run(connection, line + "\r\nPING\r\n").output());
    }
    assertTrue(stopped[0]);
  }

  @Test
  void anEndlessLineEndsTheConnection() throws Exception {
    assertEquals(
        "-ERR Protocol error: too big inline request\r\n",
        answer("x".repeat(5000) + "\r\nPING\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "PI",
        "*1\r\n",
        "*1\r\n$4\r\n",
        "*1\r\n$4\r\nPI",
        "*1\r\n$4\r\nPING",
        "*1\r\n$4",
        "*1\r\n$4\r\nPING\r"
      })
  void aTruncatedCommandIsNotAnswered(String input) throws Exception {
    assertEquals("", answer(input));
  }

  @ParameterizedTest
  @EnumSource
  void valuesOfManySizesAreReturned(ExecutionMode mode) throws Exception {
    StringBuilder input = new StringBuilder();
    StringBuilder expected = new StringBuilder();
    for (int bytes : new int[] {0, 1, 4095, 4096, 4097, 8193, 20_000}) {
      String value = "v".repeat(bytes);
      input.append("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + bytes + "\r\n" + value + "\r\n");
      input.append("GET k\r\n");
      expected.append("+OK\r\n$" + bytes + "\r\n" + value + "\r\n");
    }

    assertEquals(expected.toString(), answer(mode, input.toString()));
  }

  @ParameterizedTest
  @EnumSource
  void commandsBeyondTheSizeOfABatchAreAllAnswered(ExecutionMode mode) throws Exception {
    String answers = answer(mode, "INCR n\n".repeat(2000));

    assertTrue(answers.endsWith(":1999\r\n:2000\r\n"), answers);
    assertEquals(2000, answers.lines().count());
  }
}
