// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL with a new database, if the machine has one: Debian's package is postgresql. */
final class PostgresServer {
  private static final Path PACKAGES = Path.of("/usr/lib/postgresql");
  private static final String READY = "database system is ready to accept connections";

  /** How often to try another port, since the one that was free can have been taken. */
  private static final int ATTEMPTS_MAX = 5;

  /** PostgreSQL refuses to run as root, and this user is there on every system. */
  private static final List<String> AS_OTHER_USER =
      List.of("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "--");

  private final Process process;
  private final Thread reader;
  final int port;

  private PostgresServer(Process process, Thread reader, int port) {
    this.process = process;
    this.reader = reader;
    this.port = port;
  }

  /** The folder with its programs; null if it is not installed. */
  static @Nullable Path programs() throws IOException {
    if (!Files.isDirectory(PACKAGES)) {
      return null;
    }
    try (Stream<Path> versions = Files.list(PACKAGES)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(folder -> Files.isExecutable(folder.resolve("initdb")))
          .max(Path::compareTo)
          .orElse(null);
    }
  }

  /** Starts a server whose superuser is weft. */
  static PostgresServer start(Path programs, Path folder) throws Exception {
    boolean isRoot = System.getProperty("user.name").equals("root");
    Path database = Files.createDirectory(folder.resolve("database"));
    if (isRoot) {
      run(folder, List.of("chmod", "755", folder.toString()));
      run(folder, List.of("chown", "daemon:daemon", database.toString()));
    }
    List<String> user = isRoot ? AS_OTHER_USER : List.of();
    run(database, command(user, programs, "initdb", "-D", ".", "-U", "weft", "-A", "trust", "-N"));
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
      PostgresServer started = start(user, programs, database);
      if (started != null) {
        return started;
      }
    }
    throw new IOException("PostgreSQL found no free port");
  }

  private static List<String> command(
      List<String> user, Path programs, String program, String... arguments) {
    List<String> command = new ArrayList<>(user);
    command.add(programs.resolve(program).toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private static void run(Path folder, List<String> command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output;
    try (BufferedReader reader = process.inputReader()) {
      output = String.join("\n", reader.lines().toList());
    }
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
  }

  private static @Nullable PostgresServer start(List<String> user, Path programs, Path database)
      throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    List<String> command =
        command(
            user,
            programs,
            "postgres",
            "-D",
            ".",
            "-p",
            Integer.toString(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off");
    Process process =
        new ProcessBuilder(command).directory(database.toFile()).redirectErrorStream(true).start();
    BufferedReader log = process.inputReader();
    for (String line; (line = log.readLine()) != null; ) {
      if (line.contains(READY)) {
        Thread drain = Thread.ofVirtual().start(() -> log.lines().forEach(ignored -> {}));
        return new PostgresServer(process, drain, port);
      }
    }
    return null; // it has ended
  }

  /** Ends it without waiting for its clients (SIGINT, pg_ctl's fast shutdown). */
  void stop(Path folder) throws Exception {
    run(folder, List.of("kill", "-INT", Long.toString(process.pid())));
    process.waitFor();
    reader.join();
  }
}
