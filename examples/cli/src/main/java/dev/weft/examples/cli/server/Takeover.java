// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Fiber;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.Programs;
import dev.weft.net.Descriptor;
import dev.weft.net.UnixListener;
import dev.weft.net.UnixMessage;
import dev.weft.net.UnixMessageSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hands sockets from a running program to the one that takes its place. The old program listens on
 * a Unix socket. The new one connects to it, gets each socket with a message of one byte, and then
 * an end; when it serves, it says so by a byte, and the old program accepts and receives no more.
 * So at every moment one of them serves, and connections stay in the backlog meanwhile, datagrams
 * in the socket's buffer.
 */
final class Takeover implements AutoCloseable {
  private static final byte SOCKET = 'S';
  private static final byte END = 'E';
  private static final byte READY = 'R';
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** Nothing is taken over. */
  static final Takeover NONE = new Takeover(null, List.of());

  /** The connection to the old program; null if there is none. */
  private final @Nullable UnixMessageSocket old;

  private final List<Descriptor> descriptors;

  private Takeover(@Nullable UnixMessageSocket old, List<Descriptor> descriptors) {
    this.old = old;
    this.descriptors = descriptors;
  }

  // ---- the new program

  /**
   * Gets the sockets of the program that listens at a path. Suspends.
   *
   * @return no sockets if there is no such program
   */
  static Takeover from(Path path) throws IOException {
    UnixMessageSocket old;
    try {
      old = UnixMessageSocket.connect(UnixDomainSocketAddress.of(path));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED) {
        return NONE;
      }
      throw e;
    }
    Takeover made = new Takeover(old, new ArrayList<>());
    boolean done = false;
    try {
      receive(path, old, made.descriptors);
      done = true;
      return made;
    } finally {
      if (!done) {
        made.close();
      }
    }
  }

  private static void receive(Path path, UnixMessageSocket old, List<Descriptor> descriptors)
      throws IOException {
    try (Arena arena = Arena.ofConfined();
        UnixMessage message = UnixMessage.takingDescriptors(arena.allocate(1))) {
      while (old.receive(message) >= 0) {
        Descriptor descriptor = message.takeDescriptor();
        if (descriptor == null) {
          return; // the end
        }
        descriptors.add(descriptor);
      }
    }
    throw new ErrnoException("take over from", path.toString(), Errno.ECONNRESET.code());
  }

  /** Lets a server take over the sockets of the old program. */
  List<ListeningSockets> adoptedBy(ReactorServer server) throws IOException {
    List<ListeningSockets> sockets = new ArrayList<>();
    while (!descriptors.isEmpty()) {
      try {
        sockets.add(server.adopt(descriptors.removeFirst().release()));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("--takeover: " + e.getMessage(), e);
      }
    }
    return sockets;
  }

  /** Reports to the old program that this one accepts connections. Suspends. */
  void ready() {
    if (old == null) {
      return;
    }
    try {
      send(old, READY, null);
    } catch (IOException e) {
      // the old program has ended meanwhile, and so accepts no more either
    }
  }

  @Override
  public void close() throws IOException {
    for (Descriptor unused : descriptors) {
      unused.close();
    }
    if (old != null) {
      old.close();
    }
  }

  // ---- the old program

  /** Listens for the next program at a path, in place of whatever was there. */
  static UnixListener listen(Path path) throws IOException {
    Files.deleteIfExists(path);
    return UnixListener.bindMessages(UnixDomainSocketAddress.of(path));
  }

  /** Waits for a program that accepts connections on the sockets that it gets here. Suspends. */
  static void handOver(UnixListener at, List<Object> sockets) {
    while (true) {
      try {
        if (isTakenOver(at, sockets)) {
          return;
        }
        Programs.report("takeover: the other program has ended before it was ready");
      } catch (IOException e) {
        Programs.report("takeover: " + e.getMessage());
        Fiber.sleep(PAUSE); // descriptors may be short
      }
    }
  }

  private static boolean isTakenOver(UnixListener at, List<Object> sockets) throws IOException {
    try (UnixMessageSocket next = at.acceptMessages();
        Arena arena = Arena.ofConfined()) {
      for (Object socket : sockets) {
        send(next, SOCKET, socket);
      }
      send(next, END, null);
      return next.receive(new UnixMessage(arena.allocate(1))) > 0;
    }
  }

  private static void send(UnixMessageSocket to, byte kind, @Nullable Object passed)
      throws IOException {
    try (Arena arena = Arena.ofConfined();
        UnixMessage message = new UnixMessage(arena.allocateFrom(ValueLayout.JAVA_BYTE, kind))) {
      message.setLength(1);
      if (passed != null) {
        message.pass(passed);
      }
      to.send(message);
    }
  }
}
