// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Uncaught;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("mode-independent")
class InboundQueueTest {
  private final InboundQueue queue = new InboundQueue();
  private final List<Integer> arrived = new ArrayList<>();

  private final class Item extends InboundQueue.Node {
    final int number;

    Item(int number) {
      this.number = number;
    }

    @Override
    protected void arrive() {
      arrived.add(number);
    }
  }

  @Test
  void nodesArriveInTheirOrder() {
    for (int i = 0; i < 5; i++) {
      assertEquals(InboundQueue.Push.QUEUED, queue.push(new Item(i)));
    }

    assertEquals(5, queue.drain());
    assertEquals(List.of(0, 1, 2, 3, 4), arrived);
    assertEquals(0, queue.drain());
  }

  @Test
  void aNodeThatThrowsDoesNotPreventOthers() {
    for (int i = 0; i < 2; i++) {
      queue.push(new Item(i));
      queue.push(
          new InboundQueue.Node() {
            @Override
            protected void arrive() {
              throw new OutOfMemoryError("planted");
            }
          });
    }
    queue.push(new Item(2));

    try (Uncaught uncaught = new Uncaught(true)) {
      assertEquals(5, queue.drain());
      assertEquals(List.of("planted", "planted"), uncaught.messages());
    }
    assertEquals(List.of(0, 1, 2), arrived);
    assertEquals(0, queue.drain());
  }

  @Test
  void closeIfEmptyClosesOnlyAnEmptyQueue() {
    queue.push(new Item(1));

    assertFalse(queue.closeIfEmpty());
    assertEquals(1, queue.drain());
    assertTrue(queue.closeIfEmpty());
    assertTrue(queue.closeIfEmpty());
    assertEquals(InboundQueue.Push.CLOSED, queue.push(new Item(2)));
    assertEquals(0, queue.drain());
  }

  @Test
  void onlyTheFirstProducerAfterSleepHasToWakeTheConsumer() {
    assertTrue(queue.sleep());

    assertEquals(InboundQueue.Push.WAKE, queue.push(new Item(1)));
    assertEquals(InboundQueue.Push.QUEUED, queue.push(new Item(2)));
    queue.awake();
    queue.drain();
    assertEquals(InboundQueue.Push.QUEUED, queue.push(new Item(3)));
  }

  @Test
  void sleepFailsIfANodeHasBeenPushed() {
    queue.push(new Item(1));

    assertFalse(queue.sleep());
    assertEquals(InboundQueue.Push.QUEUED, queue.push(new Item(2)));
  }

  @Test
  void aNodeIsInTheQueueAtMostOnce() {
    Item item = new Item(7);
    queue.push(item);
    queue.push(new Item(8));
    queue.push(item);

    assertEquals(2, queue.drain());
    queue.push(item);
    assertEquals(1, queue.drain());
    assertEquals(List.of(7, 8, 7), arrived);
  }

  @Test
  void closingDeliversQueuedNodesAndRefusesLaterOnes() {
    queue.push(new Item(1));
    queue.close();

    assertEquals(List.of(1), arrived);
    assertEquals(InboundQueue.Push.CLOSED, queue.push(new Item(2)));
    queue.close();
    assertEquals(1, arrived.size());
  }

  @Test
  void aClosedQueueRefusesTheSameNodeRepeatedly() {
    Item refused = new Item(1);
    Item inside = new Item(2);
    assertEquals(InboundQueue.Push.QUEUED, queue.push(inside));
    queue.close();

    for (int i = 0; i < 2; i++) {
      assertEquals(InboundQueue.Push.CLOSED, queue.push(refused));
      assertEquals(InboundQueue.Push.CLOSED, queue.push(inside));
    }
  }

  @Test
  void manyProducersLoseNoNodeAndKeepTheirOrder() throws Exception {
    int producers = 4;
    int each = 20_000;
    AtomicInteger wakes = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int base = p * each;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < each; i++) {
                      if (queue.push(new Item(base + i)) == InboundQueue.Push.WAKE) {
                        wakes.incrementAndGet();
                      }
                    }
                  }));
    }
    int sleeps = 0;
    while (arrived.size() < producers * each) {
      sleeps++;
      if (queue.sleep()) {
        while (queue.isEmpty()) {
          Thread.onSpinWait();
        }
      }
      queue.awake();
      queue.drain();
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertTrue(wakes.get() <= sleeps, wakes + " wake-ups for " + sleeps + " sleeps");
    int[] next = new int[producers];
    for (int number : arrived) {
      int producer = number / each;
      assertEquals(next[producer]++, number % each);
    }
  }
}
