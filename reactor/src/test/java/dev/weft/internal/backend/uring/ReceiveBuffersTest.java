// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.bindings.sockaddr_in;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Receives that hold no memory while they wait. */
class ReceiveBuffersTest {
  private static final int BYTES = Pages.PAGE_BYTES;
  private static final int LOOPBACK = 0x0100007f; // in the network's order

  private final Arena arena = Arena.ofAuto();
  private UringBackend backend;
  private Pages pages;
  private int[] pair;
  private Handle receiver;
  private Op op;

  /** A ring belongs to the thread that opens it, which is not that of a method before each test. */
  private void run(Runnable body) throws Exception {
    try (Pages mapped = Pages.map(2L * BYTES, false);
        UringBackend opened = UringBackend.open(8, 32)) {
      backend = opened;
      pages = mapped;
      pair = connect();
      receiver = Handle.borrowed(pair[0], "receiver");
      op = backend.create(done -> {});
      assertTrue(backend.openReceiveBuffers(2) >= 0);
      body.run();
      for (int fd : pair) {
        Libc.close(fd);
      }
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      abort(e.getMessage());
    }
  }

  /** Both ends of a connection. */
  private int[] connect() {
    int length = (int) sockaddr_in.sizeof();
    MemorySegment address = arena.allocate(sockaddr_in.layout());
    sockaddr_in.sin_family(address, (short) weft_h.AF_INET());
    address.set(ValueLayout.JAVA_INT, Integer.BYTES, LOOPBACK);
    int listener = Libc.socket(weft_h.AF_INET(), weft_h.SOCK_STREAM());
    assertEquals(0, Libc.bind(listener, address.address(), length));
    assertEquals(0, Libc.listen(listener, 1));
    assertEquals(0, Libc.localName(listener, address.address(), length));
    int there = Libc.socket(weft_h.AF_INET(), weft_h.SOCK_STREAM());
    Op setup = backend.create(ignored -> {});
    assertEquals(
        0, perform(setup.connect(Handle.borrowed(there, "client"), address.address(), length)));
    int[] accepted = new int[1];
    Op accept = backend.create(done -> accepted[0] = Math.max(accepted[0], done.result()));
    backend.submit(accept.acceptMultishot(Handle.borrowed(listener, "listener")));
    while (accepted[0] == 0) {
      backend.poll(Backend.FOREVER);
    }
    backend.cancel(accept);
    while (!accept.isDone()) {
      backend.poll(Backend.FOREVER);
    }
    Libc.close(listener);
    return new int[] {accepted[0], there};
  }

  private int perform(Op request) {
    backend.submit(request);
    while (!request.isDone()) {
      backend.poll(Backend.FOREVER);
    }
    return request.result();
  }

  private void send(long value) {
    MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_LONG, value);
    assertEquals(Long.BYTES, Libc.write(pair[1], bytes.address(), Long.BYTES));
  }

  private void offer(int number, int page) {
    backend.offerReceiveBuffer(number, pages.address() + (long) page * BYTES, BYTES);
  }

  @Test
  void whatComesIsInTheOldestBufferWhoseNumberIsTold() throws Exception {
    run(
        () -> {
          offer(7, 0);
          offer(9, 1);
          backend.submit(op.receiveAny(receiver));
          backend.poll(0);
          assertTrue(op.isBusy(), "there is nothing yet");

          send(42);
          while (!op.isDone()) {
            backend.poll(Backend.FOREVER);
          }

          assertEquals(Long.BYTES, op.result());
          assertEquals(7, op.buffer());
          assertEquals(42, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address()));
          send(43);
          assertEquals(Long.BYTES, perform(op.receiveAny(receiver)));
          assertEquals(9, op.buffer());
          assertEquals(43, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address() + BYTES));
        });
  }

  @Test
  void buffersGoAroundMoreOftenThanTheirCounterHasNumbers() throws Exception {
    run(
        () -> {
          offer(0, 0);
          for (int i = 0; i < 70_000; i++) {
            send(i);
            assertEquals(Long.BYTES, perform(op.receiveAny(receiver)));
            assertEquals(0, op.buffer());
            assertEquals(i, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address()));
            offer(0, 0);
          }
        });
  }

  @Test
  void withoutABufferThatIsToldWhenSomethingHasCome() throws Exception {
    run(
        () -> {
          send(1);

          assertEquals(-Errno.ENOBUFS.code(), perform(op.receiveAny(receiver)));
          assertEquals(-1, op.buffer());

          offer(0, 0);
          assertEquals(Long.BYTES, perform(op.receiveAny(receiver)));
        });
  }

  @Test
  void aCancelledReceiveLeavesTheBufferOnOffer() throws Exception {
    run(
        () -> {
          offer(3, 0);
          backend.submit(op.receiveAny(receiver));
          backend.poll(0);
          backend.cancel(op);
          while (!op.isDone()) {
            backend.poll(Backend.FOREVER);
          }
          assertEquals(-Errno.ECANCELED.code(), op.result());
          assertEquals(-1, op.buffer());

          send(5);

          assertEquals(Long.BYTES, perform(op.receiveAny(receiver)));
          assertEquals(3, op.buffer());
        });
  }

  @Test
  void thereIsOneSetOfThemAtATime() throws Exception {
    run(
        () -> {
          assertEquals(-Errno.EEXIST.code(), backend.openReceiveBuffers(2));
          backend.closeReceiveBuffers();
          assertTrue(backend.openReceiveBuffers(4) >= 0);
        });
  }
}
