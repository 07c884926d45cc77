// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.ByteSource;
import dev.weft.io.Pipe;
import dev.weft.io.Splice;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;

/** Uses sockets, listeners and pipes, and closes them while they are in use. */
public class IoProgram extends Program {
  private static final int BYTES = 64;

  public IoProgram() {
    this(true);
  }

  private IoProgram(boolean simulated) {
    super(simulated);
  }

  /** The same on a ring. */
  public static final class OnRing extends IoProgram {
    public OnRing() {
      super(false);
    }
  }

  @Override
  final List<FiberTask> tasks() {
    return List.of(this::echo, this::pipes, this::splices, this::closes, this::closesListener);
  }

  private static void copyAll(TcpSocket socket) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(BYTES);
      for (int count; (count = socket.read(buffer, soon())) >= 0; ) {
        socket.write(buffer.asSlice(0, count), soon());
      }
    }
  }

  private static void readFully(ByteSource source, MemorySegment buffer) throws Exception {
    for (long at = 0; at < buffer.byteSize(); ) {
      int count = source.read(buffer.asSlice(at), soon());
      if (count < 0) {
        throw new IllegalStateException("the other end has gone");
      }
      at += count;
    }
  }

  private void echo() throws Exception {
    try (Closer<TcpListener> listener = closing(TcpListener.bind(ANY_PORT));
        Bundle both = Bundle.open(soon())) {
      Task<?> server =
          both.go(
              () -> {
                try (var socket = closing(listener.subject().accept(soon()))) {
                  copyAll(socket.subject());
                }
              });
      SocketOptions options = SocketOptions.defaults().withNoDelay(true);
      try (var closer =
              closing(TcpSocket.connect(listener.subject().localAddress(), options, soon()));
          Arena arena = Arena.ofShared()) {
        TcpSocket socket = closer.subject();
        MemorySegment buffer = arena.allocate(BYTES);
        socket.write(buffer, soon());
        readFully(socket, buffer);
        try {
          socket.read(buffer, Deadline.after(Duration.ofMillis(1)));
        } catch (DeadlineExceededException e) {
          socket.write(buffer, soon());
        }
        readFully(socket, buffer);
        socket.shutdownOutput();
        server.join(soon());
      }
    }
  }

  private void pipes() throws Exception {
    try (Closer<Pipe> pipe = closing(Pipe.open(4096));
        Arena arena = Arena.ofShared();
        Bundle both = Bundle.open(soon())) {
      MemorySegment out = arena.allocate(3 * 4096);
      MemorySegment in = arena.allocate(3 * 4096);
      both.go(() -> pipe.subject().sink().write(out, soon()));
      readFully(pipe.subject().source(), in);
      both.await();
    }
  }

  private void splices() throws Exception {
    try (Closer<Pipe> from = closing(Pipe.open());
        Closer<Pipe> to = closing(Pipe.open());
        Arena arena = Arena.ofShared();
        Bundle both = Bundle.open(soon())) {
      MemorySegment buffer = arena.allocate(BYTES);
      both.go(
          () -> {
            from.subject().sink().write(buffer, soon());
            from.subject().sink().close();
          });
      both.go(() -> Splice.copy(from.subject().source(), to.subject().sink()));
      readFully(to.subject().source(), arena.allocate(BYTES));
      both.await();
    }
  }

  /** Closes a socket that one fiber reads and another writes. */
  private void closes() throws Exception {
    try (Closer<TcpListener> listener = closing(TcpListener.bind(ANY_PORT));
        Arena arena = Arena.ofShared()) {
      MemorySegment in = arena.allocate(BYTES);
      MemorySegment out = arena.allocate(4 << 20);
      try (var one = closing(TcpSocket.connect(listener.subject().localAddress(), soon()));
          var other = closing(listener.subject().accept(soon()))) {
        Fiber reader = Fiber.start(() -> guarded(() -> one.subject().read(in, soon())));
        Fiber writer = Fiber.start(() -> guarded(() -> one.subject().write(out, soon())));
        Fiber.yield();
        Fiber.yield();
        one.subject().close();
        reader.join(soon());
        writer.join(soon());
        other.subject().isOpen();
      }
    }
  }

  private void closesListener() throws Exception {
    Fiber waiting;
    try (Closer<TcpListener> listener = closing(TcpListener.bind(ANY_PORT))) {
      waiting =
          Fiber.start(() -> guarded(() -> closing(listener.subject().accept(soon())).close()));
      Fiber.yield();
      try (var unfetched = closing(TcpSocket.connect(listener.subject().localAddress(), soon()))) {
        unfetched.subject().isOpen();
      }
    }
    waiting.join(soon());
  }
}
