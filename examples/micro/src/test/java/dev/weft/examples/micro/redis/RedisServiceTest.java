// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import dev.weft.examples.micro.service.Main;
import dev.weft.examples.micro.service.Server;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Redis server with many clients, and with a persistent store. */
class RedisServiceTest {
  @TempDir private Path folder;

  @Test
  void clientsShareOneStoreAndLoseNoUpdate() throws Exception {
    int clients = 20;
    int commands = 500;
    try (Server server = Server.start("mt_redis")) {
      List<Thread> threads = new ArrayList<>();
      List<String> lasts = Collections.synchronizedList(new ArrayList<>());
      for (int i = 0; i < clients; i++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      String answers = exchange(server, "INCR n\r\n".repeat(commands));
                      assertEquals(commands, answers.lines().count());
                      lasts.add(answers);
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }

      assertEquals(clients, lasts.size());
      assertEquals("$5\r\n10000\r\n", server.exchange("GET n\r\n"));
      long different = lasts.stream().flatMap(String::lines).distinct().count();
      assertEquals(10_000, different);
      server.awaitSockets(1);
    }
  }

  private static String exchange(Server server, String request) {
    try {
      return server.exchange(request);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aStoreInAFileOutlivesTheServer() throws Exception {
    String file = folder.resolve("store.db").toString();
    try (Server server = Server.start("mt_redis", "--store", file)) {
      assertEquals("+OK\r\n", server.exchange("SET key value\r\n"));
      server.term();
      assertEquals(0, server.status());
    }
    try (Server server = Server.start("mt_redis", "--store", file)) {
      assertEquals("$5\r\nvalue\r\n", server.exchange("GET key\r\n"));
    }
  }

  /** Names that SQLite's driver would parse as settings, or as something other than a file. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a?mode=memory&b",
        "a?journal_mode=OFF",
        "file:a",
        ":resource:a",
        "a%20#b",
        "?",
        ":memory:x"
      })
  void theNameOfAStoreIsThatOfAFile(String name) throws Exception {
    String line = "cd " + folder + " && \"$@\" --store '" + name + "'";
    try (ChildProcess filter = ChildProcess.shell(Main.class, line, "mt_redis")) {
      try (OutputStream in = filter.process.getOutputStream()) {
        in.write("SET a b\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals("+OK\r\n", filter.output());
      assertEquals(0, filter.status());
    }
    assertTrue(Files.size(folder.resolve(name)) > 0, name);
    assertEquals(List.of(name), files());
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void aStoreMayHaveANameInvalidInTheLocale() throws Exception {
    String line = "cd " + folder + " && LC_ALL=C \"$@\" --store $'\\xfc' && cat $'\\xfc' | wc -c";
    try (ChildProcess filter = ChildProcess.shell(Main.class, line, "mt_redis")) {
      filter.process.getOutputStream().close();
      assertTrue(Integer.parseInt(filter.output().strip()) > 0);
      assertEquals(0, filter.status());
    }
  }

  /** The native library that the driver unpacks is deleted even after SIGKILL. */
  @Test
  void theUnpackedLibraryIsDeletedOnceItIsLoaded() throws Exception {
    try (ChildProcess server =
        ChildProcess.start(Main.class, "mt_redis", "--listen", "127.0.0.1:0")) {
      assertTrue(String.valueOf(server.error()).startsWith("tcp listening on"));
      Path maps = Path.of("/proc", Long.toString(server.process.pid()), "maps");
      List<String> mapped =
          Files.readAllLines(maps).stream().filter(line -> line.contains("sqlitejdbc")).toList();
      assertFalse(mapped.isEmpty());
      for (String line : mapped) {
        assertTrue(line.endsWith("libsqlitejdbc.so (deleted)"), line);
        assertFalse(Files.exists(Path.of(line.replaceFirst("[^/]*(/.*)/[^/]*", "$1"))), line);
      }
    }
  }

  @Test
  void shutdownEndsTheServer() throws Exception {
    try (Server server = Server.start("mt_redis")) {
      assertEquals("+OK\r\n", server.exchange("SET a b\r\nSHUTDOWN\r\nGET a\r\n"));
      assertEquals(0, server.status());
    }
  }

  @Test
  void quitIsAnsweredAndTheConnectionEnds() throws Exception {
    try (Server server = Server.start("mt_redis");
        Socket socket = server.connect()) {
      Server.send(socket, "PING\r\nQUIT\r\nPING\r\n");

      assertEquals("+PONG\r\n+OK\r\n", Server.rest(socket));
    }
  }

  @Test
  void aProtocolErrorIsAnsweredAndTheConnectionEnds() throws Exception {
    try (Server server = Server.start("mt_redis");
        Socket socket = server.connect()) {
      Server.send(socket, "*1\r\n$99999999\r\n");

      assertEquals("-ERR Protocol error: invalid bulk length\r\n", Server.rest(socket));
    }
  }

  @Test
  void theLargestValueIsReturnedManyTimes() throws Exception {
    int bytes = 1_000_000;
    String value = "v".repeat(bytes);
    String set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + bytes + "\r\n" + value + "\r\n";
    try (Server server = Server.start("mt_redis");
        Socket socket = server.connect()) {
      Server.send(socket, set + "GET k\r\n".repeat(20));

      Server.expect(socket, "+OK\r\n" + ("$" + bytes + "\r\n" + value + "\r\n").repeat(20));
    }
  }

  @Test
  void aStoreThatCannotBeOpenedIsReported() throws Exception {
    String file = folder.resolve("missing").resolve("store.db").toString();
    try (ChildProcess program = ChildProcess.start(Main.class, "mt_redis", "--store", file)) {
      String message = program.errors();
      assertTrue(message.startsWith("mt_redis: --store " + file + ": "), message);
      assertEquals(2, program.status());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--store=, --store must name a file",
    "--encode --store=x, --encode and --decode have no store"
  })
  void anInvalidStoreOptionIsRefused(String arguments, String message) throws Exception {
    try (ChildProcess program =
        ChildProcess.start(Main.class, "mt_redis", arguments.split(" ", -1))) {
      assertEquals(ChildProcess.refusal("mt_redis", message), program.errors());
      assertEquals(2, program.status());
    }
  }

  @Test
  void theClientsFiltersCantRunAsServers() throws Exception {
    try (ChildProcess program =
        ChildProcess.start(Main.class, "mt_redis", "--encode", "--listen")) {
      assertEquals(
          ChildProcess.refusal("mt_redis", "--encode and --decode do not listen"),
          program.errors());
      assertEquals(2, program.status());
    }
  }
}
