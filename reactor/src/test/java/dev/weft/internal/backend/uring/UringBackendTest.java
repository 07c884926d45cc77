// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.Uncaught;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpTable;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What only this backend promises. What it has in common with the simulated kernel is tested by the
 * simulator's {@code BackendContract}.
 */
@Tag("mode-independent")
class UringBackendTest {
  private static final Handle NOTHING = Handle.borrowed(-1, "nothing");
  private static final int CANCELED = -Errno.ECANCELED.code();

  private final List<Op> completed = new ArrayList<>();

  private static UringBackend open(int entries, int completions) throws Exception {
    try {
      return UringBackend.open(entries, completions);
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      return abort(e.getMessage());
    }
  }

  private static void pollUntil(Backend backend, int count, List<?> list) {
    while (list.size() < count) {
      backend.poll(Backend.FOREVER);
    }
  }

  @Test
  void aChainIsSubmittedAsAWhole() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      // Six entries are taken, so that a chain of four has no room in this submission.
      for (int i = 0; i < 5; i++) {
        backend.submit(backend.create(op -> {}).nop());
      }
      // The first fails; if the chain were cut, the operations after the cut would succeed.
      Op head = backend.create(completed::add).read(NOTHING, MemorySegment.NULL, 0, 0, 0);
      Op tail = head;
      for (int i = 0; i < 3; i++) {
        tail = tail.then(backend.create(completed::add).nop());
      }
      backend.submit(head);
      assertEquals(1, backend.stats().deferred);

      pollUntil(backend, 4, completed);
      assertEquals(-Errno.EBADF.code(), head.result());
      for (Op op : completed) {
        assertEquals(op == head ? -Errno.EBADF.code() : CANCELED, op.result(), op::toString);
      }
    }
  }

  @Test
  void anOverflowOfTheCompletionQueueIsCountedAndLosesNothing() throws Exception {
    try (UringBackend backend = open(8, 8)) {
      int count = 100;
      for (int i = 0; i < count; i++) {
        backend.submit(backend.create(completed::add).nop());
        // Completions accumulate: entries are submitted repeatedly without reading the queue.
        if (i % 4 == 3) {
          backend.ring().submit(backend.ring().submissions().publish());
        }
      }
      pollUntil(backend, count, completed);

      assertTrue(backend.stats().overflows > 0);
      assertEquals(count, completed.stream().distinct().count());
    }
  }

  @Test
  void aCompletionOfAnEarlierUseIsRecognised() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      Op op = backend.create(completed::add);
      backend.submit(op.nop());
      pollUntil(backend, 1, completed);
      long earlier = OpTable.userData(op);
      backend.submit(op.nop());

      assertNotEquals(earlier, OpTable.userData(op));
      pollUntil(backend, 2, completed);
      backend.release(op);
      Op successor = backend.create(completed::add);
      assertEquals(op.slot, successor.slot);
      backend.submit(successor.nop());
      assertNotEquals(OpTable.userData(op), OpTable.userData(successor));
      pollUntil(backend, 3, completed);
      assertEquals(0, backend.stats().stale);
    }
  }

  private record Pipe(int reader, int writer) {}

  private static Pipe pipe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment both = arena.allocate(2 * Integer.BYTES, Integer.BYTES);
      assertEquals(0, Libc.pipe(both.address()));
      return new Pipe(
          both.get(ValueLayout.JAVA_INT, 0), both.get(ValueLayout.JAVA_INT, Integer.BYTES));
    }
  }

  @Test
  void aListenerThatThrowsLosesNoOtherCompletion() throws Exception {
    UringBackend backend = open(8, 32);
    Pipe pipe = pipe();
    Op waiting = backend.create(op -> {});
    backend.submit(waiting.poll(Handle.borrowed(pipe.reader, "pipe"), PollEvents.READABLE));
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Op op =
          backend.create(
              each -> {
                completed.add(each);
                throw new OutOfMemoryError("planted");
              });
      backend.submit(op.nop());
      ops.add(op);
    }

    try (Uncaught uncaught = new Uncaught()) {
      pollUntil(backend, 3, completed);
      backend.poll(0);

      assertEquals(ops, completed);
      assertEquals(List.of("planted", "planted", "planted"), uncaught.messages());
      assertEquals(1, backend.inFlight());
      assertEquals(0, backend.stats().stale);
    }
    backend.close();
    assertTrue(waiting.isDone(), "close has waited for it");
    assertEquals(0, Libc.close(pipe.reader) + Libc.close(pipe.writer));
  }

  @Test
  void aReusedOperationIsNotCancelledByAnEarlierCancel() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      Op op = backend.create(completed::add);
      backend.submit(op.nop());
      backend.ring().submit(backend.ring().submissions().publish()); // it has completed by now
      backend.cancel(op);
      long submissions = backend.stats().submissions;
      backend.cancel(op);
      pollUntil(backend, 1, completed);
      backend.submit(op.nop());
      pollUntil(backend, 2, completed);

      assertEquals(0, op.result());
      assertTrue(backend.stats().submissions - submissions <= 2, "one cancel, one operation");
    }
  }

  @Test
  void aWakeUpEndsAPoll() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      Thread other = Thread.ofPlatform().start(backend::wakeup);
      while (backend.stats().wakeups == 0) {
        backend.poll(Backend.FOREVER);
      }
      other.join();

      backend.wakeup();
      while (backend.stats().wakeups == 1) {
        backend.poll(Backend.FOREVER);
      }
    }
  }

  @Test
  void aPollEndsAtItsTimeout() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      backend.poll(0);
      long before = System.nanoTime();
      assertEquals(0, backend.poll(2_000_000));
      assertTrue(System.nanoTime() - before >= 2_000_000);
    }
  }

  @Test
  void anIdlePollMakesNoSystemCall() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      backend.poll(0);
      long enters = backend.stats().enters;
      for (int i = 0; i < 100; i++) {
        backend.poll(0);
      }
      assertEquals(enters, backend.stats().enters);
    }
  }

  @Test
  void aReusedEntryIsCleared() throws Exception {
    try (UringBackend backend = open(1, 4)) {
      Op op = backend.create(completed::add);
      backend.poll(0);
      backend.submit(op.splice(NOTHING, NOTHING, 77));
      pollUntil(backend, 1, completed);
      // A NOP with splice's descriptor or length left in it fails with EINVAL on newer kernels.
      backend.submit(op.nop());
      pollUntil(backend, 2, completed);
      assertEquals(0, op.result());
    }
  }

  @Test
  void aLongPathIsPassedWhole() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      byte[] path = ("/" + "./".repeat(1000) + "dev/null").getBytes(StandardCharsets.UTF_8);
      Op op = backend.create(completed::add);
      backend.submit(op.open(path, OpenFlags.READ, 0));
      pollUntil(backend, 1, completed);
      assertTrue(op.result() > 2, op::toString);
      assertEquals(0, backend.closeDescriptor(op.result()));
    }
  }

  @Test
  void theFeaturesOfTheKernelAreReported() throws Exception {
    try (UringBackend backend = open(8, 32)) {
      int nop = 0;
      assertTrue(backend.features().supports(nop));
      assertFalse(backend.features().supports(255));
    }
  }
}
