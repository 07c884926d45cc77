// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.MemoryLease;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Handles, and the handles and memory that operations hold while they are in the kernel. */
@Tag("mode-independent")
class HandleTest {
  private static final int HERE = (int) Op.CURRENT_POSITION;

  private final Arena arena = Arena.ofAuto();

  private static UringBackend open() throws Exception {
    try {
      return UringBackend.open(8, 32);
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      return abort(e.getMessage());
    }
  }

  private Handle[] pipe(Backend backend) {
    MemorySegment ends = arena.allocate(2 * ValueLayout.JAVA_INT.byteSize());
    assertEquals(0, Libc.pipe(ends.address()));
    Handle[] pipe = {backend.newHandle("source"), backend.newHandle("sink")};
    backend.open(pipe[0], ends.get(ValueLayout.JAVA_INT, 0));
    backend.open(pipe[1], ends.get(ValueLayout.JAVA_INT, Integer.BYTES));
    return pipe;
  }

  @Test
  void aHandleInUseIsClosedWhenItsLastOperationHasCompleted() throws Exception {
    try (UringBackend backend = open()) {
      Handle[] pipe = pipe(backend);
      int number = pipe[0].number();
      List<Op> ops = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        Op op = backend.create(done -> assertEquals(-Errno.ECANCELED.code(), done.result()));
        backend.submit(op.read(pipe[0], arena.allocate(1), 0, 1, HERE));
        ops.add(op);
      }
      backend.poll(0);
      assertEquals(5, pipe[0].uses());

      backend.beginClose(pipe[0], null);
      assertEquals(0, backend.closeWhenUnused(pipe[0]));
      assertEquals(Handle.NONE, pipe[0].number());
      assertEquals(Handle.State.CLOSING, pipe[0].state());
      assertNotEquals(number, Libc.eventFd(), "the number is still taken");

      while (!pipe[0].isUnused()) {
        backend.poll(Backend.FOREVER);
      }
      assertEquals(Handle.State.CLOSED, pipe[0].state());
      assertTrue(ops.stream().allMatch(Op::isDone));
      assertEquals(-Errno.EBADF.code(), Libc.close(number));
    }
  }

  @Test
  void anOperationOnAClosedHandleNamesNoDescriptor() throws Exception {
    try (UringBackend backend = open()) {
      Handle[] pipe = pipe(backend);
      Op early = backend.create(done -> {}).write(pipe[1], arena.allocate(1), 0, 1, HERE);
      backend.beginClose(pipe[1], null);
      assertEquals(0, backend.closeWhenUnused(pipe[1]));
      Handle[] next = pipe(backend); // reuses the number

      backend.submit(early);
      while (!early.isDone()) {
        backend.poll(Backend.FOREVER);
      }

      assertEquals(-Errno.EBADF.code(), early.result());
      assertTrue(next[1].isOpen());
    }
  }

  @Test
  void anOperationHoldsItsMemoryUntilItHasCompleted() throws Exception {
    try (UringBackend backend = open()) {
      Handle[] pipe = pipe(backend);
      MemorySegment segment = arena.allocate(8);
      Op read = backend.create(done -> {});
      backend.submit(read.read(pipe[0], segment, 0, 8, HERE));
      backend.poll(0);
      assertSame(segment, read.memory());

      backend.cancel(read);
      assertSame(segment, read.memory(), "the kernel may still write to it");
      while (!read.isDone()) {
        backend.poll(Backend.FOREVER);
      }
      assertNull(read.memory());
    }
  }

  @Test
  void anOperationOnClosedMemoryIsNotStarted() throws Exception {
    assumeTrue(MemoryLease.AVAILABLE);
    try (UringBackend backend = open()) {
      Handle[] pipe = pipe(backend);
      Arena closed = Arena.ofShared();
      MemorySegment segment = closed.allocate(8);
      closed.close();
      Op read = backend.create(done -> {}).read(pipe[0], segment, 0, 8, HERE);

      assertThrows(IllegalStateException.class, () -> backend.submit(read));
      assertFalse(read.isBusy());
      assertTrue(pipe[0].isUnused());
      assertEquals(0, backend.inFlight());
    }
  }

  @Test
  void aChainThatFailsToStartReleasesItsHandlesAndMemory() throws Exception {
    try (UringBackend backend = open();
        Arena shared = Arena.ofShared()) {
      Handle[] pipe = pipe(backend);
      MemorySegment segment = shared.allocate(8);
      Op head = backend.create(done -> {}).read(pipe[0], segment, 0, 8, HERE);
      Op tail = head;
      for (int i = 0; i < 8; i++) {
        tail = tail.then(backend.create(done -> {}).read(pipe[0], segment, 0, 8, HERE));
      }

      assertThrows(IllegalArgumentException.class, () -> backend.submit(head), "9 in a queue of 8");

      assertTrue(pipe[0].isUnused());
      assertFalse(head.isBusy() || tail.isBusy());
      assertEquals(0, backend.inFlight());
    } // closing the arena would throw if its memory were in use
  }

  @Test
  void openHandlesAreClosedWithTheBackend() throws Exception {
    int[] numbers = new int[2];
    try (UringBackend backend = open()) {
      Handle[] pipe = pipe(backend);
      numbers[0] = pipe[0].number();
      numbers[1] = pipe[1].number();
      Op read = backend.create(done -> {});
      backend.submit(read.read(pipe[0], arena.allocate(1), 0, 1, HERE));
    }
    assertEquals(-Errno.EBADF.code(), Libc.close(numbers[0]));
    assertEquals(-Errno.EBADF.code(), Libc.close(numbers[1]));
  }

  @Test
  void aWakeUpAfterCloseWritesToNoOtherDescriptor() throws Exception {
    UringBackend backend = open();
    backend.close();
    List<Integer> opened = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      opened.add(
          Libc.eventFd()); // one of them reuses the number of the backend's wake-up descriptor
    }

    backend.wakeup();

    long count = arena.allocate(Long.BYTES).address();
    for (int descriptor : opened) {
      assertEquals(0, Libc.fcntl(descriptor, weft_h.F_SETFL(), weft_h.O_NONBLOCK()));
      assertEquals(-Errno.EAGAIN.code(), Libc.read(descriptor, count, Long.BYTES));
      Libc.close(descriptor);
    }
    assertEquals(0, Memory.ALL.get(ValueLayout.JAVA_LONG, count));
  }
}
