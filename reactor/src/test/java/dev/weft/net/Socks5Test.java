// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.assertErrno;
import static dev.weft.framing.Peers.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.framing.Peers;
import dev.weft.framing.Peers.OneByteStream;
import dev.weft.io.ByteStream;
import dev.weft.net.Socks5Request.Authenticator;
import dev.weft.net.Socks5Request.Command;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Socks5Test {
  private static final InetSocketAddress SERVER = address("10.1.2.3", 80);
  private static final InetSocketAddress BOUND = address("fd00::1", 0x1234);
  private static final Authenticator USERS =
      (user, password) -> {
        Fiber.yield(); // it may suspend
        return user.equals("user") && password.equals("p\u00e4ss");
      };

  private static InetSocketAddress address(String ip, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(ip), port);
  }

  private static Socks5Client client(boolean withPassword) {
    return withPassword ? Socks5Client.withPassword("user", "p\u00e4ss") : Socks5Client.anonymous();
  }

  /** libdill socks5: by address and by name, without authentication and with a password. */
  @ParameterizedTest
  @CsvSource({"false,false", "false,true", "true,false", "true,true"})
  void aClientReachesAServerBehindAProxy(boolean byName, boolean withPassword) throws Exception {
    InetSocketAddress server =
        byName ? InetSocketAddress.createUnresolved("server.example", 8080) : SERVER;
    Peers.run(
        (left, right) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Socks5Request> proxy = bundle.go(() -> answer(right, withPassword ? USERS : null));
            InetSocketAddress bound = client(withPassword).connect(left, server);
            left.write(bytes("hello"));

            Socks5Request request = proxy.join();
            assertEquals(Command.CONNECT, request.command());
            assertEquals(server, request.destination());
            assertEquals(withPassword ? "user" : null, request.user());
            assertEquals(BOUND, bound);
            assertEquals("hello", Peers.read(right, 5));
            right.write(bytes("olleh"));
            assertEquals("olleh", Peers.read(left, 5));
          }
        });
  }

  private static Socks5Request answer(ByteStream stream, @Nullable Authenticator authenticator)
      throws IOException {
    Socks5Request request = Socks5Request.receive(stream, authenticator, Deadline.NEVER);
    request.succeed(BOUND);
    return request;
  }

  /** The protocol uses exactly its own bytes, however they arrive. */
  @ParameterizedTest
  @CsvSource({"false,false", "false,true", "true,false", "true,true"})
  void bytesMayArriveOneByOneWithThoseThatFollow(boolean byName, boolean withPassword)
      throws Exception {
    InetSocketAddress server =
        byName ? InetSocketAddress.createUnresolved("s", 65_535) : address("fd00::2", 1);
    Peers.run(
        (left, right) -> {
          ByteStream slowLeft = new OneByteStream(left);
          ByteStream slowRight = new OneByteStream(right);
          try (Bundle bundle = Bundle.open()) {
            Task<Socks5Request> proxy =
                bundle.go(
                    () -> {
                      Socks5Request request = answer(slowRight, withPassword ? USERS : null);
                      slowRight.write(bytes("first"));
                      return request;
                    });
            assertEquals(BOUND, client(withPassword).connect(slowLeft, server));
            assertEquals(server, proxy.join().destination());
            assertEquals("first", Peers.read(left, 5));
          }
        });
  }

  /** The examples' bytes are those of RFC 1928 and 1929. */
  @Test
  void theBytesAreThoseOfTheStandard() throws Exception {
    Peers.run(
        (left, right) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<InetSocketAddress> connecting =
                bundle.go(
                    () ->
                        Socks5Client.withPassword("u", "pw")
                            .connect(left, InetSocketAddress.createUnresolved("host", 258)));
            assertEquals("\5\2\0\2", Peers.read(right, 4));
            right.write(bytes("\5\2"));
            assertEquals("\1\1u\2pw", Peers.read(right, 6));
            right.write(bytes("\1\0"));
            assertEquals("\5\1\0\3\4host\1\2", Peers.read(right, 11));
            right.write(bytes("\5\0\0\1\177\0\0\1\0\120"));

            assertEquals(address("127.0.0.1", 80), connecting.join());
          }
        });
  }

  // ---- failures of the connection

  @ParameterizedTest
  @CsvSource({
    "1,EIO",
    "2,EACCES",
    "3,ENETUNREACH",
    "4,EHOSTUNREACH",
    "5,ECONNREFUSED",
    "6,ETIMEDOUT",
    "7,EOPNOTSUPP",
    "8,EAFNOSUPPORT",
    "9,EPROTO",
    "255,EPROTO"
  })
  void aReplyBecomesAnError(int reply, Errno errno) throws Exception {
    Peers.run(
        (left, right) -> {
          right.write(bytes("\5\0\5" + (char) reply + "\0\1\0\0\0\0\0\0"));
          ErrnoException failure =
              assertThrows(
                  ErrnoException.class, () -> Socks5Client.anonymous().connect(left, SERVER));
          assertErrno(errno, failure);
          assertTrue(
              failure.getMessage().contains("connect 10.1.2.3:80 by SOCKS5"), failure::toString);
        });
  }

  @ParameterizedTest
  @CsvSource({
    "EIO,1",
    "EACCES,2",
    "EPERM,2",
    "ENETUNREACH,3",
    "EHOSTUNREACH,4",
    "ECONNREFUSED,5",
    "ETIMEDOUT,6",
    "EOPNOTSUPP,7",
    "EAFNOSUPPORT,8",
    "EMFILE,1"
  })
  void anErrorBecomesAReply(Errno errno, int reply) throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("\5\1\0\5\1\0\1\1\2\3\4\0\7"));
          Socks5Request.receive(right, Deadline.NEVER).fail(errno);
          assertEquals("\5\0\5" + (char) reply + "\0\1\0\0\0\0\0\0", Peers.read(left, 12));
        });
  }

  // ---- authentication

  @Test
  void aWrongPasswordIsRefused() throws Exception {
    Peers.run(
        (left, right) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<ErrnoException> proxy =
                bundle.go(() -> assertThrows(ErrnoException.class, () -> answer(right, USERS)));
            ErrnoException failure =
                assertThrows(
                    ErrnoException.class,
                    () -> Socks5Client.withPassword("user", "guess").connect(left, SERVER));
            assertErrno(Errno.EACCES, failure);
            assertErrno(Errno.EACCES, proxy.join());
          }
        });
  }

  @Test
  void aClientWithoutThePasswordThatIsNeededIsRefused() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("\5\1\0"));
          ErrnoException refusal =
              assertThrows(
                  ErrnoException.class, () -> Socks5Request.receive(right, USERS, Deadline.NEVER));
          assertErrno(Errno.EACCES, refusal);
          assertEquals("\5\377", Peers.read(left, 2));

          right.write(bytes("\5\377"));
          ErrnoException refused =
              assertThrows(
                  ErrnoException.class, () -> Socks5Client.anonymous().connect(left, SERVER));
          assertErrno(Errno.EACCES, refused);
        });
  }

  @Test
  void aPasswordThatIsNotNeededIsNotSent() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("\5\2\2\0\5\1\0\1\1\2\3\4\0\7"));
          assertNull(Socks5Request.receive(right, Deadline.NEVER).user());
          assertEquals("\5\0", Peers.read(left, 2));
        });
  }

  // ---- requests

  @Test
  void otherCommandsAreReceivedAndUnknownOnesAnswered() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("\5\1\0\5\2\0\1\1\2\3\4\0\7"));
          Socks5Request bind = Socks5Request.receive(right, Deadline.NEVER);
          assertEquals(Command.BIND, bind.command());
          assertEquals("BIND 1.2.3.4:7", bind.toString());
          left.write(bytes("\5\1\0\5\3\0\1\0\0\0\0\0\0"));
          assertEquals(
              Command.UDP_ASSOCIATE, Socks5Request.receive(right, Deadline.NEVER).command());

          left.write(bytes("\5\1\0\5\4\0\1\0\0\0\0\0\0"));
          assertErrno(
              Errno.EOPNOTSUPP,
              assertThrows(
                  ErrnoException.class, () -> Socks5Request.receive(right, Deadline.NEVER)));
          left.write(bytes("\5\1\0\5\1\0\2"));
          assertErrno(
              Errno.EAFNOSUPPORT,
              assertThrows(
                  ErrnoException.class, () -> Socks5Request.receive(right, Deadline.NEVER)));
          String answers = "\5\0\5\0\5\0\5\7\0\1\0\0\0\0\0\0\5\0\5\10\0\1\0\0\0\0\0\0";
          assertEquals(answers, Peers.read(left, answers.length()));
        });
  }

  @Test
  void whatIsNotTheProtocolIsRefused() throws Exception {
    for (String garbage :
        new String[] {
          "\4\1\0\120\1\2\3\4\0", // SOCKS4
          "GET / HTTP/1.1\r\n\r\n",
          "\5\1\0\4\1\0\1\1\2\3\4\0\7", // the version of the request
          "\5\1\0\5\1\0\3\0\0\7", // no name
          "\5\1\0\5\1\0\3\3a b\0\7",
          "\5\1\0\5\1\0\3\1\0\0\7",
          "\5\1\0\5\1\0\3\1\345\0\7"
        }) {
      Peers.run(
          (left, right) -> {
            left.write(bytes(garbage));
            assertErrno(
                Errno.EPROTO,
                assertThrows(
                    ErrnoException.class, () -> Socks5Request.receive(right, Deadline.NEVER)));
          });
    }
  }

  @Test
  void anAnswerThatIsNotTheProtocolIsRefused() throws Exception {
    for (String garbage :
        new String[] {
          "\4\0", "HTTP/1.1 400", "\5\1", "\5\2", "\5\0\4\0", "\5\0\5\0\0\2", "\5\0\5\0\0\3\0\0\0"
        }) {
      Peers.run(
          (left, right) -> {
            right.write(bytes(garbage));
            assertErrno(
                Errno.EPROTO,
                assertThrows(
                    ErrnoException.class, () -> Socks5Client.anonymous().connect(left, SERVER)));
          });
    }
  }

  @Test
  void aPeerThatEndsTheStreamIsAFailure() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("\5\1\0\5\1\0\1\1"));
          left.shutdownOutput();
          assertThrows(EOFException.class, () -> Socks5Request.receive(right, Deadline.NEVER));
        });
    Peers.run(
        (left, right) -> {
          right.write(bytes("\5\0\5\0\0"));
          right.shutdownOutput();
          assertThrows(EOFException.class, () -> Socks5Client.anonymous().connect(left, SERVER));
        });
  }

  @Test
  void aSlowPeerIsWaitedForUntilTheDeadline() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes("\5\1"));
          Deadline soon = Deadline.after(Duration.ofMillis(1));
          assertThrows(DeadlineExceededException.class, () -> Socks5Request.receive(right, soon));
          assertThrows(
              DeadlineExceededException.class,
              () -> Socks5Client.anonymous().connect(left, SERVER, soon));
        });
  }

  /** Nothing is sent then. */
  @Test
  void whatTheProtocolCantExpressIsRefused() throws Exception {
    String longest = "x".repeat(255);
    Peers.run(
        (left, right) -> {
          for (String name : new String[] {longest + "x", "m\u00fcller", "a b"}) {
            InetSocketAddress server = InetSocketAddress.createUnresolved(name, 1);
            assertThrows(
                IllegalArgumentException.class,
                () -> Socks5Client.anonymous().connect(left, server));
          }
          for (String text : new String[] {"", longest + "x"}) {
            assertThrows(
                IllegalArgumentException.class, () -> Socks5Client.withPassword(text, "x"));
            assertThrows(
                IllegalArgumentException.class, () -> Socks5Client.withPassword("x", text));
          }
          left.shutdownOutput();
          assertEquals(-1, right.read(Peers.room(1)));
        });
    Peers.run(
        (left, right) -> {
          InetSocketAddress server = InetSocketAddress.createUnresolved(longest, 1);
          try (Bundle bundle = Bundle.open()) {
            Task<Socks5Request> proxy = bundle.go(() -> answer(right, (user, password) -> true));
            Socks5Client.withPassword(longest, longest).connect(left, server);
            assertEquals(longest, proxy.join().user());
            assertEquals(server, proxy.join().destination());
          }
        });
  }
}
