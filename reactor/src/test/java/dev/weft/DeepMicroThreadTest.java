// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroFault;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroRequest;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroSocket;
import dev.weft.micro.MicroThread;
import dev.weft.net.TcpListener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Calls of micro-threads at the end of the stack, as in {@link DeepStackTest}; and threads whose
 * body overflows it.
 */
@Tag("needs-stack")
class DeepMicroThreadTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final MicroOptions OPTIONS = MicroOptions.ofPages(64).withStackful(true);

  private final StackEnd end = new StackEnd();

  /** Keeps the failure of its test, which is run on its process's fiber. */
  private abstract static class Tester extends MicroThread {
    private @Nullable Throwable failure;

    abstract void test() throws Exception;

    final @Nullable Throwable failure() {
      return failure;
    }

    @Override
    protected final void run() throws Exception {
      try {
        test();
      } catch (Throwable e) {
        failure = e;
      }
    }
  }

  private void run(FiberKind kind, Tester tester) throws Exception {
    end.run(kind, () -> MicroProcess.start(tester, OPTIONS).join());
    assertNull(tester.failure());
  }

  // ---- the end of a process

  /** Recurses until the stack overflows. */
  private static final class Endless extends MicroThread {
    @Nullable Errno errno;
    @Nullable Throwable cause;
    int depth;

    @Override
    @SuppressWarnings("InfiniteRecursion") // what is tested
    protected void run() throws Exception {
      depth++;
      run();
    }

    @Override
    protected void lastly() {
      errno = errno();
      MicroFault fault = fault();
      cause = fault == null ? null : fault.cause();
    }
  }

  /** Yields to the other processes until {@link #isToEnd}. */
  private static final class Patient extends MicroThread {
    boolean isToEnd;
    boolean hasReturned;

    @Override
    protected void run() throws Exception {
      while (!isToEnd) {
        Fiber.yield();
      }
      hasReturned = true;
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void anOverflowEndsItsProcessAndNoOther(FiberKind kind) throws Exception {
    Endless endless = new Endless();
    Patient patient = new Patient();
    Patient later = new Patient();
    later.isToEnd = true;
    ReactorOptions options =
        Reactors.options()
            .withFiberKind(kind)
            .withStackful(kind == FiberKind.BATON || Reactors.options().stackful());
    try (Reactor reactor = Reactors.open(options)) {
      reactor.run(
          () -> {
            MicroProcess other = MicroProcess.start(patient, OPTIONS);
            MicroProcess.start(endless, OPTIONS).join();
            MicroProcess.start(later, OPTIONS).join();
            patient.isToEnd = true;
            other.join();
          });
    }
    assertEquals(Errno.EFAULT, endless.errno);
    assertInstanceOf(StackOverflowError.class, endless.cause);
    assertTrue(endless.depth > 1);
    assertTrue(patient.hasReturned);
    assertTrue(later.hasReturned);
  }

  // ---- calls

  private static final class Answering extends MicroThread {
    @Override
    protected void run() throws Exception {
      while (true) {
        MicroRequest<Integer, Integer> request = listen();
        respond(request, request.question() + 1);
      }
    }
  }

  private final class Asking extends Tester {
    private int asked;

    @Override
    void test() throws Exception {
      Answering other = new Answering();
      child(other);
      play(other);
      end.tryThere(
          () -> {
            asked++;
            int answer = request(other, new MicroRequest<Integer, Integer>(), asked);
            assertEquals(asked + 1, answer);
          });
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void requests(FiberKind kind) throws Exception {
    run(kind, new Asking());
  }

  /** Checks that the bytes are consecutive numbers. */
  private static final class Reading extends MicroThread {
    int read;
    boolean isWrong;
    private final MicroThread writer;

    Reading(MicroThread writer) {
      this.writer = writer;
    }

    @Override
    protected void run() throws Exception {
      MicroBlock one = calloc(1, 1);
      while (read(one, 1) == 1) {
        isWrong |= one.getByte(0) != (byte) read;
        read++;
        play(writer);
      }
    }
  }

  private final class Writing extends Tester {
    final Reading reader = new Reading(this);
    int written;
    private boolean isWritten;
    private final byte[] number = {0};

    @Override
    void test() throws Exception {
      responder(reader);
      play(reader);
      end.tryThere(
          () -> {
            if (!isWritten) {
              write(number);
              isWritten = true;
              written++;
              number[0] = (byte) written;
            }
            call(reader);
            isWritten = false;
          });
      txClose();
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void pipes(FiberKind kind) throws Exception {
    Writing writer = new Writing();
    run(kind, writer);
    assertFalse(writer.reader.isWrong);
    assertEquals(writer.written, writer.reader.read);
  }

  private final class Sleeping extends Tester {
    @Override
    void test() throws Exception {
      end.tryThere(() -> Fiber.sleep(Duration.ofNanos(1000)));
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void fiberCalls(FiberKind kind) throws Exception {
    run(kind, new Sleeping());
  }

  private final class Connecting extends Tester {
    private final InetSocketAddress address;

    Connecting(InetSocketAddress address) {
      this.address = address;
    }

    @Override
    void test() throws Exception {
      end.tryThere(
          () -> {
            MicroSocket made = connect(address);
            if (made == null) {
              throw new AssertionError("not connected");
            }
            made.rxClose(); // if this fails, the end of the thread closes it
            made.txClose();
          });
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void connections(FiberKind kind) throws Exception {
    Connecting[] tester = new Connecting[1];
    end.run(
        kind,
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
            Fiber closing = Fiber.start(() -> acceptAndClose(listener));
            tester[0] = new Connecting(listener.localAddress());
            MicroProcess.start(tester[0], MicroOptions.ofPages(4096).withStackful(true)).join();
            closing.close();
          }
        });
    assertNull(tester[0].failure());
  }

  private static void acceptAndClose(TcpListener listener) throws Exception {
    while (true) {
      listener.accept().close();
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void services(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          MicroService first = MicroService.start(ANY_PORT, OPTIONS, Patient::new);
          first.close();
          first.join(); // loads what the loop calls then, and a failed start too
          end.tryThere(
              () -> {
                try (MicroService service = MicroService.start(ANY_PORT, OPTIONS, Patient::new)) {
                  assertEquals(0, service.connections());
                }
              });
        });
  }
}
