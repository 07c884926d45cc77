// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketType;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What a backend promises of operations that do not wait, and of peeks. */
abstract class AttemptContract extends OptionContract {
  private static final int WOULD_WAIT = -Errno.EAGAIN.code();

  /** Attempts an operation; returns the result. */
  private int attempt(UnaryOperator<Op> request) {
    Op op = current().create(completed::add);
    int result = current().attempt(request.apply(op));
    assertFalse(op.isBusy());
    assertEquals(0, completed.size(), "no listener is called");
    current().release(op);
    return result;
  }

  private int peek(int socket, MemorySegment target) {
    int length = (int) target.byteSize();
    return perform(op -> op.peek(at(socket), target, 0, length));
  }

  @Test
  void anAttemptTransfersWhatIsThere() throws Exception {
    backend();
    int[] ends = connection();
    MemorySegment bytes = arena.allocate(10);
    assertEquals(WOULD_WAIT, attempt(op -> op.receive(at(ends[1]), bytes, 0, 10)));
    assertEquals(WOULD_WAIT, attempt(op -> op.receive(at(ends[1]), bytes, 0, 10)), "again");
    assertEquals(3, attempt(op -> op.send(at(ends[0]), text("abc"), 0, 3)));
    awaitReadable(ends[1]);
    assertEquals(3, attempt(op -> op.receive(at(ends[1]), bytes, 1, 9)));
    assertEquals("abc", string(bytes, 1, 3));
    assertEquals(WOULD_WAIT, attempt(op -> op.receive(at(ends[1]), bytes, 0, 10)));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    awaitReadable(ends[1]);
    assertEquals(0, attempt(op -> op.receive(at(ends[1]), bytes, 0, 10)));
    assertEquals(code(Errno.EPIPE), attempt(op -> op.send(at(ends[0]), bytes, 0, 1)));
    discard(ends);
  }

  private void awaitReadable(int descriptor) {
    assertEquals(
        PollEvents.READABLE,
        PollEvents.READABLE & perform(op -> op.poll(at(descriptor), PollEvents.READABLE)));
  }

  private static String string(MemorySegment bytes, long from, int length) {
    byte[] found = bytes.asSlice(from, length).toArray(JAVA_BYTE);
    return new String(found, StandardCharsets.US_ASCII);
  }

  @Test
  void anAttemptToSendIsShortWhenTheBufferIsFull() throws Exception {
    backend();
    int[] ends = connection();
    int length = 64 << 20; // more than the buffers hold
    MemorySegment large = arena.allocate(length);
    int sent;
    int total = 0;
    do {
      sent = attempt(op -> op.send(at(ends[0]), large, 0, length));
      total += Math.max(sent, 0);
    } while (sent > 0);
    assertEquals(WOULD_WAIT, sent);
    assertTrue(total > 0 && total < length);
    discard(ends);
  }

  @Test
  void anAttemptOnADescriptorThatIsNotOpenFails() throws Exception {
    backend();
    MemorySegment byteOfOurs = scratch();
    assertEquals(code(Errno.EBADF), attempt(op -> op.receive(at(98_765), byteOfOurs, 0, 1)));
    assertEquals(code(Errno.EBADF), attempt(op -> op.poll(at(98_765), PollEvents.READABLE)));
    int[] pipe = pipe();
    assertEquals(code(Errno.ENOTSOCK), attempt(op -> op.receive(at(pipe[0]), byteOfOurs, 0, 1)));
    discard(pipe);
  }

  @Test
  void anAttemptReadsAndWritesPipes() throws Exception {
    backend();
    int[] pipe = pipe();
    MemorySegment bytes = arena.allocate(10);
    assertEquals(WOULD_WAIT, attempt(op -> op.read(at(pipe[0]), bytes, 0, 10, HERE)));
    assertEquals(3, attempt(op -> op.write(at(pipe[1]), text("abc"), 0, 3, HERE)));
    assertEquals(2, attempt(op -> op.read(at(pipe[0]), bytes, 0, 2, HERE)));
    assertEquals(1, attempt(op -> op.read(at(pipe[0]), bytes, 2, 8, HERE)));
    assertEquals("abc", string(bytes, 0, 3));
    discard(pipe[1]);
    assertEquals(0, attempt(op -> op.read(at(pipe[0]), bytes, 0, 10, HERE)));
    discard(pipe[0]);
  }

