// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.SocketOption;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a backend promises of receives into buffers that it chooses itself. */
abstract class ReceiveContract extends AttemptContract {
  private static final int BYTES = 16;

  /** A result of an operation that has several. */
  private record Shot(int result, int buffer, boolean more) {}

  private final List<Shot> shots = new ArrayList<>();
  private MemorySegment memory;
  private BufferGroup group;

  /** Opens a group with buffers 0 to {@code count} - 1 on offer. */
  private void offer(int count) {
    memory = arena.allocate(8 * BYTES);
    group = Objects.requireNonNull(current().openBufferGroup(8, BYTES));
    for (int i = 0; i < count; i++) {
      offerAgain(i);
    }
  }

  private void offerAgain(int number) {
    group.offer(number, memory, (long) number * BYTES);
  }

  private Op startMultishot(int socket) {
    Op op =
        current()
            .create(
                each -> {
                  shots.add(new Shot(each.result(), each.buffer(), each.hasMore()));
                  completed.add(each);
                });
    start(op.receiveMultishot(at(socket), group));
    return op;
  }

  /** The text in a buffer. */
  private String string(int buffer, int length) {
    byte[] found = memory.asSlice((long) buffer * BYTES, length).toArray(JAVA_BYTE);
    return new String(found, StandardCharsets.US_ASCII);
  }

  @Test
  void aReceiveUsesTheOldestBufferOnOffer() throws Exception {
    backend();
    require(Capability.BUFFER_GROUPS);
    int[] ends = connection();
    offer(2);
    assertEquals(3, send(ends[0], "abc"));
    Op op = current().create(completed::add);
    start(op.receiveAny(at(ends[1]), group));
    pollUntilDone(op);
    assertEquals(3, op.result());
    assertEquals(0, op.buffer());
    assertFalse(op.hasMore());
    assertEquals("abc", string(0, 3));
    start(op.receiveAny(at(ends[1]), group));
    assertEquals(0, perform(each -> each.shutdown(at(ends[0]), Direction.OUTPUT)));
    pollUntilDone(op);
    assertEquals(0, op.result());
    assertEquals(Op.NO_BUFFER, op.buffer());
    discard(ends);
  }

  @Test
  void aMultishotReceiveHasAResultForEachBuffer() throws Exception {
    backend();
    require(Capability.BUFFER_GROUPS);
    int[] ends = connection();
    offer(4);
    Op op = startMultishot(ends[1]);
    assertEquals(40, send(ends[0], "0123456789abcdef0123456789ABCDEF01234567"));
    pollUntilCompleted(3);
    assertEquals(
        List.of(new Shot(16, 0, true), new Shot(16, 1, true), new Shot(8, 2, true)), shots);
    assertEquals("0123456789abcdef", string(0, 16));
    assertEquals("0123456789ABCDEF", string(1, 16));
    assertEquals("01234567", string(2, 8));
    assertTrue(op.isBusy());

    offerAgain(1);
    assertEquals(1, send(ends[0], "x"));
    pollUntilCompleted(4);
    assertEquals(1, send(ends[0], "y"));
    pollUntilCompleted(5);
    assertEquals(List.of(new Shot(1, 3, true), new Shot(1, 1, true)), shots.subList(3, 5));
    assertEquals("y", string(1, 1));
    current().cancel(op);
    pollUntilDone(op);
    discard(ends);
  }

  @Test
  void aMultishotReceiveWithoutABufferFails() throws Exception {
    backend();
    require(Capability.BUFFER_GROUPS);
    int[] ends = connection();
    offer(1);
    Op op = startMultishot(ends[1]);
    assertEquals(20, send(ends[0], "0123456789abcdef0123"));
    pollUntilDone(op);
    assertEquals(
        List.of(new Shot(16, 0, true), new Shot(code(Errno.ENOBUFS), Op.NO_BUFFER, false)), shots);
    offerAgain(0);
    start(op.receiveMultishot(at(ends[1]), group));
    pollUntilCompleted(3);
    assertEquals(new Shot(4, 0, true), shots.get(2));
    assertEquals("0123", string(0, 4));
    current().cancel(op);
    pollUntilDone(op);
    discard(ends);
  }

  @Test
  void aMultishotReceiveEndsWithTheStream() throws Exception {
    backend();
    require(Capability.BUFFER_GROUPS);
    int[] ends = connection();
    offer(2);
    Op op = startMultishot(ends[1]);
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(0, perform(each -> each.shutdown(at(ends[0]), Direction.OUTPUT)));
    pollUntilDone(op);
    assertEquals(List.of(new Shot(3, 0, true), new Shot(0, Op.NO_BUFFER, false)), shots);
    discard(ends);
  }

  @Test
  void aMultishotReceiveHasTheBytesBeforeAReset() throws Exception {
    backend();
    require(Capability.BUFFER_GROUPS);
    int[] ends = connection();
    offer(2);
    Op op = startMultishot(ends[1]);
    assertEquals(3, send(ends[0], "abc"));
    pollUntilCompleted(1);
    assertEquals(0, call(call -> call.setOption(at(ends[0]), SocketOption.LINGER, 0)));
    discard(ends[0]);
    pollUntilDone(op);
    assertEquals(
        List.of(new Shot(3, 0, true), new Shot(code(Errno.ECONNRESET), Op.NO_BUFFER, false)),
        shots);
    discard(ends[1]);
  }

  @Test
  void aCancelledMultishotReceiveLosesNothing() throws Exception {
    backend();
    require(Capability.BUFFER_GROUPS);
    int[] ends = connection();
    offer(2);
    Op op = startMultishot(ends[1]);
    current().poll(0);
    current().cancel(op);
    pollUntilDone(op);
    assertEquals(List.of(new Shot(CANCELED, Op.NO_BUFFER, false)), shots);
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(3, receive(ends[1], 10));
    discard(ends);
  }
}
