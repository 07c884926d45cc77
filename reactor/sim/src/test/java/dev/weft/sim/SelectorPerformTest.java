// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The JDK's channels keep the contract with operations that may be performed at once. */
class SelectorPerformTest extends SelectorContractTest {
  @Override
  void start(Op op) {
    current().submitOrPerform(op);
  }

  private Op write(Backend backend, int descriptor, String letter) {
    return backend.create(completed::add).write(at(descriptor), text(letter), 0, 1, HERE);
  }

  private Op read(Backend backend, int descriptor, MemorySegment target) {
    long length = target.byteSize();
    return backend.create(completed::add).read(at(descriptor), target, 0, (int) length, HERE);
  }

  @Test
  void aTransferThatNeedNotWaitIsDoneOnReturn() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op write = write(backend, pipe[1], "a");
    backend.submitOrPerform(write);
    assertTrue(write.isDone());
    assertEquals(1, write.result());

    MemorySegment read = scratch();
    Op reader = read(backend, pipe[0], read);
    backend.submitOrPerform(reader);
    assertTrue(reader.isDone());
    assertEquals(1, reader.result());
    assertEquals('a', read.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(0, backend.inFlight());
    backend.poll(0);
    assertEquals(List.of(), completed, "no listener is called");
    discard(pipe);
  }

  @Test
  void aTransferThatWaitsCompletesOnce() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op reader = read(backend, pipe[0], scratch());
    backend.submitOrPerform(reader);
    assertFalse(reader.isDone());
    assertEquals(1, backend.inFlight());
    backend.submitOrPerform(write(backend, pipe[1], "a"));
    pollUntilCompleted(1);
    backend.poll(0);
    assertEquals(List.of(reader), completed);
    assertEquals(1, reader.result());
    assertEquals(0, backend.inFlight());
    discard(pipe);
  }

  @Test
  void aWaitingTransferCanBeCancelled() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op reader = read(backend, pipe[0], scratch());
    backend.submitOrPerform(reader);
    backend.cancel(reader);
    pollUntilCompleted(1);
    assertEquals(CANCELED, reader.result());
    assertEquals(0, backend.inFlight());
    discard(pipe);
  }

  @Test
  void laterTransfersDoNotPassQueuedOnes() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    backend.submit(write(backend, pipe[1], "a"));
    Op second = write(backend, pipe[1], "b");
    backend.submitOrPerform(second);
    assertFalse(second.isDone());
    pollUntilCompleted(2);
    Op third = write(backend, pipe[1], "c");
    backend.submitOrPerform(third);
    assertTrue(third.isDone());

    MemorySegment read = arena.allocate(3);
    assertEquals(3, perform(op -> op.read(at(pipe[0]), read, 0, 3, HERE)));
    assertEquals(-1, read.mismatch(text("abc").asSlice(0, 3)));
    discard(pipe);
  }

  @Test
  void cancelledTransfersInAQueueLetLaterOnesBePerformed() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op first = read(backend, pipe[0], scratch()); // waits
    first.then(write(backend, pipe[1], "a"));
    backend.submit(first);
    backend.poll(0);
    backend.cancel(first);
    pollUntilCompleted(2);
    Op later = write(backend, pipe[1], "b");
    backend.submitOrPerform(later);
    assertTrue(later.isDone());
    discard(pipe);
  }

  @Test
  void oneOperationIsPerformedAFewTimesBetweenPolls() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    Op op = backend.create(completed::add);
    int performed = 0;
    do {
      backend.submitOrPerform(op.write(at(pipe[1]), text("a"), 0, 1, HERE));
      performed++;
    } while (op.isDone());
    assertEquals(9, performed, "the last one waits for the poll");
    Op other = write(backend, pipe[1], "b");
    backend.submitOrPerform(other);
    assertFalse(other.isDone(), "behind it");
    pollUntilCompleted(2);
    backend.submitOrPerform(op.write(at(pipe[1]), text("c"), 0, 1, HERE));
    assertTrue(op.isDone());
    discard(pipe);
  }

  @Test
  void observersGetBothEvents() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    List<String> events = new ArrayList<>();
    backend.observe(
        new Backend.Observer() {
          @Override
          public void submitted(Op op) {
            events.add("submitted");
          }

          @Override
          public void completed(Op op) {
            events.add("completed with " + op.result());
          }
        });
    backend.submitOrPerform(write(backend, pipe[1], "a"));
    assertEquals(List.of("submitted", "completed with 1"), events);
    discard(pipe);
  }
}
