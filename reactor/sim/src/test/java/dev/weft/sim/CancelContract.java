// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BegunOps;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a backend promises of operations on sockets that are cancelled, or transfer nothing. */
abstract class CancelContract extends ZeroCopyContract {
  @Test
  void emptyTransfersCompleteAtOnce() throws Exception {
    backend();
    int[] ends = connection();
    int[] pipe = pipe();
    assertEquals(0, send(ends[0], ""));
    assertEquals(0, perform(op -> op.read(at(pipe[0]), scratch(), 0, 0, HERE)));
    assertEquals(0, perform(op -> op.write(at(pipe[1]), scratch(), 0, 0, HERE)));
    discard(ends);
    discard(pipe);
  }

  @Test
  void whatWaitsOnASocketCanBeCancelledAndStartedAgain() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int listener = listener(1);
    MemorySegment bytes = arena.allocate(10);
    List<Op> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(backend.create(completed::add));
    }
    for (int round = 0; round < 3; round++) {
      completed.clear();
      backend.submit(waiting.get(0).receive(at(ends[0]), bytes, 0, 10));
      backend.submit(waiting.get(1).poll(at(ends[1]), PollEvents.READABLE));
      backend.submit(waiting.get(2).accept(at(listener)));
      backend.poll(0);
      waiting.forEach(backend::cancel);
      pollUntilCompleted(3);
      waiting.forEach(op -> assertEquals(CANCELED, op.result(), op::toString));
    }
    backend.submit(waiting.get(0).receive(at(ends[0]), bytes, 0, 10));
    backend.poll(0);
    assertEquals(3, send(ends[1], "abc"));
    pollUntilDone(waiting.get(0));
    assertEquals(3, waiting.get(0).result(), "no byte was lost");
    discard(ends);
    discard(listener);
  }

  @Test
  void whatIsInProgressOnAHandleIsCancelledAndTheHandleStaysOpen() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    Handle handle = backend.newHandle("an end");
    backend.open(handle, ends[0]);
    Op receive = backend.create(completed::add);
    backend.submit(receive.receive(handle, scratch(), 0, 1));
    Op poll = backend.create(completed::add);
    backend.submit(poll.poll(handle, PollEvents.READABLE));
    Op other = backend.create(completed::add);
    backend.submit(other.poll(at(ends[1]), PollEvents.READABLE));
    backend.poll(0);
    BegunOps begun = backend.begunOps(handle);

    backend.cancelAll(handle);
    pollUntilCompleted(2);

    assertEquals(CANCELED, receive.result());
    assertEquals(CANCELED, poll.result());
    assertTrue(begun.areOver());
    assertTrue(handle.isOpen());
    backend.submit(receive.receive(handle, scratch(), 0, 1));
    assertEquals(1, send(ends[1], "a"));
    pollUntilDone(receive);
    assertEquals(1, receive.result());
    assertTrue(other.isBusy());
    backend.beginClose(handle, null);
    assertEquals(0, backend.closeWhenUnused(handle));
    pollUntilDone(other); // the other end is closed
    discard(ends[1]);
  }

  @Test
  void operationsThatBeginLaterAreNotWaitedFor() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    Handle handle = backend.newHandle("an end");
    backend.open(handle, ends[0]);
    Op receive = backend.create(completed::add);
    backend.submit(receive.receive(handle, scratch(), 0, 1));
    backend.poll(0);
    BegunOps begun = backend.begunOps(handle);
    assertFalse(begun.areOver());

    assertEquals(1, send(ends[1], "a"));
    pollUntilDone(receive);
    backend.submit(receive.receive(handle, scratch(), 0, 1));

    assertTrue(begun.areOver());
    assertFalse(backend.begunOps(handle).areOver());
    backend.beginClose(handle, null);
    assertEquals(0, backend.closeWhenUnused(handle));
    pollUntilDone(receive);
    discard(ends[1]);
  }

  @Test
  void closingAHandleEndsWhatWaitsOnIt() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    Handle handle = backend.newHandle("an end");
    backend.open(handle, ends[0]);
    Op receive = backend.create(completed::add);
    backend.submit(receive.receive(handle, scratch(), 0, 1));
    Op poll = backend.create(completed::add);
    backend.submit(poll.poll(handle, PollEvents.READABLE));
    backend.poll(0);

    backend.beginClose(handle, null);
    assertEquals(0, backend.closeWhenUnused(handle));

    pollUntilCompleted(2);
    assertEquals(CANCELED, receive.result());
    assertEquals(CANCELED, poll.result());
    assertEquals(Handle.State.CLOSED, handle.state());
    assertEquals(0, receive(ends[1], 1), "an orderly close");
    Op late = backend.create(completed::add);
    backend.submit(late.receive(handle, scratch(), 0, 1));
    pollUntilDone(late);
    assertEquals(code(Errno.EBADF), late.result());
    discard(ends[1]);
  }
}
