// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.net.TcpServerTest.ANY_PORT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactors;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sockets that a service manager passes, see sd_listen_fds(3). */
class InheritedSocketsTest {
  private static final long PROCESS = 77;

  private static InheritedSockets parse(String process, String count) {
    return InheritedSockets.parse(Map.of("LISTEN_PID", process, "LISTEN_FDS", count), PROCESS, 3);
  }

  private static InheritedSockets parse(String process, String count, String names) {
    return InheritedSockets.parse(
        Map.of("LISTEN_PID", process, "LISTEN_FDS", count, "LISTEN_FDNAMES", names), PROCESS, 3);
  }

  /** One socket, which is that of {@code open}. */
  private static InheritedSockets inherited(Object open, String name) throws IOException {
    Map<String, String> environment =
        Map.of("LISTEN_PID", "77", "LISTEN_FDS", "1", "LISTEN_FDNAMES", name);
    return InheritedSockets.parse(environment, PROCESS, HandedListenerTest.passed(open));
  }

  @Test
  void theVariablesSayHowManyThereAreAndTheirNames() {
    assertEquals(List.of("web", "", "web"), parse("77", "3", "web::web").names());
    assertEquals(List.of("unknown", "unknown"), parse("77", "2").names());
    assertEquals(0, parse("77", "0", "").count());
  }

  @Test
  void thereAreNoneForAnotherProcess() {
    assertEquals(0, parse("78", "1").count());
    assertEquals(0, InheritedSockets.parse(Map.of("LISTEN_FDS", "1"), PROCESS, 3).count());
    assertEquals(0, InheritedSockets.parse(Map.of("LISTEN_PID", "77"), PROCESS, 3).count());
    assertEquals(0, InheritedSockets.ofProcess().count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x|1|a|LISTEN_PID is not a number: x",
        "''|1|a|LISTEN_PID is not a number:",
        "77|-1|a|LISTEN_FDS is not a number: -1",
        "77|+1|a|LISTEN_FDS is not a number: +1",
        "77|2147483647|a|LISTEN_FDS is not a number: 2147483647",
        "77|99999999999999999999|a|LISTEN_FDS is not a number: 99999999999999999999",
        "77|2|a|LISTEN_FDNAMES has 1 names for 2 sockets: a",
        "77|0|a|LISTEN_FDNAMES has 1 names for 0 sockets: a"
      })
  void wrongValuesAreNamed(String process, String count, String names, String message) {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> parse(process, count, names));

    assertEquals(message, e.getMessage().strip());
  }

  @Test
  void whatIsNotThereIsNamed() {
    InheritedSockets sockets = parse("77", "2", "web:admin");
    IllegalArgumentException byName =
        assertThrows(IllegalArgumentException.class, () -> sockets.descriptor("mail"));
    IllegalArgumentException byIndex =
        assertThrows(IllegalArgumentException.class, () -> sockets.descriptor(2));

    assertEquals("no inherited socket is named mail: there are [web, admin]", byName.getMessage());
    assertEquals("no inherited socket 2: there are 2", byIndex.getMessage());
  }

  @Test
  void eachIsTakenOnceInOrder() {
    InheritedSockets sockets = parse("77", "3", "web:admin:web");

    assertEquals(3, sockets.descriptor("web"));
    assertEquals(5, sockets.descriptor("web"));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> sockets.descriptor("web"));
    assertEquals("inherited socket 0 (web) has been taken", e.getMessage());
    assertThrows(IllegalStateException.class, () -> sockets.descriptor(0));
    assertEquals(4, sockets.descriptor(1));
  }

  @Test
  @Tag("needs-io-uring")
  void aListenerIsTakenByItsName() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener original = TcpListener.bind(ANY_PORT);
              TcpListener taken = inherited(original, "web").tcpListener("web")) {
            assertEquals(original.localAddress(), taken.localAddress());
          }
          try (UdpSocket original = UdpSocket.bind(ANY_PORT);
              UdpSocket taken = inherited(original, "echo").udpSocket("echo")) {
            assertEquals(original.localAddress(), taken.localAddress());
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void oneOfAnotherTypeIsRefusedAndCanBeTakenAsWhatItIs() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket original = UdpSocket.bind(ANY_PORT)) {
            InheritedSockets sockets = inherited(original, "echo");
            IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> sockets.tcpListener(0));
            assertEquals(
                "inherited socket 0 (echo): descriptor N is not a socket for STREAM",
                e.getMessage().replaceFirst("descriptor [0-9]+", "descriptor N"));
            assertThrows(IllegalArgumentException.class, () -> sockets.unixListener("echo"));
            sockets.udpSocket(0).close();
            assertThrows(IllegalStateException.class, () -> sockets.udpSocket("echo"));
          }
        });
  }
}
