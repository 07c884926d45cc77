// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What a backend promises. The same tests run on the ring and on the simulated kernel, so that
 * results of simulations are valid for Linux. This class tests operations, chains and cancels; its
 * subclasses test files and sockets.
 */
abstract class BackendContract {
  static final int CANCELED = -Errno.ECANCELED.code();
  static final long TIMEOUT_NANOS = 10_000_000_000L;
  static final StandardProtocolFamily INET = StandardProtocolFamily.INET;
  static final StandardProtocolFamily INET6 = StandardProtocolFamily.INET6;
  static final long HERE = Op.CURRENT_POSITION;

  final List<Op> completed = new ArrayList<>();
  final Arena arena = Arena.ofConfined();

  final Call call = new Call();
  private Backend opened;

  /** Opens the backend to be tested, with a queue of {@code entries}. */
  abstract Backend open(int entries) throws Exception;

  /** Sets O_NONBLOCK, as another process that shares the descriptor can do. */
  abstract void makeNonBlocking(int descriptor);

  Backend current() {
    return opened;
  }

  Backend backend() throws Exception {
    return backend(64);
  }

  Backend backend(int entries) throws Exception {
    opened = open(entries);
    return opened;
  }

  @AfterEach
  void closeBackend() {
    if (opened != null) {
      opened.close();
    }
    arena.close();
  }

  /** Whether a poll distinguishes errors and hang-ups from readiness. */
  boolean reportsErrors() {
    return opened.has(Capability.POLL_ERRORS);
  }

  /** Ends the test if the backend lacks a capability, which is tested with the others. */
  void require(Capability capability) {
    assumeTrue(opened.has(capability), capability::toString);
  }

  static int code(Errno errno) {
    return -errno.code();
  }

  /** Performs the operation that {@code request} fills in; returns the result. */
  int perform(UnaryOperator<Op> request) {
    Op op = opened.create(done -> {});
    start(request.apply(op));
    pollUntilDone(op);
    int result = op.result();
    opened.release(op);
    return result;
  }

  /** Starts an operation that {@link #pollUntilDone} waits for. */
  void start(Op op) {
    opened.submit(op);
  }

  void pollUntilDone(Op op) {
    while (!op.isDone()) {
      pollOnce();
    }
  }

  /** Polls with a limit, so that a missing completion fails the test instead of hanging it. */
  private void pollOnce() {
    assertTrue(opened.poll(TIMEOUT_NANOS) > 0, "nothing has completed");
  }

  void pollUntilCompleted(int count) {
    while (completed.size() < count) {
      pollOnce();
    }
  }

  /** A handle for operations on {@code descriptor}, which is the test's own to close. */
  static Handle at(int descriptor) {
    return Handle.borrowed(descriptor, "descriptor " + descriptor);
  }

  /** The two ends of a pipe, the reading end first. */
  int[] pipe() {
    assertEquals(0, call(Call::pipe));
    return new int[] {call.readEnd(), call.writeEnd()};
  }

  /** Performs a call; returns the result. */
  int call(UnaryOperator<Call> request) {
    return opened.perform(request.apply(call));
  }

  void discard(int... handles) {
    for (int handle : handles) {
      assertEquals(0, opened.closeDescriptor(handle));
    }
  }

  /** Memory whose content does not matter. */
  MemorySegment scratch() {
    return arena.allocate(8);
  }

  MemorySegment text(String text) {
    return arena.allocateFrom(text);
  }

  // ---- operations

  @Test
  void anOperationCompletesOnce() throws Exception {
    Backend backend = backend();
    Op op = backend.create(completed::add);
    backend.submit(op.nop());
    assertEquals(1, backend.inFlight());

    pollUntilCompleted(1);
    assertEquals(0, op.result());
    assertTrue(op.isDone());
    assertEquals(0, backend.inFlight());
    backend.poll(0);
    assertEquals(1, completed.size());
    backend.release(op);
  }