  @Test
  void anAttemptToPollFindsWhatHolds() throws Exception {
    backend();
    int[] ends = connection();
    int events = PollEvents.READABLE | PollEvents.WRITABLE;
    assertEquals(WOULD_WAIT, attempt(op -> op.poll(at(ends[1]), PollEvents.READABLE)));
    assertEquals(PollEvents.WRITABLE, attempt(op -> op.poll(at(ends[1]), events)));
    assertEquals(1, send(ends[0], "x"));
    awaitReadable(ends[1]);
    assertEquals(PollEvents.READABLE, attempt(op -> op.poll(at(ends[1]), PollEvents.READABLE)));
    discard(ends);
  }

  @Test
  void anAttemptReceivesAndSendsDatagrams() throws Exception {
    backend();
    int receiver = call(call -> call.socket(INET, SocketType.DATAGRAM));
    int sender = call(call -> call.socket(INET, SocketType.DATAGRAM));
    assertEquals(0, bind(receiver, "127.0.0.1", 0));
    MemorySegment bytes = arena.allocate(10);
    Message message = new Message();
    assertEquals(WOULD_WAIT, attempt(op -> op.receiveMessage(at(receiver), bytes, 10, message)));
    Message sent = new Message().to(localName(receiver));
    assertEquals(3, attempt(op -> op.sendMessage(at(sender), text("abc"), 3, sent)));
    awaitReadable(receiver);
    assertEquals(2, attempt(op -> op.receiveMessage(at(receiver), bytes, 2, message)));
    assertTrue(message.isTruncated());
    assertEquals(localName(sender).getPort(), port(message));
    discard(receiver, sender);
  }

  private static int port(Message message) {
    return ((InetSocketAddress) Objects.requireNonNull(message.address())).getPort();
  }

  @Test
  void aPollDistinguishesTheEndOfThePeersOutput() throws Exception {
    backend();
    require(Capability.POLL_ERRORS);
    int[] ends = connection();
    int events = PollEvents.PEER_SHUTDOWN;
    assertEquals(WOULD_WAIT, attempt(op -> op.poll(at(ends[1]), events)));
    assertEquals(1, send(ends[0], "x"));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(PollEvents.PEER_SHUTDOWN, perform(op -> op.poll(at(ends[1]), events)));
    assertEquals(
        PollEvents.READABLE | PollEvents.PEER_SHUTDOWN,
        perform(op -> op.poll(at(ends[1]), PollEvents.READABLE | events)));
    discard(ends);
    int[] pipe = pipe();
    assertEquals(1, perform(op -> op.write(at(pipe[1]), text("x"), 0, 1, HERE)));
    discard(pipe[1]);
    assertEquals(
        PollEvents.READABLE | PollEvents.HANG_UP,
        perform(op -> op.poll(at(pipe[0]), PollEvents.READABLE)),
        "the last bytes can be read");
    discard(pipe[0]);
  }

  @Test
  void aDescriptorOfOthersIsPolledByItsNumber() throws Exception {
    backend();
    require(Capability.KERNEL_DESCRIPTORS);
    int[] pipe = pipe();
    assertEquals(WOULD_WAIT, attempt(op -> op.poll(pipe[0], PollEvents.READABLE)));
    assertEquals(1, perform(op -> op.write(at(pipe[1]), text("x"), 0, 1, HERE)));
    assertEquals(PollEvents.READABLE, perform(op -> op.poll(pipe[0], PollEvents.READABLE)));
    assertEquals(code(Errno.EBADF), perform(op -> op.poll(98_765, PollEvents.READABLE)));
    assertEquals(code(Errno.EBADF), attempt(op -> op.poll(98_765, PollEvents.READABLE)));
    discard(pipe);
  }

  // ---- peeks

  @Test
  void whatAPeekHasSeenIsReadAfterwards() throws Exception {
    backend();
    int[] ends = connection();
    MemorySegment bytes = arena.allocate(10);
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(2, peek(ends[1], bytes.asSlice(0, 2)));
    assertEquals("ab", string(bytes, 0, 2));
    assertEquals(3, peek(ends[1], bytes));
    assertEquals(3, peek(ends[1], bytes), "again");
    assertEquals(PollEvents.READABLE, attempt(op -> op.poll(at(ends[1]), PollEvents.READABLE)));
    assertEquals(1, receive(ends[1], 1));
    assertEquals(2, peek(ends[1], bytes));
    assertEquals("bc", string(bytes, 0, 2));
    assertEquals(2, send(ends[0], "de"));
    byte[] rest = new byte[4];
    for (int count = 0; count < rest.length; ) {
      count += receive(ends[1], rest.length - count);
    }
    assertEquals(WOULD_WAIT, attempt(op -> op.peek(at(ends[1]), bytes, 0, 10)));
    discard(ends);
  }

