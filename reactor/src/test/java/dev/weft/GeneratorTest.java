// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.DeadlineExceededException;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GeneratorTest {
  private final List<String> log = new ArrayList<>();

  /** 0, 1, 2 and so on, up to {@code end} exclusive. */
  private Generator<Integer> count(int end) {
    return Generator.of(
        out -> {
          try {
            for (int i = 0; i < end; i++) {
              out.yield(i);
            }
            log.add("all yielded");
          } finally {
            log.add("ended");
          }
        });
  }

  @Test
  void aLoopSeesEveryValue() {
    List<Integer> seen = new ArrayList<>();
    try (Generator<Integer> generator = count(4)) {
      for (int value : generator) {
        seen.add(value);
      }
    }
    assertEquals(List.of(0, 1, 2, 3), seen);
    assertEquals(List.of("all yielded", "ended"), log);
  }

  @Test
  void leavingTheLoopEarlyUnwindsTheBodyWhenTheGeneratorIsClosed() {
    try (Generator<Integer> generator = count(Integer.MAX_VALUE)) {
      for (int value : generator) {
        if (value == 2) {
          break;
        }
      }
      assertEquals(List.of(), log);
    }
    assertEquals(List.of("ended"), log);
  }

  @Test
  void nothingRunsUntilAValueIsAskedFor() {
    Generator<Integer> generator =
        Generator.of(
            out -> {
              log.add("runs");
              out.yield(1);
            });
    Iterator<Integer> iterator = generator.iterator();
    assertEquals(List.of(), log);

    assertTrue(iterator.hasNext());
    assertTrue(iterator.hasNext());

    assertEquals(List.of("runs"), log);
    assertEquals(1, iterator.next());
    assertFalse(iterator.hasNext());
    assertThrows(NoSuchElementException.class, iterator::next);
  }

  @Test
  void aGeneratorIsIteratedOnce() {
    Generator<Integer> generator = count(1);
    assertTrue(generator.iterator().hasNext());

    assertThrows(IllegalStateException.class, generator::iterator);
    assertThrows(IllegalStateException.class, generator::stream);
  }

  @Test
  void aStreamIsLazyAndClosesIt() {
    try (Stream<Integer> stream = count(Integer.MAX_VALUE).stream()) {
      assertEquals(
          List.of(0, 20, 40), stream.filter(i -> i % 2 == 0).map(i -> i * 10).limit(3).toList());
      assertEquals(List.of(), log);
    }
    assertEquals(List.of("ended"), log);
  }

  @Test
  void anExceptionReachesTheLoopAndEndsTheGenerator() {
    Iterator<Integer> iterator =
        Generator.<Integer>of(
                out -> {
                  out.yield(1);
                  throw new IOException("broken");
                })
            .iterator();
    assertEquals(1, iterator.next());

    assertThrows(IOException.class, iterator::hasNext);

    assertFalse(iterator.hasNext());
  }

  @Test
  void aValueMayBeNull() {
    Iterator<String> iterator = Generator.<String>of(out -> out.yield(null)).iterator();

    assertTrue(iterator.hasNext());
    assertNull(iterator.next());
    assertFalse(iterator.hasNext());
  }

  @Test
  void aClosedGeneratorHasNoMoreValues() {
    Generator<Integer> generator = count(3);
    Iterator<Integer> iterator = generator.iterator();
    iterator.next();

    generator.close();

    assertFalse(iterator.hasNext());
  }

  // ---- next

  @Test
  void nextTakesEachValueAndThenNull() {
    Generator<Integer> generator = count(2);

    assertEquals(0, generator.next());
    assertEquals(1, generator.next());
    assertNull(generator.next());
    assertNull(generator.next());
    assertEquals(List.of("all yielded", "ended"), log);
  }

  @Test
  void nextAndAnIteratorDontShareAGenerator() {
    Generator<Integer> begun = count(2);
    begun.next();
    Generator<Integer> iterated = count(2);
    Iterator<Integer> iterator = iterated.iterator();

    assertThrows(IllegalStateException.class, begun::iterator);
    assertThrows(IllegalStateException.class, iterated::next);
    assertTrue(iterator.hasNext());
  }

  @Test
  void nextWaitsAsLongAsTheBodyDoes() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Fiber.start(
              () -> {
                for (int i = 1; i <= 3; i++) {
                  channel.send(i);
                  log.add("sent " + i);
                }
                channel.done();
              });
          Generator<Integer> doubled =
              Generator.of(
                  out -> {
                    for (Integer value; (value = channel.next()) != null; ) {
                      out.yield(2 * value);
                    }
                  });
          int sum = 0;
          for (Integer value; (value = doubled.next()) != null; ) {
            sum += value;
          }
          assertEquals(12, sum);
        });

    assertEquals(List.of("sent 1", "sent 2", "sent 3"), log);
  }

  @Test
  void aDeadlineOfNextEndsABodyThatWaits() throws Exception {
    Reactors.run(
        () -> {
          Generator<Integer> silent =
              Generator.of(
                  out -> {
                    try {
                      Fiber.sleepUntil(Deadline.NEVER);
                    } finally {
                      log.add("ended");
                    }
                  });

          Throwing.assertThrows(
              DeadlineExceededException.class, () -> silent.next(Deadline.after(Duration.ZERO)));

          assertNull(silent.next());
        });

    assertEquals(List.of("ended"), log);
  }

  @Test
  @Tag("needs-stack") // an iterator is not woven
  void theBodyMaySuspendItsFiber() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Fiber.start(
              () -> {
                for (int i = 1; i <= 3; i++) {
                  channel.send(i);
                }
              });
          Generator<Integer> doubled =
              Generator.of(
                  out -> {
                    for (int i = 0; i < 3; i++) {
                      out.yield(2 * channel.receive());
                    }
                  });
          assertEquals(List.of(2, 4, 6), doubled.stream().toList());
        });
  }

  @Test
  void aGeneratorMayFeedAnother() {
    Generator<Integer> even =
        Generator.of(
            out -> {
              for (int value : count(6)) {
                if (value % 2 == 0) {
                  out.yield(value);
                }
              }
            });

    assertEquals(List.of(0, 2, 4), even.stream().toList());
  }
}