  @Test
  void moreOperationsThanTheQueueHoldsAreSubmittedInOrder() throws Exception {
    Backend backend = backend(8);
    int[] pipe = pipe();
    int count = 1000;
    MemorySegment numbers = arena.allocate(ValueLayout.JAVA_INT, count);
    for (int i = 0; i < count; i++) {
      numbers.setAtIndex(ValueLayout.JAVA_INT, i, i);
      Op op = backend.create(completed::add);
      backend.submit(op.write(at(pipe[1]), numbers, 4L * i, 4, HERE));
    }
    assertEquals(count, backend.inFlight());
    assertTrue(backend.stats().deferred > 0);
    pollUntilCompleted(count);

    MemorySegment read = arena.allocate(ValueLayout.JAVA_INT, count);
    assertEquals(4 * count, perform(op -> op.read(at(pipe[0]), read, 0, 4 * count, HERE)));
    assertEquals(-1, numbers.mismatch(read), "submitted in order");
    discard(pipe);
  }

  @Test
  void pendingOperationsDoNotBlockDeferredOnes() throws Exception {
    Backend backend = backend(8);
    int[] idle = pipe();
    for (int i = 0; i < 100; i++) {
      Op reader = backend.create(op -> {});
      backend.submit(reader.read(at(idle[0]), scratch(), 0, 1, HERE));
    }
    Op last = backend.create(completed::add);
    backend.submit(last.nop());

    pollUntilCompleted(1);
    assertEquals(100, backend.inFlight());
    discard(idle);
  }

  @Test
  void anUnknownDescriptorFailsWithEbadf() throws Exception {
    backend();
    int[] pipe = pipe();
    assertEquals(code(Errno.EBADF), perform(op -> op.read(at(98_765), scratch(), 0, 0, 0)));
    assertEquals(code(Errno.EBADF), call(call -> call.fileType(at(98_765))));
    assertEquals(0, call(call -> call.fileType(at(pipe[0]))));
    assertEquals(FileType.PIPE, call.type());
    discard(pipe);
  }

  @Test
  void theLowestFreeDescriptorIsGivenNext() throws Exception {
    backend();
    int[] first = pipe();
    int[] second = pipe();
    assertTrue(first[0] < first[1] && first[1] < second[0] && second[0] < second[1]);
    discard(second[0], first[1]);
    int socket = call(call -> call.socket(INET, SocketType.STREAM));
    assertEquals(first[1], socket);
    discard(first[0], socket, second[1]);
  }

  @Test
  void aWakeupIsNotLostWhenADescriptorIsClosedBeforeThePoll() throws Exception {
    Backend backend = backend();
    int[] ends = pipe();
    Op waiting = backend.create(done -> {});
    start(waiting.poll(at(ends[0]), PollEvents.READABLE));
    backend.poll(0);
    backend.cancel(waiting);
    pollUntilDone(waiting);
    discard(ends);

    backend.wakeup();
    backend.poll(Backend.FOREVER);

    assertEquals(1, backend.stats().wakeups);
  }

  @Test
  void severalWakeUpsEndOnePoll() throws Exception {
    Backend backend = backend();
    backend.wakeup();
    backend.wakeup();
    backend.poll(TIMEOUT_NANOS);
    assertEquals(1, backend.stats().wakeups);
    backend.poll(0);
    assertEquals(1, backend.stats().wakeups, "counted as one");
    backend.wakeup();
    backend.poll(TIMEOUT_NANOS);
    assertEquals(2, backend.stats().wakeups);
  }

  // ---- chains

  @Test
  void aChainIsExecutedInOrder() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    MemorySegment target = arena.allocate(4);
    Op write = backend.create(completed::add).write(at(pipe[1]), text("abc"), 0, 4, HERE);
    Op read = backend.create(completed::add).read(at(pipe[0]), target, 0, 4, HERE);
    write.then(read);
    backend.submit(write);

