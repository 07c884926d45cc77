// SPDX-License-Identifier: Apache-2.0
package dev.weft.stackful;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.error.PinnedException;
import dev.weft.io.Pipe;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Suspending in pinned code, which the weaver refuses to weave. */
@Tag("needs-stack")
class PinnedTest {
  private static final class SuspendsInInitialiser {
    static @org.jspecify.annotations.Nullable Throwable thrown;

    static {
      try {
        Fiber.yield();
      } catch (PinnedException e) {
        thrown = e;
      }
    }
  }

  @Test
  @Tag("needs-scheduler") // a baton-passing fiber blocks a thread of the JDK's there, which works
  void suspendingInAClassInitialiserThrows() throws Exception {
    Reactors.run(
        () -> {
          Throwable thrown = SuspendsInInitialiser.thrown;
          assertNotNull(thrown);
          assertTrue(thrown.getMessage().contains("yield"), thrown.getMessage());
          Fiber.yield(); // the fiber is no longer pinned
        });
  }

  private static final class ReadsInInitialiser {
    static Pipe pipe;
    static MemorySegment target;
    static @org.jspecify.annotations.Nullable Throwable thrown;

    static void attempt() {
      new Inner();
    }

    private static final class Inner {
      static {
        try {
          pipe.source().read(target);
        } catch (PinnedException e) {
          thrown = e;
        } catch (IOException e) {
          throw new ExceptionInInitializerError(e);
        }
      }
    }
  }

  @Test
  @Tag("needs-scheduler")
  void aPinnedReadReleasesItsMemoryBeforeItThrows() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            ReadsInInitialiser.pipe = pipe;
            try (Arena arena = Arena.ofConfined()) {
              ReadsInInitialiser.target = arena.allocate(4);
              ReadsInInitialiser.attempt();
            }
            assertNotNull(ReadsInInitialiser.thrown);

            try (Arena arena = Arena.ofConfined()) {
              pipe.sink().write(arena.allocateFrom("ok"));
              MemorySegment target = arena.allocate(4);
              assertEquals(3, pipe.source().read(target), "the cancelled read took nothing");
            }
          }
        });
  }
}
