// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Task;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** The JDBC driver of PostgreSQL, unchanged, in fibers. */
@Tag("needs-stack")
class JdbcTest {
  private static final int FIBERS = 20;
  private static final String QUERY_CANCELED = "57014";
  private static final String CONNECTION_FAILURE = "08006";

  private static @Nullable PostgresServer server;

  @BeforeAll
  static void startServer(@TempDir Path folder) throws Exception {
    Path programs = PostgresServer.programs();
    assumeTrue(
        programs != null,
        "PostgreSQL is not installed in /usr/lib/postgresql (Debian's package postgresql)");
    server = PostgresServer.start(Objects.requireNonNull(programs), folder);
  }

  @AfterAll
  static void stopServer(@TempDir Path folder) throws Exception {
    if (server != null) {
      server.stop(folder);
    }
  }

  private static Properties onFibers() {
    Properties properties = new Properties();
    properties.setProperty("socketFactory", FiberSocketFactory.class.getName());
    return properties;
  }

  private static Connection connect(String... more) throws SQLException {
    Properties properties = onFibers();
    properties.setProperty("user", "weft");
    for (int i = 0; i < more.length; i += 2) {
      properties.setProperty(more[i], more[i + 1]);
    }
    int port = Objects.requireNonNull(server).port;
    return Objects.requireNonNull(
        new Driver().connect("jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties));
  }

  private static int number(Statement statement, String query) throws SQLException {
    try (ResultSet result = statement.executeQuery(query)) {
      assertTrue(result.next());
      return result.getInt(1);
    }
  }

  /** Waits until so many sessions wait for an advisory lock. */
  private static void awaitWaiting(Statement statement, int sessions) throws SQLException {
    String query = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
    while (number(statement, query) < sessions) {
      Fiber.yield();
    }
  }

  @Test
  void manyFibersOfOneReactorHaveQueriesInProgressAtTheSameTime() throws Exception {
    Sockets.run(
        () -> {
          try (Connection mine = connect();
              Statement statement = mine.createStatement();
              Bundle bundle = Bundle.open()) {
            statement.execute("select pg_advisory_lock(1)");
            List<Task<Integer>> others = new ArrayList<>();
            for (int i = 0; i < FIBERS; i++) {
              int id = i;
              others.add(bundle.go(() -> selectLocked(id)));
            }
            awaitWaiting(statement, FIBERS); // all are in the server
            statement.execute("select pg_advisory_unlock(1)");
            for (int i = 0; i < FIBERS; i++) {
              assertEquals(i, others.get(i).join());
            }
          }
        });
  }

  private static int selectLocked(int id) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement query =
            connection.prepareStatement("select ?::int, pg_advisory_lock_shared(1)")) {
      query.setInt(1, id);
      try (ResultSet result = query.executeQuery()) {
        assertTrue(result.next());
        return result.getInt(1);
      }
    }
  }

  @Test
  void aFiberCancelsTheQueryOfAnother() throws Exception {
    Sockets.run(
        () -> {
          try (Connection mine = connect();
              Statement statement = mine.createStatement();
              Connection other = connect();
              Statement waiting = other.createStatement();
              Bundle bundle = Bundle.open()) {
            statement.execute("select pg_advisory_lock(2)");
            Task<SQLException> query =
                bundle.go(
                    () ->
                        assertThrows(
                            SQLException.class,
                            () -> waiting.execute("select pg_advisory_lock(2)")));
            awaitWaiting(statement, 1);
            waiting.cancel();
            assertEquals(QUERY_CANCELED, query.join().getSQLState());
            assertEquals(3, number(waiting, "select 3"));
          }
        });
  }

  @Test
  void theTimeoutOfTheServerEndsAStatement() throws Exception {
    Sockets.run(
        () -> {
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            statement.execute("set statement_timeout = '10ms'");
            SQLException failure =
                assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(1000)"));
            assertEquals(QUERY_CANCELED, failure.getSQLState());
            assertEquals(1, number(statement, "select 1"));
          }
        });
  }

  /** The driver cancels it in a thread of its own, over another connection. */
  @Test
  void theTimeoutOfTheDriverEndsAStatement() throws Exception {
    Sockets.run(
        () -> {
          try (Connection connection = connect("socketFactoryArg", "jdk");
              Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            SQLException failure =
                assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(1000)"));
            assertEquals(QUERY_CANCELED, failure.getSQLState());
            assertEquals(1, number(statement, "select 1"));
          }
        });
  }

  @Test
  void theTimeoutOfTheSocketEndsTheConnection() throws Exception {
    Sockets.run(
        () -> {
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            connection.setNetworkTimeout(Runnable::run, 10);
            SQLException failure =
                assertThrows(SQLException.class, () -> statement.execute("select pg_sleep(1)"));
            assertEquals(CONNECTION_FAILURE, failure.getSQLState());
            assertInstanceOf(SocketTimeoutException.class, failure.getCause());
            assertTrue(connection.isClosed());
          }
        });
  }

  @Test
  void aLargeResultArrivesWhole() throws Exception {
    String query = "select n, repeat(md5(n::text), 300) from generate_series(1, 2000) n";
    Sockets.run(
        () -> {
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.setFetchSize(50);
            int rows = 0;
            try (ResultSet result = statement.executeQuery(query)) {
              while (result.next()) {
                rows++;
                assertEquals(rows, result.getInt(1));
                assertEquals(300 * 32, result.getString(2).length());
              }
            }
            assertEquals(2000, rows);
          }
        });
  }

  @Test
  void rowsAreCopiedInAndOut() throws Exception {
    String rows =
        IntStream.range(0, 50_000)
            .mapToObj(i -> i + "\trow " + i + "\n")
            .collect(Collectors.joining());
    Sockets.run(
        () -> {
          try (Connection connection = connect();
              Statement statement = connection.createStatement()) {
            statement.execute("create temporary table copied (id int, name text)");
            CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
            assertEquals(50_000, copies.copyIn("copy copied from stdin", new StringReader(rows)));
            StringWriter out = new StringWriter();
            copies.copyOut("copy (select * from copied order by id) to stdout", out);
            assertEquals(rows, out.toString());
          }
        });
  }

  @Test
  void aConnectionOutsideOfAFiberIsRefusedWithTheReason() {
    SQLException failure = assertThrows(SQLException.class, JdbcTest::connect);
    SocketException cause = assertInstanceOf(SocketException.class, failure.getCause());
    assertTrue(cause.getMessage().contains("must be used in a fiber"), cause.getMessage());
  }
}
