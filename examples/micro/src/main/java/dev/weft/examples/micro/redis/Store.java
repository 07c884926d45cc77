// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

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
  private final Connection connection;
  private final PreparedStatement get;
  private final PreparedStatement set;
  private final PreparedStatement delete;
  private final PreparedStatement count;
  private final PreparedStatement clear;

  /** Batches that nobody has carried out yet. Guarded by itself. */
  private final ArrayDeque<Batch> waiting = new ArrayDeque<>();

  private Store(Connection connection) throws SQLException {
    this.connection = connection;
    run("PRAGMA busy_timeout = 5000");
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = NORMAL");
    run("CREATE TABLE IF NOT EXISTS pairs (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
    connection.setAutoCommit(false);
    get = connection.prepareStatement("SELECT value FROM pairs WHERE key = ?");
    set = connection.prepareStatement("INSERT OR REPLACE INTO pairs VALUES (?, ?)");
    delete = connection.prepareStatement("DELETE FROM pairs WHERE key = ?");
    count = connection.prepareStatement("SELECT count(*) FROM pairs");
    clear = connection.prepareStatement("DELETE FROM pairs");
  }

  private void run(String statement) throws SQLException {
    try (var prepared = connection.createStatement()) {
      prepared.execute(statement);
    }
  }

  /** Opens a file, made if it is not there, or {@code :memory:}. */
  static Store open(String file) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
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
    int[] firsts = new int[batches.size()];
    for (int i = 0; i < firsts.length; i++) {
      firsts[i] = batches.get(i).done();
      batches.get(i).execute(this);
    }
    String failure = commit();
    for (int i = 0; i < firsts.length; i++) {
      Batch batch = batches.get(i);
      if (failure != null) {
        batch.fail(firsts[i], failure);
      }
      batch.isExecuted = true;
    }
  }

  /** Returns what went wrong, or null. */
  private @Nullable String commit() {
    try {
      connection.commit();
      return null;
    } catch (SQLException e) {
      try {
        connection.rollback();
      } catch (SQLException again) {
        e.addSuppressed(again);
      }
      return "store: " + e.getMessage();
    }
  }

  @Override
  public byte @Nullable [] get(byte[] key) throws SQLException {
    get.setBytes(1, key);
    try (ResultSet found = get.executeQuery()) {
      return found.next() ? found.getBytes(1) : null;
    }
  }

  @Override
  public void set(byte[] key, byte[] value) throws SQLException {
    set.setBytes(1, key);
    set.setBytes(2, value);
    set.executeUpdate();
  }

  @Override
  public boolean delete(byte[] key) throws SQLException {
    delete.setBytes(1, key);
    return delete.executeUpdate() > 0;
  }

  @Override
  public long count() throws SQLException {
    try (ResultSet counted = count.executeQuery()) {
      return counted.getLong(1);
    }
  }

  @Override
  public void clear() throws SQLException {
    clear.executeUpdate();
  }

  @Override
  public synchronized void close() throws SQLException {
    connection.close();
  }
}
