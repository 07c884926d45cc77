// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Reactor;
import dev.weft.net.SocketPair;
import dev.weft.net.UnixMessageSocket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Unix sockets for messages, of micro-threads. */
@Tag("needs-io-uring")
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class UnixMessagesTest {
  private static final String REACTORS = "REACTOR.*";
  private static final int BYTES = 64;
  private static final List<String> LOG = new ArrayList<>();

  /** Sends messages. */
  private static final class Sender extends MicroThread {
    private final UnixMessageSocket socket;
    private final String[] texts;

    Sender(UnixMessageSocket socket, String... texts) {
      this.socket = socket;
      this.texts = texts;
    }

    @Override
    protected void run() throws Exception {
      MicroSocket messages = adopt(socket);
      for (String text : texts) {
        messages.literal(text);
        messages.hup();
      }
    }
  }

  /** Reads messages through its default socket. */
  private static final class Receiver extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, BYTES);
      int length;
      do {
        length = read(block, BYTES);
        LOG.add(block.string(length));
        readhup();
      } while (length > 0);
      remoteAddress();
    }

    @Override
    protected void lastly() {
      LOG.add(String.valueOf(errno()));
    }
  }

  /** Gives its socket to a thread of its own. */
  private static final class Parent extends MicroThread {
    private final UnixMessageSocket socket;

    Parent(UnixMessageSocket socket) {
      this.socket = socket;
    }

    @Override
    protected void run() throws Exception {
      MicroSocket messages = adopt(socket);
      MicroThread receiver = new Receiver();
      child(receiver, messages, messages);
      play(receiver);
    }
  }

  /** Opens a pair. */
  private interface Opening {
    SocketPair<UnixMessageSocket> pair() throws Exception;
  }

  private static List<String> transfer(ExecutionMode mode, Opening opening, String... texts)
      throws Exception {
    LOG.clear();
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            SocketPair<UnixMessageSocket> pair = opening.pair();
            MicroProcess receiving = MicroProcess.start(new Parent(pair.first()), mode.options());
            MicroProcess.start(new Sender(pair.second(), texts), mode.options());
            receiving.join();
            assertFalse(pair.first().isOpen());
          });
    }
    return LOG;
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aThreadReadsDatagramsOfItsParentsSocket(ExecutionMode mode) throws Exception {
    assertEquals(
        List.of("one", "two", "", "EAFNOSUPPORT"),
        transfer(mode, SocketPair::openDatagrams, "one", "two", ""));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void theEndOfAConnectionIsAnEmptyMessage(ExecutionMode mode) throws Exception {
    assertEquals(
        List.of("one", "two", "", "EAFNOSUPPORT"),
        transfer(mode, SocketPair::openMessages, "one", "two"));
  }
}
