// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.net.Socks5Client;
import dev.weft.net.Socks5Request;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever the peer sends: the outcome is what a parser of the whole input says. */
class Socks5FuzzTest extends InputFuzz {
  private static final InetSocketAddress SERVER =
      InetSocketAddress.createUnresolved("server.example", 80);

  Socks5FuzzTest() {
    super("socks");
  }

  @Test
  void everyPeerIsUnderstoodOrRefused() {
    fuzz();
  }

  @Override
  void tryOne(Random random) throws Exception {
    boolean withPassword = random.nextBoolean();
    if (random.nextBoolean()) {
      byte[] input = mutate(requestOf(random, withPassword), random);
      assertEquals(new Input(input).request(withPassword), served(input, withPassword, random));
    } else {
      byte[] input = mutate(answerOf(random, withPassword), random);
      assertEquals(new Input(input).answer(withPassword), answered(input, withPassword, random));
    }
  }

  // ---- inputs

  private static byte[] requestOf(Random random, boolean withPassword) {
    String methods = new String[] {"\1\0", "\1\2", "\2\0\2", "\3\1\2\0"}[random.nextInt(4)];
    String password = withPassword ? "\1\4user\4pass" : "";
    int command = 1 + random.nextInt(4);
    String request = "\5" + methods + password + "\5" + (char) command + "\0";
    return concat(request.getBytes(ISO_8859_1), addressOf(random));
  }

  private static byte[] answerOf(Random random, boolean withPassword) {
    String method = withPassword && random.nextBoolean() ? "\5\2\1\0" : "\5\0";
    int reply = random.nextInt(3) == 0 ? random.nextInt(12) : 0;
    String answer = method + "\5" + (char) reply + "\0";
    return concat(answer.getBytes(ISO_8859_1), addressOf(random));
  }

  private static byte[] addressOf(Random random) {
    byte[] address =
        switch (random.nextInt(4)) {
          case 0 -> concat(new byte[] {1}, noise(random, 4));
          case 1 -> concat(new byte[] {4}, noise(random, 16));
          case 2 -> ("\3\6na" + (char) random.nextInt(256) + "me!").getBytes(ISO_8859_1);
          default -> concat(new byte[] {(byte) random.nextInt(6)}, noise(random, 20));
        };
    return concat(concat(address, noise(random, 2)), noise(random, random.nextInt(3)));
  }

  // ---- in pieces

  private static String served(byte[] input, boolean withPassword, Random random)
      throws IOException {
    ArrayStream stream = new ArrayStream(input, random);
    String outcome;
    try {
      Socks5Request request =
          withPassword
              ? Socks5Request.receive(stream, (user, password) -> !user.isEmpty(), Deadline.NEVER)
              : Socks5Request.receive(stream, Deadline.NEVER);
      outcome = request.command() + " " + request.destination() + " " + stream.position();
    } catch (EOFException e) {
      outcome = "EOF";
    } catch (ErrnoException e) {
      outcome = e.errno().name();
    }
    return outcome + " " + Arrays.toString(stream.written());
  }

  private static String answered(byte[] input, boolean withPassword, Random random)
      throws IOException {
    ArrayStream stream = new ArrayStream(input, random);
    Socks5Client client =
        withPassword ? Socks5Client.withPassword("user", "pass") : Socks5Client.anonymous();
    try {
      return client.connect(stream, SERVER) + " " + stream.position();
    } catch (EOFException e) {
      return "EOF";
    } catch (ErrnoException e) {
      return e.errno().name();
    }
  }

  // ---- the whole input

  /** A parser that throws the outcome if it is not success. */
  private static final class Input {
    private static final class Refusal extends Exception {
      private static final long serialVersionUID = 1L;

      Refusal(String outcome) {
        super(outcome);
      }
    }

    private final byte[] bytes;
    private String written = "";
    private int at;

    Input(byte[] bytes) {
      this.bytes = bytes;
    }

