// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.cli.Started;
import dev.weft.examples.micro.service.Programs;
import dev.weft.examples.micro.service.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Redis server with many clients, and with a store that stays. */
class RedisServiceTest {
  @TempDir private Path folder;

  @Test
  void clientsShareOneStoreAndLoseNothing() throws Exception {
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
  void whatIsNotTheProtocolIsAnsweredAndTheConnectionEnds() throws Exception {
    try (Server server = Server.start("mt_redis");
        Socket socket = server.connect()) {
      Server.send(socket, "*1\r\n$99999999\r\n");

      assertEquals("-ERR Protocol error: invalid bulk length\r\n", Server.rest(socket));
    }
  }

  @Test
  void theLargestValueComesBackManyTimes() throws Exception {
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
  void aStoreThatCanNotBeOpenedIsNamed() throws Exception {
    String file = folder.resolve("missing").resolve("store.db").toString();
    try (Started program = Started.startOf(Programs.class, "mt_redis", "--store", file)) {
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
  void aStoreThatWouldBeNoneIsRefused(String arguments, String message) throws Exception {
    try (Started program = Started.startOf(Programs.class, "mt_redis", arguments.split(" ", -1))) {
      assertEquals("mt_redis: " + message, program.errors());
      assertEquals(2, program.status());
    }
  }

  @Test
  void theHalvesOfTheClientAreNotServers() throws Exception {
    try (Started program = Started.startOf(Programs.class, "mt_redis", "--encode", "--listen")) {
      assertEquals("mt_redis: --encode and --decode do not listen", program.errors());
      assertEquals(2, program.status());
    }
  }
}
