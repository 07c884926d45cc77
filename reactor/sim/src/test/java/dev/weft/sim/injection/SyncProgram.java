// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.sync.AsyncEvent;
import dev.weft.sync.Barrier;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Condition;
import dev.weft.sync.EventCount;
import dev.weft.sync.Latch;
import dev.weft.sync.Mailbox;
import dev.weft.sync.Mutex;
import dev.weft.sync.Queue;
import dev.weft.sync.Semaphore;
import dev.weft.sync.SlotPool;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Uses all classes by which fibers synchronise. */
public final class SyncProgram extends Program {
  private static final int ROUNDS = 3;

  // What must be free at the end.
  private @Nullable Mutex mutex;
  private @Nullable Semaphore semaphore;
  private @Nullable SlotPool slots;

  public SyncProgram() {
    super(true);
  }

  @Override
  List<FiberTask> tasks() {
    return List.of(
        this::buffered,
        this::choices,
        this::locks,
        this::counts,
        this::meetings,
        this::events,
        this::mailboxes,
        this::queues);
  }

  @Override
  void atEnd() {
    Mutex used = mutex;
    if (used != null && used.tryLock().isEmpty()) {
      broken("the mutex has an owner at the end");
    }
    if (semaphore != null && semaphore.available() != 1) {
      broken(semaphore + " at the end");
    }
    if (slots != null && slots.free() != 1) {
      broken(slots + " at the end");
    }
  }

  /** Releases what a fiber holds, even if the first attempts fail. */
  private static Closer<AutoCloseable> giving(AutoCloseable back) {
    return closing(back);
  }

  private void buffered() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    try (Bundle bundle = Bundle.open(soon())) {
      bundle.go(
          () -> {
            for (int i = 0; i < ROUNDS; i++) {
              channel.send(i, soon());
            }
            channel.done();
          });
      for (int i = 0; i < ROUNDS; i++) {
        int value = channel.receive(soon());
        if (value != i) {
          broken(value + " was received instead of " + i);
        }
      }
      bundle.await();
    }
  }

  private void choices() throws Exception {
    Channel<Integer> one = Channel.rendezvous();
    Channel<Integer> other = Channel.buffered(1);
    Mailbox<Integer> mailbox = Mailbox.unbounded();
    Latch latch = Latch.of(1);
    try (Bundle bundle = Bundle.open(soon())) {
      bundle.go(() -> one.receive(soon()));
      bundle.go(() -> other.send(1, soon()));
      bundle.go(() -> mailbox.offer(1));
      bundle.go(latch::countDown);
      Choose<Integer> choose =
          Choose.<Integer>create()
              .send(one, 1, () -> 1)
              .receive(other, value -> value)
              .receive(mailbox, value -> value)
              .timeout(Deadline.after(Duration.ofMillis(1)), () -> 0);
      for (int i = 0; i < ROUNDS; i++) {
        choose.await(soon());
      }
      Choose.<Integer>inOrder().ready(latch, () -> 1).closed(one, () -> 2).await(soon());
      Choose.<Integer>create()
          .receive(one, value -> value)
          .timeout(
              Deadline.NEVER.min(Deadline.after(Duration.ofMillis(1))),
              () -> {
                Fiber.yield();
                return 0;
              })
          .await(soon());
      bundle.cancel();
    }
  }

  private void locks() throws Exception {
    Mutex shared = Mutex.create();
    Condition condition = Condition.of(shared);
    mutex = shared;
    int[] turn = {0};
    try (Bundle bundle = Bundle.open(soon())) {
      for (int i = 0; i < ROUNDS; i++) {
        int mine = i;
        bundle.go(
            () -> {
              Mutex.Guard guard = shared.lock(soon());
              try (var _ = giving(guard)) {
                while (turn[0] != mine) {
                  condition.await(guard, soon());
                }
                turn[0]++;
                condition.signalAll();
              }
            });
      }
      bundle.await();
    }
  }

  private void counts() throws Exception {
    Semaphore permits = Semaphore.of(1);
    SlotPool pool = SlotPool.of(1);
    semaphore = permits;
    slots = pool;
    try (Bundle bundle = Bundle.open(soon())) {
      for (int i = 0; i < ROUNDS; i++) {
        bundle.go(
            () -> {
              permits.acquire(soon());
              try (var _ = giving(permits::release)) {
                Fiber.yield();
              }
              int slot = pool.get(soon());
              try (var _ = giving(() -> pool.put(slot))) {
                Fiber.yield();
              }
            });
      }
      bundle.await();
    }
  }

  private void meetings() throws Exception {
    Barrier barrier = Barrier.of(2);
    Latch latch = Latch.of(1);
    try (Bundle bundle = Bundle.open(soon())) {
      bundle.go(
          () -> {
            barrier.await(soon());
            latch.countDown();
          });
      barrier.await(soon());
      latch.await(soon());
      bundle.await();
    }
  }

  private void events() throws Exception {
    EventCount count = EventCount.create();
    AsyncEvent event = AsyncEvent.create();
    try (Bundle bundle = Bundle.open(soon())) {
      long ticket = count.ticket();
      bundle.go(() -> count.await(ticket, soon()));
      Fiber.yield();
      count.signalAll();
      bundle.go(() -> Blocking.call(event::signal));
      event.await(soon());
      bundle.await();
    }
  }

  private void mailboxes() throws Exception {
    Mailbox<Integer> mailbox = Mailbox.bounded(2);
    try (Bundle bundle = Bundle.open(soon())) {
      bundle.go(
          () ->
              Blocking.call(
                  () -> {
                    mailbox.offer(1);
                    mailbox.offer(2);
                    return 0;
                  }));
      mailbox.receive(soon());
      mailbox.receive(soon());
      bundle.await();
      mailbox.close();
    }
  }

  private void queues() throws Exception {
    Queue<Integer> queue = Queue.bounded(2);
    try (Bundle bundle = Bundle.open(soon())) {
      bundle.go(
          () -> {
            for (int i = 0; i < 2 * ROUNDS; i++) {
              queue.send(i, soon());
            }
          });
      for (int i = 0; i < 2 * ROUNDS; i++) {
        queue.receive(soon());
      }
      bundle.await();
      queue.close();
    }
  }
}