    private int next() throws Refusal {
      if (at == bytes.length) {
        throw new Refusal("EOF");
      }
      return bytes[at++] & 0xff;
    }

    private byte[] next(int count) throws Refusal {
      if (bytes.length - at < count) {
        throw new Refusal("EOF");
      }
      at += count;
      return part(bytes, at - count, at);
    }

    /** Both bytes arrive together or not at all. */
    private int versioned(int version) throws Refusal {
      byte[] both = next(2);
      if (both[0] != version) {
        throw new Refusal("EPROTO");
      }
      return both[1] & 0xff;
    }

    private void write(String text) {
      written += text;
    }

    private InetSocketAddress address() throws Refusal {
      int type = next(2)[1];
      if (type == 3) {
        int length = next();
        byte[] name = next(length);
        int port = port();
        for (byte b : name) {
          if (b <= ' ' || b == 0x7f) {
            throw new Refusal("EPROTO");
          }
        }
        if (length == 0) {
          throw new Refusal("EPROTO");
        }
        return InetSocketAddress.createUnresolved(new String(name, ISO_8859_1), port);
      }
      if (type != 1 && type != 4) {
        throw new Refusal("EAFNOSUPPORT");
      }
      byte[] ip = next((type == 1 ? 4 : 16));
      try {
        return new InetSocketAddress(InetAddress.getByAddress(ip), port());
      } catch (UnknownHostException e) {
        throw new AssertionError(e);
      }
    }

    private int port() throws Refusal {
      byte[] port = next(2);
      return ((port[0] & 0xff) << 8) | (port[1] & 0xff);
    }

    private void authenticated(boolean withPassword) throws Refusal {
      byte[] offered = next(versioned(5));
      boolean isOffered = false;
      for (byte method : offered) {
        isOffered |= method == (withPassword ? 2 : 0);
      }
      write(isOffered ? (withPassword ? "\5\2" : "\5\0") : "\5\377");
      if (!isOffered) {
        throw new Refusal("EACCES");
      }
      if (withPassword) {
        String user = new String(next(versioned(1)), UTF_8);
        next(next());
        write(user.isEmpty() ? "\1\1" : "\1\0");
        if (user.isEmpty()) {
          throw new Refusal("EACCES");
        }
      }
    }

    String request(boolean withPassword) {
      String outcome;
      try {
        authenticated(withPassword);
        int command = versioned(5);
        InetSocketAddress address = address();
        if (command < 1 || command > 3) {
          write("\5\7\0\1\0\0\0\0\0\0");
          throw new Refusal("EOPNOTSUPP");
        }
        outcome =
            List.of("CONNECT", "BIND", "UDP_ASSOCIATE").get(command - 1) + " " + address + " " + at;
      } catch (Refusal e) {
        outcome = String.valueOf(e.getMessage());
        if (outcome.equals("EAFNOSUPPORT")) {
          write("\5\10\0\1\0\0\0\0\0\0");
        }
      }
      return outcome + " " + Arrays.toString(written.getBytes(ISO_8859_1));
    }

    String answer(boolean withPassword) {
      try {
        int method = versioned(5);
        if (method == 0xff) {
          return "EACCES";
        }
        if (method != 0 && !(method == 2 && withPassword)) {
          return "EPROTO";
        }
        if (method == 2 && versioned(1) != 0) {
          return "EACCES";
        }
        int reply = versioned(5);
        if (reply != 0) {
          return replyName(reply);
        }
        return address() + " " + at;
      } catch (Refusal e) {
        String outcome = String.valueOf(e.getMessage());
        return outcome.equals("EAFNOSUPPORT") ? "EPROTO" : outcome;
      }
    }

    private static String replyName(int reply) {
      String[] names = {
        "EIO",
        "EACCES",
        "ENETUNREACH",
        "EHOSTUNREACH",
        "ECONNREFUSED",
        "ETIMEDOUT",
        "EOPNOTSUPP",
        "EAFNOSUPPORT"
      };
      return reply <= names.length ? names[reply - 1] : "EPROTO";
    }
  }
}
