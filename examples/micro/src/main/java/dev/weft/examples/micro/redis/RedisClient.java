// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroSocket;
import dev.weft.micro.MicroThread;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a server, sends the commands of its input, and writes the answers. One thread does
 * each, so that any number of commands can be pipelined. The connection is closed only after all
 * commands have been answered: a server may drop answers to a client that has shut down its output.
 */
final class RedisClient extends MicroThread {
  /** Two sockets, and the blocks of the two threads. */
  static final int PAGES = 2 * 8 + 2 + 1;

  private static final Set<Errno> OF_CONNECTIONS =
      EnumSet.of(
          Errno.ECONNRESET, Errno.ETIMEDOUT, Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.ENETDOWN);

  private final InetSocketAddress address;
  private final String place;
  private final Sender sender = new Sender();
  private final Receiver receiver = new Receiver();
  private long commands;
  private long answers;
  private boolean isShutdown;
  private boolean hasNoReader;
  private @Nullable String complaint;

  /** A client of the server at {@code address}, called {@code place} in messages. */
  RedisClient(InetSocketAddress address, String place) {
    this.address = address;
    this.place = place;
  }

  /** The error message, or null. */
  @Nullable String complaint() {
    return complaint;
  }

  /** Whether the reader of its output has closed it. */
  boolean hasNoReader() {
    return hasNoReader;
  }

  private void complain(String message) {
    if (complaint == null) {
      complaint = message;
    }
  }

  @Override
  protected void run() throws Exception {
    MicroSocket server = connect(address);
    if (server == null) {
      return;
    }
    child(sender, socket(), server);
    child(receiver, server, socket());
    play(sender);
    play(receiver);
    while (!receiver.isEnded() && !(sender.isEnded() && answers >= commands)) {
      pause();
    }
    if (receiver.isEnded() && !hasNoReader) {
      serverEnded();
    }
    end(receiver);
    end(sender);
    if (sender.complaint() != null) {
      complain("standard input: " + sender.complaint());
    }
  }

  private void end(MicroThread thread) throws Exception {
    if (!thread.isEnded()) {
      raiseAt(thread, Errno.EINTR);
    }
  }

  private void serverEnded() {
    long open = commands - answers;
    if (receiver.complaint() != null) {
      complain(place + ": " + receiver.complaint());
    } else if (open == 0 && !sender.isEnded()) {
      complain(place + ": the server has closed the connection");
    } else if (open > 1 || (open == 1 && !isShutdown)) {
      complain(place + ": the server has closed the connection, unanswered commands: " + open);
    }
  }

  /** Sends the commands, to the end of the input or QUIT. */
  private final class Sender extends Encoder {
    @Override
    boolean begins(MicroBlock line, int start, int end) {
      String name = new String(line.toArray(start, end - start), StandardCharsets.ISO_8859_1);
      String known = name.toUpperCase(Locale.ROOT);
      commands++;
      isShutdown = known.equals("SHUTDOWN");
      return !known.equals("QUIT");
    }

    /** If the server has ended, the receiver ends too. */
    @Override
    protected void lastly() {
      Errno errno = errno();
      if (errno != null && errno != Errno.EINTR && !isOfTheServer(errno)) {
        complain("standard input: " + text(errno));
      }
      play(RedisClient.this);
    }

    private static boolean isOfTheServer(Errno errno) {
      return errno == Errno.EPIPE || OF_CONNECTIONS.contains(errno);
    }
  }

  /** Writes the answers. */
  private final class Receiver extends Decoder {
    @Override
    void answered() {
      answers++;
      if (sender.isEnded()) {
        play(RedisClient.this);
      }
    }

    @Override
    protected void lastly() {
      Errno errno = errno();
      if (errno == Errno.EPIPE) {
        hasNoReader = true;
      } else if (errno != null && errno != Errno.EINTR) {
        complain((OF_CONNECTIONS.contains(errno) ? place : "standard output") + ": " + text(errno));
      }
      play(RedisClient.this);
    }
  }

  @Override
  protected void lastly() {
    Errno errno = errno();
    if (errno != null && errno != Errno.EINTR) {
      complain("connect " + place + ": " + text(errno));
    }
  }

  private static String text(Errno errno) {
    return errno.text() + " (" + errno + ")";
  }
}
