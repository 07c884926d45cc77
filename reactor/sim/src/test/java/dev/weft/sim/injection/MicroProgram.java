// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroPair;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroRequest;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroSocket;
import dev.weft.micro.MicroThread;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A service of micro-processes and its clients. A failure ends at most one connection: the others
 * are served, and so are later ones.
 */
public class MicroProgram extends Program {
  private static final MicroOptions OPTIONS =
      MicroOptions.ofPages(64).withStackful(!hasTwin(Echo.class));
  private static final int CLIENTS = 3;
  private static final int ROUNDS = 3;
  private static final byte[] LINE = {'a', 'b', '\n'};

  private @Nullable MicroService service;
  private int failed;

  /** Whether the weaver has made the second form of a thread. */
  private static boolean hasTwin(Class<? extends MicroThread> thread) {
    return Stream.of(thread.getDeclaredMethods())
        .anyMatch(method -> method.getName().equals("run") && method.getParameterCount() == 1);
  }

  public MicroProgram() {
    this(true);
  }

  private MicroProgram(boolean simulated) {
    super(simulated);
  }

  /** The same on a ring. */
  public static final class OnRing extends MicroProgram {
    public OnRing() {
      super(false);
    }
  }

  /**
   * Echoes lines, as many bytes of each as another thread answers. Every other one writes through a
   * pipe to a third thread; the others pass each line through another process. The first one asks
   * another service as well.
   */
  private static final class Echo extends MicroThread {
    private @Nullable MicroService behind;
    private final boolean sleeps;
    private final Answering answering = new Answering();
    private final MicroRequest<Integer, Integer> request = new MicroRequest<>();

    Echo(@Nullable MicroService behind, boolean sleeps) {
      this.behind = behind;
      this.sleeps = sleeps;
    }

    @Override
    protected void run() throws Exception {
      deadline(soon());
      child(answering);
      play(answering);
      boolean pipes = behind == null;
      if (pipes) {
        Forwarding forwarding = new Forwarding();
        responder(forwarding);
        play(forwarding);
      }
      MicroSocket relay = pipes ? null : relay();
      MicroBlock line = calloc(LINE.length, 1);
      for (int count; (count = readline(line, LINE.length)) > 0; ) {
        if (relay != null) {
          pass(line, count, relay);
        }
        if (sleeps) {
          Fiber.sleep(Duration.ofMillis(1));
        }
        write(line, answered(count));
        if (pipes) {
          hup();
        }
        MicroService other = behind;
        if (other != null) {
          behind = null;
          askOther(other);
        }
      }
      send(answering, new MicroRequest<Integer, Integer>(), Answering.NO_MORE);
    }

    private MicroSocket relay() throws Exception {
      MicroPair pair = pair();
      MicroProcess.start(new Relaying(), OPTIONS, pair.second());
      return adopt(pair.first());
    }

    private static void pass(MicroBlock line, int count, MicroSocket relay) throws Exception {
      relay.write(line, count);
      relay.hup();
      line.fill((byte) 0);
      if (relay.read(line, count) < count) {
        throw new IOException("the relay has gone");
      }
    }

    private int answered(int count) throws Exception {
      Integer answer = request(answering, request, count);
      if (answer != count) {
        throw new AssertionError(count + " was answered by " + answer);
      }
      send(answering, new MicroRequest<Integer, Integer>(), -count);
      pause(); // until it plays this thread
      return answer;
    }

    private void askOther(MicroService other) throws Exception {
      MicroSocket socket = connect(other.localAddress());
      if (socket != null) {
        Asker asker = new Asker();
        child(asker, socket, socket);
        play(asker);
      }
    }
  }

  /** Answers positive numbers by themselves; plays who sends negative ones. */
  private static final class Answering extends MicroThread {
    static final int NO_MORE = 0;

    @Override
    protected void run() throws Exception {
      MicroRequest<Integer, Integer> request = listen();
      for (int question; (question = request.question()) != NO_MORE; request = listen()) {
        if (question < 0) {
          play(request.asker());
        } else {
          respond(request, question);
        }
      }
    }
  }

  /** Forwards messages from a pipe to the connection. */
  private static final class Forwarding extends MicroThread {
    @Override
    protected void run() throws Exception {
      do {
        forward(LINE.length);
        flush();
        if (pollhup()) {
          readhup();
        }
      } while (pollread() > 0);
    }
  }

  /** Sends back what comes from another process, when it has come as a whole. */
  private static final class Relaying extends MicroThread {
    @Override
    protected void run() throws Exception {
      while (pollread() > 0) {
        forward(pollwrite(LINE.length) > 0 ? buffered() : 0);
        readhup();
      }
    }
  }

  /** Sends one line on another connection, and reads the echo. */
  private static final class Asker extends MicroThread {
    @Override
    protected void run() throws Exception {
      write(LINE);
      MicroBlock line = calloc(LINE.length, 1);
      readline(line, LINE.length);
    }

    @Override
    protected void lastly() {
      if (errno() == Errno.EPIPE) {
        lower();
      }
    }
  }

  @Override
  final List<FiberTask> tasks() {
    return List.of(this::serve);
  }

  private void serve() throws Exception {
    int[] made = {0};
    MicroService started =
        MicroService.start(
            ANY_PORT,
            OPTIONS,
            () -> new Echo(made[0] % 2 == 0 ? service : null, made[0]++ % 3 == 0));
    service = started;
    Fiber[] clients = new Fiber[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
      clients[i] = Fiber.start(() -> guarded(() -> client(started.localAddress())));
    }
    for (Fiber client : clients) {
      client.join(soon());
    }
  }

  private void client(InetSocketAddress address) throws Exception {
    try {
      converse(address);
    } catch (IOException | RuntimeException | Error e) {
      if (!Fiber.current().isCancelled()) { // as in a simulation that ends, with its processes
        failed++;
      }
      throw e;
    }
  }

  private static void converse(InetSocketAddress address) throws Exception {
    Deadline deadline = soon();
    try (var closer = closing(TcpSocket.connect(address, deadline));
        Arena arena = Arena.ofShared()) {
      TcpSocket socket = closer.subject();
      MemorySegment line = arena.allocate(LINE.length);
      for (int round = 0; round < ROUNDS; round++) {
        line.copyFrom(MemorySegment.ofArray(LINE));
        socket.write(line, deadline);
        for (long at = 0; at < LINE.length; ) {
          int count = socket.read(line.asSlice(at), deadline);
          if (count < 0) {
            throw new IOException("the process has gone");
          }
          at += count;
        }
      }
    }
  }

  @Override
  final void atEnd() throws Exception {
    MicroService started = service;
    if (started == null) {
      return;
    }
    if (failed > Injection.count()) {
      broken(failed + " connections have failed");
    }
    try {
      converse(started.localAddress());
    } catch (CancelledException e) {
      // A simulation ends with the first uncaught failure.
    } catch (Exception e) {
      broken("the service has stopped: " + e);
    }
    started.close();
    started.join(soon());
  }
}
