// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.sqlite.SQLiteJDBCLoader;

/**
 * The native library of sqlite-jdbc. The driver unpacks it into a file that it deletes when the JVM
 * ends, so a killed JVM leaves it behind. Here the file is deleted after it has been loaded.
 */
final class SqliteLibrary {
  /** The folder into which the driver unpacks. */
  private static final String FOLDER = "org.sqlite.tmpdir";

  private static boolean isLoaded;

  private SqliteLibrary() {}

  /** Loads the library, once. Blocks. */
  static synchronized void load() throws SQLException {
    if (isLoaded) {
      return;
    }
    try {
      Path folder = Files.createTempDirectory("weft-sqlite");
      String before = System.setProperty(FOLDER, folder.toString());
      try {
        SQLiteJDBCLoader.initialize();
        isLoaded = true;
      } finally {
        if (before == null) {
          System.clearProperty(FOLDER);
        } else {
          System.setProperty(FOLDER, before);
        }
        delete(folder);
      }
    } catch (SQLException e) {
      throw e;
    } catch (Exception e) {
      throw new SQLException("sqlite's library can't be loaded: " + e.getMessage(), e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
