// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Receives into buffers that the kernel chooses, which hold no memory while they wait. */
@Tag("mode-independent")
class ReceiveBuffersTest {
  private static final int BYTES = Pages.PAGE_BYTES;

  private final Arena arena = Arena.ofAuto();
  private UringBackend backend;
  private BufferGroup group;
  private Pages pages;
  private int[] pair;
  private Handle receiver;
  private Op op;

  /** Opens the ring in the test's own thread, to which it belongs, unlike a BeforeEach method. */
  private void run(Runnable body) throws Exception {
    try (Pages mapped = Pages.map(2L * BYTES, false);
        UringBackend opened = UringBackend.open(8, 32)) {
      backend = opened;
      pages = mapped;
      pair = connect();
      receiver = Handle.borrowed(pair[0], "receiver");
      op = backend.create(done -> {});
      group = open(2);
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
    Op setup = backend.create(ignored -> {});
    Call call = new Call();
    Handle listener = socket(call, "listener");
    Handle client = socket(call, "client");
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    assertEquals(0, backend.perform(call.bind(listener, any)));
    assertEquals(0, backend.perform(call.listen(listener, 1)));
    assertEquals(0, backend.perform(call.localAddress(listener)));
    assertEquals(0, perform(setup.connect(client, call.address())));
    int[] accepted = new int[1];
    Op accept = backend.create(done -> accepted[0] = Math.max(accepted[0], done.result()));
    backend.submit(accept.acceptMultishot(listener));
    while (accepted[0] == 0) {
      backend.poll(Backend.FOREVER);
    }
    backend.cancel(accept);
    while (!accept.isDone()) {
      backend.poll(Backend.FOREVER);
    }
    Libc.close(listener.number());
    return new int[] {accepted[0], client.number()};
  }

  private Handle socket(Call call, String name) {
    return Handle.borrowed(
        backend.perform(call.socket(StandardProtocolFamily.INET, SocketType.STREAM)), name);
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
    group.offer(number, Memory.ALL, pages.address() + (long) page * BYTES);
  }

  @Test
  void aReceiveUsesTheOldestBufferAndReportsItsNumber() throws Exception {
    run(
        () -> {
          offer(7, 0);
          offer(9, 1);
          backend.submit(op.receiveAny(receiver, group));
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
          assertEquals(Long.BYTES, perform(op.receiveAny(receiver, group)));
          assertEquals(9, op.buffer());
          assertEquals(43, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address() + BYTES));
        });
  }

  @Test
  void buffersAreReusedBeyondTheOverflowOfTheirCounter() throws Exception {
    run(
        () -> {
          offer(0, 0);
          for (int i = 0; i < 70_000; i++) {
            send(i);
            assertEquals(Long.BYTES, perform(op.receiveAny(receiver, group)));
            assertEquals(0, op.buffer());
            assertEquals(i, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address()));
            offer(0, 0);
          }
        });
  }

  @Test
  void aReceiveWithoutABufferFailsWhenBytesArrive() throws Exception {
    run(
        () -> {
          send(1);

          assertEquals(-Errno.ENOBUFS.code(), perform(op.receiveAny(receiver, group)));
          assertEquals(-1, op.buffer());

          offer(0, 0);
          assertEquals(Long.BYTES, perform(op.receiveAny(receiver, group)));
        });
  }

  @Test
  void aCancelledReceiveLeavesTheBufferInItsGroup() throws Exception {
    run(
        () -> {
          offer(3, 0);
          backend.submit(op.receiveAny(receiver, group));
          backend.poll(0);
          backend.cancel(op);
          while (!op.isDone()) {
            backend.poll(Backend.FOREVER);
          }
          assertEquals(-Errno.ECANCELED.code(), op.result());
          assertEquals(-1, op.buffer());

          send(5);

          assertEquals(Long.BYTES, perform(op.receiveAny(receiver, group)));
          assertEquals(3, op.buffer());
        });
  }

  @Test
  void eachGroupHasItsOwnNumberAndBuffers() throws Exception {
    run(
        () -> {
          BufferGroup other = open(4);
          assertNotEquals(group.number(), other.number());
          offer(1, 0);
          other.offer(1, Memory.ALL, pages.address() + BYTES);

          send(6);
          assertEquals(Long.BYTES, perform(op.receiveAny(receiver, other)));
          assertEquals(6, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address() + BYTES));
          send(7);
          assertEquals(-Errno.ENOBUFS.code(), perform(op.receiveAny(receiver, other)));
          assertEquals(Long.BYTES, perform(op.receiveAny(receiver, group)));
          assertEquals(7, Memory.ALL.get(ValueLayout.JAVA_LONG, pages.address()));
        });
  }

  @Test
  void theNumberOfAClosedGroupIsReused() throws Exception {
    run(
        () -> {
          BufferGroup second = open(2);
          int number = second.number();
          open(2);
          second.close();
          second.close(); // does nothing
          assertThrows(
              IllegalStateException.class, () -> second.offer(0, Memory.ALL, pages.address()));
          assertEquals(number, open(8).number());
        });
  }

  private BufferGroup open(int count) {
    return Objects.requireNonNull(backend.openBufferGroup(count, BYTES));
  }
}
