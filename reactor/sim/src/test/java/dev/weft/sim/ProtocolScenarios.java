// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.error.TaskFailedException;
import dev.weft.framing.FramingOptions;
import dev.weft.framing.PrefixStream;
import dev.weft.framing.SuffixStream;
import dev.weft.framing.TermStream;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import dev.weft.net.Socks5Client;
import dev.weft.net.Socks5Request;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** Protocols over byte streams: what is sent is received, or the failure is reported. */
final class ProtocolScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final byte[] TERMINAL = {'e', 'n', 'd'};

  private ProtocolScenarios() {}

  private static Duration someTime() {
    return Duration.ofNanos(Simulation.random().nextLong(20_000_000));
  }

  // ---- messages

  /** A number of messages in both directions, then a terminal one, then plain bytes. */
  static void messages() throws IOException {
    boolean prefixed = Simulation.random().nextBoolean();
    int count = 1 + Simulation.random().nextInt(20);
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            try (TcpSocket socket = listener.accept()) {
              talk(socket, prefixed, count);
            }
          });
      try (TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
        talk(socket, prefixed, count);
      }
      bundle.await();
    }
  }

  private static MessageStream attach(ByteStream stream, boolean prefixed) {
    FramingOptions options =
        FramingOptions.defaults().withBufferBytes(64 + Simulation.random().nextInt(200));
    return prefixed
        ? PrefixStream.attach(stream, 2, ByteOrder.LITTLE_ENDIAN, options)
        : SuffixStream.attachLines(stream, options);
  }

  private static ByteStream detach(MessageStream stream) throws IOException {
    return stream instanceof PrefixStream prefix
        ? prefix.detach()
        : ((SuffixStream) stream).detach();
  }

  private static void talk(TcpSocket socket, boolean prefixed, int count) throws IOException {
    TermStream messages = TermStream.attach(attach(socket, prefixed), TERMINAL);
    try (Bundle both = Bundle.open();
        Arena arena = Arena.ofShared()) {
      both.go(
          () -> {
            for (int i = 0; i < count; i++) {
              messages.send(message(i, arena));
            }
            messages.done();
          });
      for (int i = 0; i < count; i++) {
        receive(messages, i, arena);
      }
      assertEquals(-1, messages.receive(arena.allocate(2)));
      both.await();
      ByteStream plain = detach(messages.detach());
      both.go(() -> plain.write(arena.allocateFrom("after")));
      MemorySegment after = arena.allocate(6);
      plain.readFully(after);
      assertEquals("after", after.getString(0));
      both.await();
    }
  }

  private static int length(int number) {
    return number * 37 % 500;
  }

  private static byte byteAt(int number, int index) {
    return (byte) ('a' + (number + index) % 26);
  }

  private static SegmentList message(int number, Arena arena) {
    SegmentList list = new SegmentList();
    int length = length(number);
    for (int at = 0; at < length; ) {
      MemorySegment segment =
          arena.allocate(Math.min(length - at, 1 + Simulation.random().nextInt(150)));
      for (int i = 0; i < segment.byteSize(); i++, at++) {
        segment.set(ValueLayout.JAVA_BYTE, i, byteAt(number, at));
      }
      list.add(segment);
    }
    return list;
  }

  private static void receive(MessageStream source, int number, Arena arena) throws IOException {
    RandomGenerator random = Simulation.random();
    SegmentList target = new SegmentList();
    while (target.byteSize() < 500) {
      int bytes = random.nextInt(200);
      if (random.nextInt(4) == 0) {
        target.skip(bytes);
      } else {
        target.add(arena.allocate(bytes));
      }
    }
    int length = source.receive(target);
    assertEquals(length(number), length);
    int at = 0;
    for (int i = 0; i < target.size(); i++) {
      MemorySegment segment = target.segment(i);
      for (int j = 0; j < target.byteSize(i) && at < length; j++, at++) {
        if (segment != null) {
          assertEquals(byteAt(number, at), segment.get(ValueLayout.JAVA_BYTE, j));
        }
      }
    }
  }

  /** A receive that is cancelled or expires: messages arrive before it, and none after it. */
  static void interruptedMessages() throws IOException {
    boolean prefixed = Simulation.random().nextBoolean();
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle bundle = Bundle.supervising(ProtocolScenarios::mustBeAnEnd)) {
      bundle.go(
          () -> {
            try (TcpSocket socket = listener.accept();
                Arena arena = Arena.ofConfined()) {
              MessageStream messages = attach(socket, prefixed);
              for (int i = 0; i < 200; i++) {
                messages.send(message(i, arena));
                Fiber.sleep(Duration.ofMillis(1));
              }
            }
          });
      try (TcpSocket socket = TcpSocket.connect(listener.localAddress());
          Arena arena = Arena.ofShared()) {
        MessageStream messages = attach(socket, prefixed);
        boolean byDeadline = Simulation.random().nextBoolean();
        Deadline deadline = byDeadline ? Deadline.after(someTime()) : Deadline.NEVER;
        Task<Void> receiver = bundle.go(() -> receiveUntil(messages, deadline, arena));
        if (!byDeadline) {
          Fiber.sleep(someTime());
          receiver.cancel();
        }
        try {
          receiver.join();
        } catch (TaskFailedException | CancelledException e) {
          // as supervised
        }
        try {
          messages.receive(arena.allocate(500));
          throw new AssertionError("a message was received after a failure");
        } catch (ErrnoException e) {
          assertEquals(Errno.ECONNRESET, e.errno());
        }
      }
    }
  }

  private static void receiveUntil(MessageStream messages, Deadline deadline, Arena arena)
      throws IOException {
    MemorySegment target = arena.allocate(500);
    for (int i = 0; ; i++) {
      int length = messages.receive(target, deadline);
      assertEquals(length(i), length);
      for (int at = 0; at < length; at++) {
        assertEquals(byteAt(i, at), target.get(ValueLayout.JAVA_BYTE, at));
      }
    }
  }

  private static void mustBeAnEnd(Throwable failure) {
    if (!(failure instanceof DeadlineExceededException) && !(failure instanceof IOException)) {
      throw new AssertionError("unexpected", failure);
    }
  }

  // ---- SOCKS5

  /** Clients of a proxy, some of which are too slow or reset; the others reach their server. */
  static void socks() throws IOException {
    try (TcpListener server = TcpListener.bind(ANY_PORT);
        TcpListener proxy = TcpListener.bind(ANY_PORT);
        Bundle services = Bundle.supervising(ProtocolScenarios::mustBeAnEnd)) {
      Task<?> echo = services.go(() -> serve(server, services, false));
      Task<?> forwarding = services.go(() -> serve(proxy, services, true));
      try (Bundle clients = Bundle.open()) {
        for (int i = 0; i < 4; i++) {
          boolean isSlow = Simulation.random().nextInt(4) == 0;
          clients.go(() -> client(proxy.localAddress(), server.localAddress(), isSlow));
        }
        clients.await();
      }
      echo.cancel();
      forwarding.cancel();
    }
  }

  private static void serve(TcpListener listener, Bundle services, boolean isProxy)
      throws IOException {
    while (true) {
      TcpSocket socket = listener.accept();
      services.go(
          () -> {
            try (socket) {
              if (isProxy) {
                forward(socket);
              } else {
                copy(socket, socket);
              }
            }
          });
    }
  }

  private static void forward(TcpSocket client) throws IOException {
    Deadline limit = Deadline.after(Duration.ofSeconds(1));
    Socks5Request request =
        Socks5Request.receive(
            client, (user, password) -> user.equals("user") && password.equals("password"), limit);
    try (TcpSocket server = TcpSocket.connect(request.destination(), limit);
        Bundle both = Bundle.open()) {
      request.succeed(server.localAddress(), limit);
      both.go(() -> copy(server, client));
      copy(client, server);
      both.await();
    }
  }

  private static void copy(TcpSocket from, TcpSocket to) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(100);
      for (int count; (count = from.read(buffer)) >= 0; ) {
        to.write(buffer.asSlice(0, count));
      }
    }
    to.shutdownOutput();
  }

  private static void client(InetSocketAddress proxy, InetSocketAddress server, boolean isSlow)
      throws IOException {
    try (TcpSocket socket = TcpSocket.connect(proxy);
        Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom("through the proxy");
      if (isSlow) {
        socket.write(text.asSlice(0, 0));
        Fiber.sleep(Duration.ofSeconds(2)); // the proxy does not wait so long
        assertEquals(-1, socket.read(arena.allocate(1)));
        return;
      }
      Socks5Client.withPassword("user", "password").connect(socket, server);
      socket.write(text);
      MemorySegment answer = arena.allocate(text.byteSize());
      socket.readFully(answer);
      assertEquals(-1, text.mismatch(answer));
    }
  }
}
