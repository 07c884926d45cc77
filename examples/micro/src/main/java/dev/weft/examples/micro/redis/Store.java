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
 * The keys of all clients, in an SQLite database. Its calls block, and come from any threads, one
 * at a time: whoever gets there first carries out what the others have brought meanwhile, in the
 * same transaction.
 */
final class Store implements Keys, AutoCloseable {
  /** In place of a file's name: no file. */
  static final String MEMORY = ":memory:";

  private final Connection connection;
  private Prepared prepared;

  /** Batches that nobody has carried out yet. Guarded by itself. */
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
   * Statements that are used again and again. Transactions are begun and ended by such too, and not
   * by JDBC: where SQLite has rolled back by itself, of a full disk say, the driver begins no
   * other, and each statement is one for good.
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
   * Opens a file, made if it is not there, or {@link #MEMORY}.
   *
   * @param file its name, as {@link NativeText}. The driver would take what is behind a question
   *     mark in it for settings, and some beginnings for other places than files
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

  /** A file as a URI, all of which is the name (sqlite.org/uri.html). */
  private static String location(String file) {
    if (file.equals(MEMORY)) {
      return file;
    }
    return (file.startsWith("/") ? "file://" : "file:") + NativeText.percentEncode(file);
  }

  /** Carries a batch out, at least in part, and maybe others. Blocks. */
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
          batch.rewind(firsts[i]); // it is not its fault
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
   * Begins a transaction. One that is to write says so at once, and waits for whoever writes
   * meanwhile: SQLite refuses to wait with one that has read.
   */
  private void begin(List<Batch> batches) throws SQLException {
    boolean writes = false;
    for (Batch batch : batches) {
      writes |= batch.writes();
    }
    (writes ? prepared.beginToWrite : prepared.begin).execute();
  }

  /** Leaves nothing of a transaction, and no statement that the driver has closed as it failed. */
  private void recover() {
    try {
      run("ROLLBACK");
    } catch (SQLException e) {
      // There is nothing to be undone: SQLite has seen to that itself, as it does of a full disk.
    }
    try {
      prepared.close();
      prepared = Prepared.on(connection);
    } catch (SQLException e) {
      // The next transaction will fail of it, tell, and come here again.
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