  @Test
  void aPeekWaitsForBytesOrTheEnd() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    MemorySegment bytes = arena.allocate(10);
    Op waiting = backend.create(completed::add);
    backend.submit(waiting.peek(at(ends[1]), bytes, 0, 10));
    backend.poll(0);
    assertEquals(1, send(ends[0], "x"));
    pollUntilCompleted(1);
    assertEquals(1, waiting.result());
    assertEquals(1, receive(ends[1], 10));
    backend.submit(waiting.peek(at(ends[1]), bytes, 0, 10));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    pollUntilCompleted(2);
    assertEquals(0, waiting.result());
    assertEquals(0, peek(ends[1], bytes));
    assertEquals(0, receive(ends[1], 10));
    discard(ends);
  }

  @Test
  void aCancelledPeekLeavesTheBytes() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    Op waiting = backend.create(completed::add);
    backend.submit(waiting.peek(at(ends[1]), arena.allocate(10), 0, 10));
    backend.poll(0);
    backend.cancel(waiting);
    pollUntilCompleted(1);
    assertEquals(CANCELED, waiting.result());
    assertEquals(1, send(ends[0], "x"));
    assertEquals(1, receive(ends[1], 10));
    discard(ends);
  }

  @Test
  void closingAfterAPeekResetsTheConnection() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(1, peek(ends[1], arena.allocate(1)));
    discard(ends[1]);
    assertEquals(code(Errno.ECONNRESET), receive(ends[0], 10));
    discard(ends[0]);
  }

  @Test
  void aPeekOfWhatIsNoConnectionFailsAsAReceive() throws Exception {
    backend();
    int socket = socket(INET);
    assertEquals(code(Errno.ENOTCONN), peek(socket, arena.allocate(1)));
    int[] pipe = pipe();
    assertEquals(code(Errno.ENOTSOCK), peek(pipe[0], arena.allocate(1)));
    discard(pipe);
    discard(socket);
  }

  // ---- several segments

  @Test
  void gatheredBytesAreSentInOrder() throws Exception {
    backend();
    int[] ends = connection();
    Gather gather = new Gather();
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      String each = "<" + i + ">";
      assertEquals(each.length(), gather.add(text("-" + each), 1, each.length()));
      expected.append(each);
    }
    for (boolean more : new boolean[] {true, false}) {
      assertEquals(expected.length(), perform(op -> op.sendGathered(at(ends[0]), gather, more)));
    }
    assertEquals(expected + expected.toString(), receiveAll(ends[1], 2 * expected.length()));
    assertEquals(expected.length(), attempt(op -> op.sendGathered(at(ends[0]), gather, false)));
    assertEquals(expected.toString(), receiveAll(ends[1], expected.length()));
    discard(ends);
  }

  private String receiveAll(int socket, int length) {
    MemorySegment bytes = arena.allocate(length);
    for (int count = 0; count < length; ) {
      int from = count;
      int received = perform(op -> op.receive(at(socket), bytes, from, length - from));
      assertTrue(received > 0, () -> "received " + received);
      count += received;
    }
    return string(bytes, 0, length);
  }

  @Test
  void aGatheredSendTransfersAllBytesHoweverSmallTheBuffers() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int length = 4 << 20;
    Gather gather = new Gather();
    for (int i = 0; i < 3; i++) {
      assertEquals(length, gather.add(arena.allocate(length), 0, length));
    }
    Op send = backend.create(completed::add);
    backend.submit(send.sendGathered(at(ends[0]), gather, false));
    for (int received = 0; received < 3 * length; ) {
      int count = receive(ends[1], 1 << 20);
      assertTrue(count > 0);
      received += count;
    }
    pollUntilCompleted(1);
    assertEquals(3 * length, send.result());
    discard(ends);
  }

  @Test
  void aCancelledGatheredSendReportsHowMuchItSent() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int length = 64 << 20;
    Gather gather = new Gather();
    gather.add(text("ab"), 0, 2);
    gather.add(arena.allocate(length), 0, length);
    Op send = backend.create(completed::add);
    backend.submit(send.sendGathered(at(ends[0]), gather, false));
    backend.poll(0);
    backend.cancel(send);
    pollUntilCompleted(1);
    assertTrue(send.result() > 2 && send.result() < length, send::toString);
    discard(ends);
  }

  @Test
  void aGatheredSendToAClosedEndFails() throws Exception {
    backend();
    int[] ends = connection();
    Gather gather = new Gather();
    gather.add(text("ab"), 0, 2);
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(code(Errno.EPIPE), perform(op -> op.sendGathered(at(ends[0]), gather, false)));
    discard(ends);
  }
}
