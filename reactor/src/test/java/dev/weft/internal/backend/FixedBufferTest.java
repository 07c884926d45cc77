// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Reads and writes of memory that the ring knows. */
class FixedBufferTest {
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

  private static int perform(Backend backend, Op op) {
    backend.submit(op);
    while (!op.isDone()) {
      backend.poll(Backend.FOREVER);
    }
    return op.result();
  }

  @Test
  void onlyKnownMemoryIsReadAndWritten() throws Exception {
    try (Pages pages = Pages.map(2 * Pages.PAGE_BYTES, false);
        Arena arena = Arena.ofConfined();
        UringBackend backend = open()) {
      MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
      assertEquals(0, Libc.pipe(ends.address()));
      int reading = ends.getAtIndex(ValueLayout.JAVA_INT, 0);
      int writing = ends.getAtIndex(ValueLayout.JAVA_INT, 1);
      assertTrue(backend.registerBuffer(pages.address(), Pages.PAGE_BYTES) >= 0);
      Op op = backend.create(ignored -> {});
      long known = pages.address();
      long unknown = known + Pages.PAGE_BYTES;
      Memory.ALL.set(ValueLayout.JAVA_LONG, known, 42L);

      assertEquals(8, perform(backend, op.writeFixed(writing, known, 8, Op.CURRENT_POSITION)));
      assertEquals(8, perform(backend, op.readFixed(reading, known + 8, 8, Op.CURRENT_POSITION)));
      int refused = perform(backend, op.writeFixed(writing, unknown, 8, Op.CURRENT_POSITION));

      assertEquals(42, Memory.ALL.get(ValueLayout.JAVA_LONG, known + 8));
      assertEquals(-Errno.EFAULT.code(), refused);
      backend.unregisterBuffer();
      backend.release(op);
      Libc.close(reading);
      Libc.close(writing);
    }
  }
}