    pollUntilCompleted(2);
    assertEquals(List.of(write, read), completed);
    assertEquals("abc", target.getString(0));
    discard(pipe);
  }

  @Test
  void aFailureCancelsTheRestOfItsChain() throws Exception {
    Backend backend = backend();
    Op head = backend.create(completed::add).read(at(-1), scratch(), 0, 0, 0);
    Op tail = head;
    for (int i = 0; i < 3; i++) {
      tail = tail.then(backend.create(completed::add).nop());
    }
    backend.submit(head);

    pollUntilCompleted(4);
    for (Op op : completed) {
      assertEquals(op == head ? code(Errno.EBADF) : CANCELED, op.result(), op::toString);
    }
  }

  @Test
  void aShortReadBreaksItsChain() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    assertEquals(3, perform(op -> op.write(at(pipe[1]), text("abc"), 0, 3, HERE)));
    Op read = backend.create(completed::add);
    read.read(at(pipe[0]), arena.allocate(10), 0, 10, HERE);
    read.then(backend.create(completed::add).nop());
    backend.submit(read);

    pollUntilCompleted(2);
    assertEquals(3, completed.get(0).result());
    assertEquals(CANCELED, completed.get(1).result());
    discard(pipe);
  }

  @Test
  void aChainLongerThanTheQueueIsRefused() throws Exception {
    Backend backend = backend(8);
    Op head = backend.create(op -> {}).nop();
    Op tail = head;
    for (int i = 0; i < 8; i++) {
      tail = tail.then(backend.create(op -> {}).nop());
    }
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> backend.submit(head));
    assertTrue(e.getMessage().contains("9"), e.getMessage());
    assertEquals(0, backend.inFlight());
  }

  // ---- cancels

  @Test
  void aCancelledOperationStillCompletesOnce() throws Exception {
    Backend backend = backend();
    int[] idle = pipe();
    Op op = backend.create(completed::add);
    backend.submit(op.read(at(idle[0]), scratch(), 0, 1, HERE));
    backend.poll(0);
    backend.cancel(op);
    backend.cancel(op);
    assertEquals(Op.State.CANCELLING, op.state());
    assertTrue(completed.isEmpty());

    pollUntilCompleted(1);
    assertEquals(CANCELED, op.result());
    backend.cancel(op);
    backend.poll(0);
    assertEquals(1, completed.size());
    discard(idle);
  }

  @Test
  void anOperationCancelledBeforeItWasSubmittedHasNoEffect() throws Exception {
    Backend backend = backend(1);
    int[] pipe = pipe();
    backend.submit(backend.create(op -> {}).nop()); // fills the queue
    Op write = backend.create(completed::add);
    backend.submit(write.write(at(pipe[1]), arena.allocate(1), 0, 1, HERE));
    assertEquals(Op.State.READY, write.state());
    backend.cancel(write);

    pollUntilCompleted(1);
    assertEquals(CANCELED, write.result());
    discard(pipe[1]);
    assertEquals(
        0, perform(op -> op.read(at(pipe[0]), scratch(), 0, 1, HERE)), "nothing was written");
    discard(pipe[0]);
  }

  @Test
  void aCompletedOperationWinsOverACancel() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op write = backend.create(completed::add);
    backend.submit(write.write(at(pipe[1]), scratch(), 0, 1, HERE));
    backend.cancel(write); // the cancel is queued after the write

    pollUntilCompleted(1);
    assertEquals(1, write.result());
    discard(pipe);
  }

  @Test
  void aCancelledMultishotEndsOnce() throws Exception {
    Backend backend = backend();
    int listener = call(call -> call.socket(INET, SocketType.STREAM));
    assertEquals(0, call(call -> call.listen(at(listener), 10)));
    Op accept = backend.create(completed::add);
    backend.submit(accept.acceptMultishot(at(listener)));
    backend.poll(0);
    backend.cancel(accept);

    pollUntilCompleted(1);
    assertEquals(CANCELED, accept.result());
    assertTrue(accept.isDone());
    discard(listener);
  }

  @Test
  void closingWaitsForOperationsInFlight() throws Exception {
    Backend backend = backend(8);
    int[] idle = pipe();
    for (int i = 0; i < 20; i++) {
      Op op = backend.create(completed::add);
      backend.submit(op.read(at(idle[0]), scratch(), 0, 1, HERE));
    }
    backend.poll(0);
    discard(idle); // the operations keep the pipe open
    backend.close();

    assertEquals(20, completed.size());
    assertEquals(0, backend.inFlight());
    backend.close();
  }

  @Test
  void anOperationInFlightKeepsAClosedDescriptorOpen() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op read = backend.create(completed::add);
    MemorySegment target = scratch();
    backend.submit(read.read(at(pipe[0]), target, 0, 3, HERE));
    backend.poll(0);
    assertEquals(0, perform(op -> op.close(pipe[0])));
    assertEquals(code(Errno.EBADF), perform(op -> op.close(pipe[0])));
    assertEquals(3, perform(op -> op.write(at(pipe[1]), text("abc"), 0, 3, HERE)));

    pollUntilCompleted(1);
    assertEquals(3, read.result());
    assertEquals('c', target.get(ValueLayout.JAVA_BYTE, 2));
    assertEquals(code(Errno.EPIPE), perform(op -> op.write(at(pipe[1]), text("abc"), 0, 3, HERE)));
    discard(pipe[1]);
  }
}
