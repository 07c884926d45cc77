// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.examples.common.NativeText;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys of all clients, in an SQLite database. Its calls block, may come from any thread, and
 * are executed one at a time: the first caller executes the batches of the waiting callers in the
 * same transaction (group commit).
 */
final class Store implements Keys, AutoCloseable {
  /** Instead of a file name: an in-memory database. */
  static final String MEMORY = ":memory:";

  private final Connection connection;
  private Prepared prepared;

  /** Batches not yet executed. Guarded by itself. */
  private final ArrayDeque<Batch> waiting = new ArrayDeque<>();

  private Store(Connection connection) throws SQLException {
    this.connection = connection;
    run("PRAGMA busy_timeout = 5000");
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = NORMAL");
    run("CREATE TABLE IF NOT EXISTS pairs (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
    prepared = Prepared.on(connection);
  }

  /**
   * Prepared statements. They also begin and end transactions, instead of JDBC: after SQLite has
   * rolled back itself, for example on a full disk, the driver would not begin another transaction,
   * and each statement would be committed on its own.
   */
  private record Prepared(
      PreparedStatement begin,
      PreparedStatement beginToWrite,
      PreparedStatement commit,
      PreparedStatement get,
      PreparedStatement set,
      PreparedStatement delete,
      PreparedStatement count,
      PreparedStatement clear) {
    static Prepared on(Connection connection) throws SQLException {
      return new Prepared(
          connection.prepareStatement("BEGIN"),
          connection.prepareStatement("BEGIN IMMEDIATE"),
          connection.prepareStatement("COMMIT"),
          connection.prepareStatement("SELECT value FROM pairs WHERE key = ?"),
          connection.prepareStatement("INSERT OR REPLACE INTO pairs VALUES (?, ?)"),
          connection.prepareStatement("DELETE FROM pairs WHERE key = ?"),
          connection.prepareStatement("SELECT count(*) FROM pairs"),
          connection.prepareStatement("DELETE FROM pairs"));
    }

    void close() throws SQLException {
      for (PreparedStatement statement :
          List.of(begin, beginToWrite, commit, get, set, delete, count, clear)) {
        statement.close();
      }
    }
  }

  private void run(String statement) throws SQLException {
    try (var created = connection.createStatement()) {
      created.execute(statement);
    }
  }

  /**
   * Opens a file, which is created if it does not exist, or {@link #MEMORY}.
   *
   * @param file its name, as {@link NativeText}. The driver would parse text after a question mark
   *     as settings, and some prefixes as other locations than files
   */
  static Store open(String file) throws SQLException {
    SqliteLibrary.load();
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + location(file));
    boolean opened = false;
    try {
      Store store = new Store(connection);
      opened = true;
      return store;
    } finally {
      if (!opened) {
        connection.close();
      }
    }
  }

  /** A file as a URI without parameters (sqlite.org/uri.html). */
  private static String location(String file) {
    if (file.equals(MEMORY)) {
      return file;
    }
    return (file.startsWith("/") ? "file://" : "file:") + NativeText.percentEncode(file);
  }

  /** Executes a batch, at least in part, and perhaps others. Blocks. */
  void execute(Batch batch) {
    synchronized (waiting) {
      batch.isExecuted = false;
      waiting.add(batch);
    }
    synchronized (this) {
      if (!batch.isExecuted) {
        executeAll();
      }
    }
  }

  private void executeAll() {
    List<Batch> batches = new ArrayList<>();
    synchronized (waiting) {
      batches.addAll(waiting);
      waiting.clear();
    }
    int[] firsts = batches.stream().mapToInt(Batch::done).toArray();
    boolean begun = false;
    boolean committed = false;
    Batch present = null;
    try {
      begin(batches);
      begun = true;
      for (Batch batch : batches) {
        present = batch;
        batch.execute(this);
      }
      present = null;
      prepared.commit.execute();
      committed = true;
    } catch (SQLException e) {
      for (int i = 0; i < firsts.length; i++) {
        Batch batch = batches.get(i);
        if (present != null && present != batch) {
          batch.rewind(firsts[i]); // its commands did not fail
        } else {
          batch.fail(firsts[i], begun ? batch.done() : batch.size(), "store: " + e.getMessage());
        }
      }
    } finally {
      if (!committed) {
        recover();
      }
    }
    for (Batch batch : batches) {
      batch.isExecuted = true;
    }
  }

  /**
   * Begins a transaction. A writing one takes the write lock immediately, and waits for other
   * writers: SQLite does not wait in a transaction that has already read.
   */
  private void begin(List<Batch> batches) throws SQLException {
    boolean writes = false;
    for (Batch batch : batches) {
      writes |= batch.writes();
    }
    (writes ? prepared.beginToWrite : prepared.begin).execute();
  }

  /** Rolls back a transaction, and prepares statements again that the driver has closed. */
  private void recover() {
    try {
      run("ROLLBACK");
    } catch (SQLException e) {
      // Nothing to roll back: SQLite has done that itself, as it does on a full disk.
    }
    try {
      prepared.close();
      prepared = Prepared.on(connection);
    } catch (SQLException e) {
      // The next transaction will fail because of it, report it, and call this again.
    }
  }

  @Override
  public byte @Nullable [] get(byte[] key) throws SQLException {
    prepared.get.setBytes(1, key);
    try (ResultSet found = prepared.get.executeQuery()) {
      return found.next() ? found.getBytes(1) : null;
    }
  }

  @Override
  public void set(byte[] key, byte[] value) throws SQLException {
    prepared.set.setBytes(1, key);
    prepared.set.setBytes(2, value);
    prepared.set.executeUpdate();
  }

  @Override
  public boolean delete(byte[] key) throws SQLException {
    prepared.delete.setBytes(1, key);
    return prepared.delete.executeUpdate() > 0;
  }

  @Override
  public long count() throws SQLException {
    try (ResultSet counted = prepared.count.executeQuery()) {
      return counted.getLong(1);
    }
  }

  @Override
  public void clear() throws SQLException {
    prepared.clear.executeUpdate();
  }

  @Override
  public synchronized void close() throws SQLException {
    connection.close();
  }
}
