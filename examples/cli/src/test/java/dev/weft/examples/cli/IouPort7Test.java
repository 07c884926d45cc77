// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IouPort7Test {
  private static final String READY = "tcp listening on ";
  private static final String UDP_READY = "udp listening on ";

  /** Awaits the readiness for TCP and UDP; returns the port of both. */
  private static int awaitReady(ChildProcess server) throws IOException {
    int port = awaitReady(server, READY);
    assertEquals(port, awaitReady(server, UDP_READY));
    return port;
  }

  private static int awaitReady(ChildProcess server, String ready) throws IOException {
    String line = server.error();
    assertTrue(line != null && line.startsWith(ready), String.valueOf(line));
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  /** Not connected: the JDK's channels that are send no empty datagrams. */
  private static void assertEchoes(DatagramChannel client, int port, byte[] bytes)
      throws IOException {
    client.send(
        ByteBuffer.wrap(bytes), new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    ByteBuffer answer = ByteBuffer.allocate(65_536);
    client.receive(answer);
    assertArrayEquals(bytes, Arrays.copyOf(answer.array(), answer.position()));
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return socket;
  }

  private static void assertEchoes(Socket socket, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    socket.getOutputStream().write(bytes);
    assertEquals(
        text, new String(socket.getInputStream().readNBytes(bytes.length), StandardCharsets.UTF_8));
  }

  private static void assertEndsWell(ChildProcess server) throws Exception {
    server.signal("TERM");
    assertEquals(0, server.status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:0", "[::1]:0", "[::]:0", "0.0.0.0:0", "localhost:0"})
  void theServerListensOnTheConfiguredAddress(String address) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_port7", "--listen", address)) {
      int port = awaitReady(server);
      String host = address.contains("::1") ? "::1" : "127.0.0.1";
      try (Socket socket = new Socket(InetAddress.getByName(host), port)) {
        assertEchoes(socket, "hello");
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @CsvSource({"[::]:0, 127.0.0.1", "[::]:0, ::1", "0.0.0.0:0, 127.0.0.1", "0.0.0.0:0, ::1"})
  void aWildcardAcceptsBothFamilies(String address, String client) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_port7", "--listen", address)) {
      int port = awaitReady(server);
      try (Socket socket = new Socket(InetAddress.getByName(client), port)) {
        assertEchoes(socket, "hello");
      }
      assertEndsWell(server);
    }
  }

  @Test
  void theServerListensOnSeveralAddresses() throws Exception {
    try (ChildProcess server =
        ChildProcess.start(
            Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0")) {
      int one = awaitReady(server);
      int two = awaitReady(server);
      try (Socket first = connect(one);
          Socket second = new Socket(InetAddress.getByName("127.0.0.2"), two)) {
        assertEchoes(second, "two");
        assertEchoes(first, "one");
      }
      assertEndsWell(server);
    }
  }

  @Test
  void allBytesAreEchoedBeforeTheEndOfAHalfClosedConnection() throws Exception {
    byte[] sent = new byte[5_000_000];
    new Random(7).nextBytes(sent);

    try (ChildProcess server =
            ChildProcess.start(Main.class, "iou_port7", "--listen", "127.0.0.1:0");
        Socket socket = connect(awaitReady(server))) {
      Thread writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      socket.getOutputStream().write(sent);
                      socket.shutdownOutput();
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      assertArrayEquals(sent, socket.getInputStream().readAllBytes());
      writer.join();
      assertEndsWell(server);
    }
  }

  @Test
  void messagesOfAllSizesAreEchoedOnOneConnection() throws Exception {
    int[] sizes = {1, 4096, 4097, 65_536, 65_536, 1, 2, 3, 4, 5, 20_000, 1, 65_536, 10};
    Random random = new Random(11);
    try (ChildProcess server =
            ChildProcess.start(Main.class, "iou_port7", "--listen", "127.0.0.1:0");
        Socket socket = connect(awaitReady(server))) {
      for (int size : sizes) {
        byte[] sent = new byte[size];
        random.nextBytes(sent);
        socket.getOutputStream().write(sent);
        assertArrayEquals(sent, socket.getInputStream().readNBytes(size));
      }
      socket.shutdownOutput();
      assertEquals(-1, socket.getInputStream().read());
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "3"})
  void connectionsAreServedConcurrently(String reactors) throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (ChildProcess server =
        ChildProcess.start(
            Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--reactors", reactors)) {
      int port = awaitReady(server);
      for (int i = 0; i < 2000; i++) {
        sockets.add(connect(port)); // most of them stay idle
      }
      for (int i = sockets.size() - 1; i >= 0; i -= 7) {
        assertEchoes(sockets.get(i), "connection " + i);
      }
      for (Socket socket : sockets) {
        socket.close();
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @CsvSource({"[::]:0, io_uring", "127.0.0.1:0, io_uring", "[::]:0, selector"})
  void datagramsAreEchoedWhole(String address, String backend) throws Exception {
    try (ChildProcess server =
        ChildProcess.start(Main.class, "iou_port7", "--listen", address, "--backend", backend)) {
      int port = awaitReady(server);
      try (DatagramChannel client = DatagramChannel.open()) {
        for (int length : new int[] {0, 1, 1472, 1473, 65_507}) {
          byte[] bytes = new byte[length];
          new Random(length).nextBytes(bytes);
          assertEchoes(client, port, bytes);
        }
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"[::]:0", "0.0.0.0:0"})
  void anEchoComesFromTheAddressThatTheDatagramWasSentTo(String wildcard) throws Exception {
    try (ChildProcess server =
        ChildProcess.start(
            Main.class, "iou_port7", "--listen", wildcard, "--backend", "io_uring")) {
      int port = awaitReady(server);
      try (DatagramChannel client = DatagramChannel.open()) {
        for (String address : new String[] {"127.0.0.1", "127.0.0.2"}) {
          InetSocketAddress used = new InetSocketAddress(address, port);
          client.send(ByteBuffer.wrap(new byte[] {7}), used);
          assertEquals(used, client.receive(ByteBuffer.allocate(10)));
        }
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void aThousandClientsOfUdpAreAnswered(String reactors) throws Exception {
    List<DatagramChannel> clients = new ArrayList<>();
    try (ChildProcess server =
        ChildProcess.start(
            Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--reactors", reactors)) {
      int port = awaitReady(server);
      for (int i = 0; i < 1000; i++) {
        clients.add(DatagramChannel.open());
      }
      for (int i = 0; i < clients.size(); i++) {
        assertEchoes(clients.get(i), port, ("client " + i).getBytes(StandardCharsets.UTF_8));
      }
      for (DatagramChannel client : clients) {
        client.close();
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @CsvSource({"--tcp, tcp", "--udp, udp"})
  void oneProtocolIsServedIfAskedFor(String option, String protocol) throws Exception {
    try (ChildProcess server =
        ChildProcess.start(Main.class, "iou_port7", "--listen", "127.0.0.1:0", option)) {
      int port = awaitReady(server, protocol + " listening on ");
      if (protocol.equals("tcp")) {
        try (Socket socket = connect(port)) {
          assertEchoes(socket, "hello");
        }
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .close(); // it is free
      } else {
        try (DatagramChannel client = DatagramChannel.open()) {
          assertEchoes(client, port, new byte[] {1, 2, 3});
        }
        assertThrows(SocketException.class, () -> connect(port));
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aPortOfUdpInUseIsReported() throws Exception {
    try (DatagramSocket other =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      String address = "127.0.0.1:" + other.getLocalPort();
      try (ChildProcess late =
          ChildProcess.start(Main.class, "iou_port7", "--udp", "--listen", address)) {
        assertEquals(
            "iou_port7: udp listen " + address + ": Address already in use (EADDRINUSE)",
            late.errors());
        assertEquals(1, late.status());
      }
    }
  }

  @Test
  void aConnectionThatIsResetDoesNotEndTheServer() throws Exception {
    try (ChildProcess server =
        ChildProcess.start(Main.class, "iou_port7", "--listen", "127.0.0.1:0")) {
      int port = awaitReady(server);
      String peer;
      try (Socket socket = connect(port)) {
        assertEchoes(socket, "x");
        peer = "127.0.0.1:" + socket.getLocalPort();
        socket.setSoLinger(true, 0);
      }
      assertEquals("tcp " + peer + ": Connection reset by peer (ECONNRESET)", server.error());
      try (Socket socket = connect(port)) {
        assertEchoes(socket, "still there");
      }
      assertEndsWell(server);
    }
  }

  @Test
  void runningOutOfDescriptorsDoesNotEndTheServer() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (ChildProcess server =
        ChildProcess.shell(
            Main.class, "ulimit -n 60; exec \"$@\"", "iou_port7", "--listen", "127.0.0.1:0")) {
      int port = awaitReady(server);
      for (int i = 0; i < 100; i++) {
        sockets.add(
            connect(port)); // connections that can't be accepted stay in the kernel's backlog
      }
      String line = server.error();
      assertEquals("tcp accept 127.0.0.1:" + port + ": Too many open files (EMFILE)", line);
      assertEchoes(sockets.getFirst(), "served before");
      for (Socket socket : sockets.subList(0, 90)) {
        socket.close();
      }
      assertEchoes(sockets.getLast(), "served when one came free");
      for (Socket socket : sockets) {
        socket.close();
      }
      assertEndsWell(server);
    }
  }

  @Test
  void anIdleClientIsDisconnectedIfIdlenessIsLimited() throws Exception {
    try (ChildProcess server =
        ChildProcess.start(Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--idle", "0.001")) {
      int port = awaitReady(server);
      try (Socket socket = connect(port)) {
        assertEquals(-1, socket.getInputStream().read());
      }
      assertTrue(String.valueOf(server.error()).contains("has sent nothing for"));
      assertEndsWell(server);
    }
  }

  @Test
  void openConnectionsMayFinishWithinTheGraceTime() throws Exception {
    try (ChildProcess server =
            ChildProcess.start(
                Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--grace", "60");
        Socket socket = connect(awaitReady(server))) {
      int port = socket.getPort();
      assertEchoes(socket, "before");
      server.signal("INT");
      assertRefusedSoon(port);
      assertEchoes(socket, "after");
      socket.shutdownOutput();
      assertEquals(-1, socket.getInputStream().read());
      assertEquals(0, server.status());
    }
  }

  private static void assertRefusedSoon(int port) {
    // Connections in the backlog are reset when the listener closes; later ones are refused.
    assertThrows(
        SocketException.class,
        () -> {
          while (true) {
            connect(port).close();
          }
        });
  }

  @Test
  void connectionsAreClosedAfterTheGraceTime() throws Exception {
    try (ChildProcess server =
            ChildProcess.start(
                Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--grace", "0.05");
        Socket socket = connect(awaitReady(server))) {
      assertEchoes(socket, "x");
      server.signal("TERM");
      assertEquals(0, server.status());
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSecondSignalEndsTheServerImmediately(String second, int status) throws Exception {
    try (ChildProcess server =
            ChildProcess.start(
                Main.class, "iou_port7", "--listen", "127.0.0.1:0", "--grace", "3600");
        Socket socket = connect(awaitReady(server))) {
      assertEchoes(socket, "x");
      int port = socket.getPort();
      server.signal("TERM");
      assertRefusedSoon(port);
      server.signal(second);
      assertEquals(status, server.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void aPortInUseIsReported(String reactors) throws Exception {
    try (ChildProcess server =
        ChildProcess.start(Main.class, "iou_port7", "--listen", "127.0.0.1:0")) {
      String address = "127.0.0.1:" + awaitReady(server);
      try (ChildProcess late =
          ChildProcess.start(
              Main.class, "iou_port7", "--reactors", reactors, "--listen", address)) {
        assertEquals(
            "iou_port7: tcp listen " + address + ": Address already in use (EADDRINUSE)",
            late.errors());
        assertEquals(1, late.status());
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bogus|Unknown option: '--bogus'",
        "--listen=nowhere|--listen: not HOST:PORT or [IPV6]:PORT: nowhere",
        "--listen=::1:7|--listen: not HOST:PORT or [IPV6]:PORT: ::1:7",
        "--listen=127.0.0.1:66000|--listen: the port must be from 0 to 65535: 127.0.0.1:66000",
        "--listen=127.0.0.1:x|--listen: the port must be from 0 to 65535: 127.0.0.1:x",
        "--listen=127.0.0.1:+7|--listen: the port must be from 0 to 65535: 127.0.0.1:+7",
        "--listen=[::x]:7|--listen: unknown host: ::x",
        "--grace=5s|Invalid value for option '--grace': '5s' is not a decimal number of seconds, without a unit",
        "--grace=5d|Invalid value for option '--grace': '5d' is not a decimal number of seconds, without a unit",
        "@words|Unmatched argument at index 0: '@words'",
        "--grace=-1|--grace must be 0 or more seconds: -1.0",
        "--idle=-1|--idle must be up to 1000000 seconds, or 0 for no limit: -1.0",
        "--send-timeout=2000000|--send-timeout must be up to 1000000 seconds, or 0 for no limit: 2000000.0",
        "--reactors=0|--reactors must be from 1 to 1024: 0",
        "--backend=epoll|Invalid value for option '--backend': 'epoll' is not auto, io_uring or selector",
        "--backend=SELECTOR|Invalid value for option '--backend': 'SELECTOR' is not auto, io_uring or selector",
        "--reactors=x|Invalid value for option '--reactors': 'x' is not an int",
        "extra|Unmatched argument at index 0: 'extra'",
      })
  void badArgumentsAreRefused(String argument, String message) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_port7", argument)) {
      assertEquals(ChildProcess.refusal("iou_port7", message), server.errors());
      assertEquals(2, server.status());
    }
  }

  @Test
  void helpGoesToStandardOutput() throws Exception {
    try (ChildProcess help = ChildProcess.start(Main.class, "iou_port7", "--help")) {
      String text = help.output();
      assertTrue(text.contains("Sends back what it gets."));
      assertTrue(text.contains("--reactors"));
      assertEquals(0, help.status());
    }
  }
}
