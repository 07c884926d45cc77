// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.micro.ExecutionMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that fails, and one shared by two servers: all answers are true. */
class StoreTest {
  /** Rolls back the whole transaction, as SQLite does when the disk is full. */
  private static final String UNDONE = "RAISE(ROLLBACK, 'full')";

  /**
   * Fails the statement, which the driver then closes, as it does after errors it does not know.
   */
  private static final String CLOSED = "abs(-9223372036854775808)";

  @TempDir private Path folder;
  private String file;

  @BeforeEach
  void nameTheStore() {
    file = folder.resolve("store.db").toString();
  }

  /** Makes the store fail when the key "full" is set. */
  private void fillUp(String failure) throws SQLException {
    Store.open(file).close();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TRIGGER full BEFORE INSERT ON pairs WHEN NEW.key = CAST('full' AS BLOB)"
              + " BEGIN SELECT "
              + failure
              + "; END");
    }
  }

  private static List<String> answers(Store store, String... lines) throws Exception {
    String input = String.join("\n", lines) + "\n";
    return ExecutionMode.LOCAL_WOVEN
        .run(new RedisConnection(store, false, () -> {}), input)
        .output()
        .lines()
        .map(line -> line.startsWith("-ERR store: ") ? "failed" : line)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {UNDONE, CLOSED})
  void aRolledBackCommandIsAnsweredWithAnError(String failure) throws Exception {
    fillUp(failure);
    try (Store store = Store.open(file)) {
      assertEquals(
          List.of("failed", "+PONG", "failed", "$-1"),
          answers(store, "SET a 1", "PING", "SET full 1", "GET a"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {UNDONE, CLOSED})
  void aStoreStaysUsableAfterAFailure(String failure) throws Exception {
    fillUp(failure);
    try (Store store = Store.open(file)) {
      assertEquals(List.of("failed", "failed"), answers(store, "SET full 1", "SET full 1"));
      assertEquals(List.of("+OK", ":1", "$1", "2"), answers(store, "SET b 2", "DBSIZE", "GET b"));
    }
    try (Store store = Store.open(file)) {
      assertEquals(List.of("$1", "2"), answers(store, "GET b"));
    }
  }

  private static Batch batch(String... names) {
    Batch batch = new Batch();
    for (String name : names) {
      batch.add(
          Command.of(
              List.of(
                  name.getBytes(StandardCharsets.US_ASCII),
                  "n".getBytes(StandardCharsets.US_ASCII))));
    }
    return batch;
  }

  @Test
  void twoServersShareAStoreAndLoseNoUpdate() throws Exception {
    int each = 300;
    try (Store one = Store.open(file);
        Store other = Store.open(file)) {
      Thread beside = Thread.ofPlatform().start(() -> count(other, each));
      count(one, each);
      beside.join();

      String count = Integer.toString(2 * each);
      assertEquals(List.of("$" + count.length(), count), answers(one, "GET n"));
    }
  }

  private static void count(Store store, int times) {
    for (int i = 0; i < times; i++) {
      Batch batch = batch("GET", "INCR");
      while (!batch.isDone()) {
        store.execute(batch);
      }
    }
  }
}
