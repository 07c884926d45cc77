// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.Errno;
import dev.weft.net.Datagram;
import dev.weft.net.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** UDP sockets of micro-threads: each message is a datagram. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class DatagramsTest {
  private static final String REACTORS = "REACTOR.*";

  /** The longest message of a micro-socket. */
  private static final int LONGEST = 16 * 1024 - 1;

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** A thread with a UDP socket, which logs the errors raised in it and lowers them. */
  private abstract static class Talker extends MicroThread {
    final List<String> log = new ArrayList<>();
    final UdpSocket socket;

    Talker(UdpSocket socket) {
      this.socket = socket;
    }

    @Override
    protected final void run() throws Exception {
      MicroSocket messages = adopt(socket);
      if (messages != null) {
        talk(messages);
      }
    }

    abstract void talk(MicroSocket messages) throws Exception;

    /** Reads a message to its end, so many bytes at a time, and acknowledges the end. */
    final void log(MicroSocket messages, int size) throws Exception {
      MicroBlock block = calloc(1, size);
      int length;
      do {
        length = messages.read(block, size);
        log.add(block.string(length) + (messages.pollhup() ? "." : ""));
      } while (!messages.pollhup());
      messages.readhup();
      free();
    }

    @Override
    protected void lastly() throws Exception {
      Errno error = errno();
      if (error != null) {
        log.add(error.toString());
        lower();
      }
    }
  }

  /** Makes the thread that talks through a connected socket. */
  private interface Talk {
    Talker on(UdpSocket socket);
  }

  /** The socket at the other end, which a fiber uses. */
  private static final class Peer {
    final UdpSocket socket;
    final InetSocketAddress talker;

    Peer(UdpSocket socket, InetSocketAddress talker) {
      this.socket = socket;
      this.talker = talker;
    }

    void send(String text) throws Exception {
      try (Arena arena = Arena.ofConfined()) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment memory = arena.allocate(Math.max(bytes.length, 1)).asSlice(0, bytes.length);
        memory.copyFrom(MemorySegment.ofArray(bytes));
        socket.send(memory, talker);
      }
    }

    String receive() throws Exception {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(LONGEST);
        Datagram datagram = new Datagram(memory);
        socket.receive(datagram);
        byte[] bytes = memory.asSlice(0, datagram.length()).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
  }

  /** What the peer does while the thread talks. */
  private interface PeerRole {
    void play(Peer peer) throws Exception;
  }

  /** Runs a thread and its peer to their ends; returns what the thread has logged. */
  private static List<String> run(ExecutionMode mode, Talk talk, PeerRole role) throws Exception {
    Talker[] made = new Talker[1];
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            try (UdpSocket far = UdpSocket.bind(anyPort())) {
              UdpSocket near = UdpSocket.connect(far.localAddress());
              made[0] = talk.on(near);
              MicroProcess process = MicroProcess.start(made[0], mode.options());
              role.play(new Peer(far, near.localAddress()));
              process.join();
              assertFalse(near.isOpen(), "closed with its thread");
            }
          });
    }
    return made[0].log;
  }

  /** Writes the parts of messages; a null ends one. */
  private static final class Writer extends Talker {
    private final @Nullable String[] parts;

    Writer(UdpSocket socket, @Nullable String... parts) {
      super(socket);
      this.parts = parts;
    }

    @Override
    void talk(MicroSocket messages) throws Exception {
      for (String part : parts) {
        if (part == null) {
          messages.hup();
        } else {
          messages.literal(part);
        }
        messages.flush(); // sends nothing
        suspend(MicroStatus.YIELD); // the process writes what is to be written
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void hupSendsWhatHasBeenWrittenAsOneDatagram(ExecutionMode mode) throws Exception {
    String longest = "x".repeat(LONGEST);
    List<String> received = new ArrayList<>();
    List<String> log =
        run(
            mode,
            socket ->
                new Writer(socket, "one, ", "in two parts", null, longest, null, "last", null, "x"),
            peer -> {
              for (int i = 0; i < 3; i++) {
                received.add(peer.receive());
              }
            });

    assertEquals(List.of("one, in two parts", longest, "last"), received);
    assertEquals(List.of(), log);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  @Tag("needs-io-uring")
  void hupOfNothingSendsAnEmptyDatagram(ExecutionMode mode) throws Exception {
    List<String> received = new ArrayList<>();
    List<String> log =
        run(
            mode,
            socket -> new Writer(socket, null, "x", null, null),
            peer -> {
              for (int i = 0; i < 3; i++) {
                received.add(peer.receive());
              }
            });

    assertEquals(List.of("", "x", ""), received);
    assertEquals(List.of(), log);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aMessageThatIsTooLongIsDroppedAsAWhole(ExecutionMode mode) throws Exception {
    List<String> received = new ArrayList<>();
    List<String> log =
        run(
            mode,
            socket -> new Writer(socket, "first", "x".repeat(LONGEST), "second", null),
            peer -> received.add(peer.receive()));

    assertEquals(List.of("EMSGSIZE"), log);
    assertEquals(List.of("second"), received);
  }

  /** Asks for the room that is left in a message, and for more. */
  private static final class Measuring extends Talker {
    Measuring(UdpSocket socket) {
      super(socket);
    }

    @Override
    void talk(MicroSocket messages) throws Exception {
      messages.literal("abc");
      log.add("room " + messages.pollwrite(LONGEST - 3));
      log.add("room " + messages.pollwrite(LONGEST - 2));
      messages.hup();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aMessageHasNoRoomBeyondItsLongest(ExecutionMode mode) throws Exception {
    List<String> received = new ArrayList<>();

    List<String> log = run(mode, Measuring::new, peer -> received.add(peer.receive()));

    assertEquals(List.of("room 16380", "EMSGSIZE", "room 16380"), log);
    assertEquals(List.of("abc"), received);
  }

  /** Reads a number of messages. */
  private static final class Reader extends Talker {
    private final int count;

    Reader(UdpSocket socket, int count) {
      super(socket);
      this.count = count;
    }

    @Override
    void talk(MicroSocket messages) throws Exception {
      for (int i = 0; i < count; i++) {
        log(messages, 4);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aDatagramIsReadToItsEnd(ExecutionMode mode) throws Exception {
    List<String> log =
        run(
            mode,
            socket -> new Reader(socket, 4),
            peer -> {
              for (String text : List.of("hello world", "", "abc", "four")) {
                peer.send(text);
              }
            });

    assertEquals(List.of("hell", "o wo", "rld.", ".", "abc.", "four."), log);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aDatagramThatIsTooLongIsAnErrorInItsPlace(ExecutionMode mode) throws Exception {
    List<String> log =
        run(
            mode,
            socket -> new Reader(socket, 2),
            peer -> {
              peer.send("x".repeat(LONGEST + 1));
              peer.send("next");
            });

    assertEquals(List.of("EMSGSIZE", ".", "next."), log);
  }

  /** Copies messages back. */
  private static final class Echo extends Talker {
    Echo(UdpSocket socket) {
      super(socket);
    }

    @Override
    void talk(MicroSocket messages) throws Exception {
      while (messages.pollread() > 0) {
        messages.readhup(); // too early
        assertEquals(messages.buffered(), messages.forward(Long.MAX_VALUE));
        messages.readhup();
        messages.hup();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void messagesAreForwarded(ExecutionMode mode) throws Exception {
    String longest = "y".repeat(LONGEST);
    List<String> received = new ArrayList<>();
    List<String> log =
        run(
            mode,
            Echo::new,
            peer -> {
              for (String text : List.of("one", longest)) {
                peer.send(text);
                received.add(peer.receive());
              }
              peer.send("");
            });

    assertEquals(List.of("one", longest), received);
    assertEquals(List.of("EAGAIN", "EAGAIN"), log);
  }

  /** Sends to a peer that is not there. */
  private static final class Caller extends Talker {
    Caller(UdpSocket socket) {
      super(socket);
    }

    @Override
    void talk(MicroSocket messages) throws Exception {
      for (int i = 0; i < 2; i++) {
        messages.literal("hello");
        messages.hup();
        log(messages, 4);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void anErrorConcernsOneMessage(ExecutionMode mode) throws Exception {
    List<String> log = new ArrayList<>();
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            UdpSocket far = UdpSocket.bind(anyPort());
            Caller caller = new Caller(UdpSocket.connect(far.localAddress()));
            far.close();
            MicroProcess.start(caller, mode.options()).join();
            log.addAll(caller.log);
          });
    }

    assertEquals(List.of("ECONNREFUSED", ".", "ECONNREFUSED", "."), log);
  }

  /** Waits for a datagram that never comes. */
  private static final class Waiter extends Talker {
    Waiter(UdpSocket socket) {
      super(socket);
    }

    @Override
    void talk(MicroSocket messages) throws Exception {
      messages.pollread();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aProcessThatWaitsForADatagramCanBeKilled(ExecutionMode mode) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            try (UdpSocket far = UdpSocket.bind(anyPort())) {
              UdpSocket near = UdpSocket.connect(far.localAddress());
              Waiter waiter = new Waiter(near);
              MicroProcess process = MicroProcess.start(waiter, mode.options());
              Fiber.yield();
              assertTrue(near.isOpen());
              process.kill();
              process.join();
              assertEquals(List.of("EINTR"), waiter.log);
              assertFalse(near.isOpen());
            }
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void aClosedSocketOrTheLocalExecutorIsRefused(ExecutionMode mode) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            UdpSocket socket =
                UdpSocket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9));
            Waiter waiter = new Waiter(socket);
            if (mode.onReactor) {
              socket.close();
              MicroProcess.start(waiter, mode.options()).join();
            } else {
              MicroProcess.runLocal(waiter, mode.options());
              assertTrue(socket.isOpen());
              socket.close();
            }
            assertEquals(List.of(mode.onReactor ? "EBADF" : "EOPNOTSUPP"), waiter.log);
          });
    }
  }
}
