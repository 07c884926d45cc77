// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.socks.Socks5;
import dev.weft.internal.socks.Socks5Exchange;
import dev.weft.io.ByteStream;
import dev.weft.routine.Suspends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a client requests of a SOCKS5 proxy (RFC 1928): the proxy's side of the protocol. The proxy
 * receives a request, does what it says, and answers. After the answer to {@link Command#CONNECT}
 * the client's stream carries the bytes for the server and from it; the protocol uses no byte more
 * than its own.
 */
public final class Socks5Request {
  /** The address in answers that have none. */
  private static final InetSocketAddress NO_ADDRESS = noAddress();

  /** What to do. */
  public enum Command {
    /** Connect to the destination. */
    CONNECT(1),
    /** Accept a connection from the destination. It is answered twice: listening, and accepted. */
    BIND(2),
    /** Forward datagrams of the client. */
    UDP_ASSOCIATE(3);

    private final int code;

    Command(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    private static @Nullable Command of(int code) {
      for (Command command : values()) {
        if (command.code == code) {
          return command;
        }
      }
      return null;
    }
  }

  /** Decides who may use a proxy. */
  @FunctionalInterface
  public interface Authenticator {
    /**
     * Checks a user and a password (RFC 1929). May suspend.
     *
     * @param user the user, decoded from UTF-8; it may be empty
     * @param password the password, decoded from UTF-8; it may be empty
     * @return whether the client may use the proxy
     * @throws IOException if that can't be found out
     */
    @Suspends
    boolean isAllowed(String user, String password) throws IOException;
  }

  private final ByteStream client;
  private final Command command;
  private final InetSocketAddress destination;
  private final @Nullable String user;

  private Socks5Request(
      ByteStream client, Command command, InetSocketAddress destination, @Nullable String user) {
    this.client = client;
    this.command = command;
    this.destination = destination;
    this.user = user;
  }

  private static InetSocketAddress noAddress() {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(new byte[4]), 0);
    } catch (IOException e) {
      throw new AssertionError(e); // four bytes are an address
    }
  }

  // ---- receiving

  /**
   * Receives the request of a client that need not authenticate itself. Suspends.
   *
   * @param client a stream to the client, nothing of which has been used
   * @param deadline when to stop waiting, for a client that sends too little
   * @return the request, to be answered
   * @throws ErrnoException as in {@link #receive(ByteStream, Authenticator, Deadline)}
   * @throws IOException if the stream is broken, ends or is closed
   * @throws dev.weft.error.DeadlineExceededException if the request has not arrived by then
   */
  public static Socks5Request receive(ByteStream client, Deadline deadline) throws IOException {
    return receive(client, null, deadline);
  }

  /**
   * Receives the request of a client. Suspends. A client that is refused is notified; its stream is
   * then to be closed, as after any other failure.
   *
   * @param client a stream to the client, nothing of which has been used
   * @param authenticator checks user and password, which the client must be able to give; null if
   *     any client is allowed
   * @param deadline when to stop waiting, for a client that sends too little
   * @return the request, to be answered
   * @throws ErrnoException EACCES if the client is not allowed, or offers no method of
   *     authentication that is possible; EOPNOTSUPP if the command is unknown; EAFNOSUPPORT if the
   *     type of the address is; EPROTO if the client violates the protocol
   * @throws IOException if the stream is broken, ends or is closed
   * @throws dev.weft.error.DeadlineExceededException if the request has not arrived by then
   */
  public static Socks5Request receive(
      ByteStream client, @Nullable Authenticator authenticator, Deadline deadline)
      throws IOException {
    try (Socks5Exchange exchange =
        new Socks5Exchange(client, "receive a SOCKS5 request", "from " + client, deadline)) {
      String user = authenticate(exchange, authenticator);
      int code = exchange.receiveVersioned(Socks5.VERSION, "the request");
      InetSocketAddress destination = receiveDestination(exchange);
      Command command = Command.of(code);
      if (command == null) {
        answer(exchange, Socks5.COMMAND_NOT_SUPPORTED, NO_ADDRESS);
        throw exchange.failure(Errno.EOPNOTSUPP, "the command is " + code);
      }
      return new Socks5Request(client, command, destination, user);
    }
  }

  private static InetSocketAddress receiveDestination(Socks5Exchange exchange) throws IOException {
    try {
      return exchange.receiveAddress();
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EAFNOSUPPORT) {
        answer(exchange, Socks5.ADDRESS_TYPE_NOT_SUPPORTED, NO_ADDRESS);
      }
      throw e;
    }
  }

  /** Returns the user, or null if the client need not authenticate itself. */
  private static @Nullable String authenticate(
      Socks5Exchange exchange, @Nullable Authenticator authenticator) throws IOException {
    int method = authenticator == null ? Socks5.NO_AUTHENTICATION : Socks5.USER_AND_PASSWORD;
    int count = exchange.receiveVersioned(Socks5.VERSION, "the client's offer of methods");
    if (!exchange.receiveAndFind(count, method)) {
      exchange.put(Socks5.VERSION).put(Socks5.NO_ACCEPTABLE_METHOD).send();
      throw exchange.failure(Errno.EACCES, "the client does not offer method " + method);
    }
    exchange.put(Socks5.VERSION).put(method).send();
    if (authenticator == null) {
      return null;
    }
    int length = exchange.receiveVersioned(Socks5.PASSWORD_VERSION, "the client's password");
    String user = exchange.receiveText(length);
    String password = exchange.receiveText(exchange.receive());
    boolean isAllowed = authenticator.isAllowed(user, password);
    exchange.put(Socks5.PASSWORD_VERSION).put(isAllowed ? 0 : 1).send();
    if (!isAllowed) {
      throw exchange.failure(Errno.EACCES, "the user or the password is wrong");
    }
    return user;
  }

  // ---- the request

  /** {@return what to do} */
  public Command command() {
    return command;
  }

  /**
   * {@return the server's address and port; unresolved if the client gives a name, which consists
   * of visible ASCII characters}
   */
  public InetSocketAddress destination() {
    return destination;
  }

  /** {@return the user who was authenticated; null if none had to be} */
  public @Nullable String user() {
    return user;
  }

  // ---- answering

  /**
   * Answers that the request was carried out. Suspends.
   *
   * @param bound the proxy's own address of the connection to the server
   * @throws IOException if the stream is broken or closed
   */
  public void succeed(InetSocketAddress bound) throws IOException {
    succeed(bound, Deadline.NEVER);
  }

  /**
   * Answers that the request was carried out; waits until {@code deadline} at most. Suspends.
   *
   * @param bound the proxy's own address of the connection to the server
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void succeed(InetSocketAddress bound, Deadline deadline) throws IOException {
    answer(Socks5.SUCCEEDED, bound, deadline);
  }

  /**
   * Answers that the request can't be carried out. Suspends. The stream is to be closed then.
   *
   * @param reason EACCES, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ETIMEDOUT, EOPNOTSUPP,
   *     EAFNOSUPPORT or one that means the same; others are a general failure
   * @throws IOException if the stream is broken or closed
   */
  public void fail(Errno reason) throws IOException {
    fail(reason, Deadline.NEVER);
  }

  /**
   * Answers that the request can't be carried out; waits until {@code deadline} at most. Suspends.
   * The stream is to be closed then.
   *
   * @param reason EACCES, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ETIMEDOUT, EOPNOTSUPP,
   *     EAFNOSUPPORT or one that means the same; others are a general failure
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void fail(Errno reason, Deadline deadline) throws IOException {
    answer(Socks5.replyOf(reason), NO_ADDRESS, deadline);
  }

  private void answer(int reply, InetSocketAddress bound, Deadline deadline) throws IOException {
    try (Socks5Exchange exchange =
        new Socks5Exchange(client, "answer a SOCKS5 request", "from " + client, deadline)) {
      answer(exchange, reply, bound);
    }
  }

  private static void answer(Socks5Exchange exchange, int reply, InetSocketAddress bound)
      throws IOException {
    exchange.put(Socks5.VERSION).put(reply).put(0).put(bound).send();
  }

  @Override
  public String toString() {
    return command + " " + Socks5Exchange.text(destination);
  }
}
