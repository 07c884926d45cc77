// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Detached bundles: closed in any order, by any fiber, and at the latest by their owners. */
final class ObjectScenarios {
  private static final int OBJECTS_MAX = 5;
  private static final int USERS_MAX = 4;

  private ObjectScenarios() {}

  private static final class Expected extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static Duration someTime() {
    return Duration.ofNanos(Simulation.random().nextLong(2_000_000));
  }

  /** A detached bundle, and how many fibers of it are alive. */
  private static final class Thing {
    final Bundle fibers;

    /** The earlier ones, which may own it, but must not be closed by its fibers. */
    final List<Thing> elders;

    /** Whether it may fail: then the scenario closes it, not an owner. */
    final boolean mayFail;

    boolean isReactors;
    int alive;

    Thing(List<Thing> elders, boolean mayFail) {
      RandomGenerator random = Simulation.random();
      this.elders = List.copyOf(elders);
      this.mayFail = mayFail;
      fibers =
          switch (random.nextInt(3)) {
            case 0 -> Bundle.detached(Deadline.after(someTime()));
            case 1 -> Bundle.detachedSupervising(failure -> {});
            default -> Bundle.detached();
          };
      for (int count = 1 + random.nextInt(3); count > 0; count--) {
        start();
      }
    }

    private void start() {
      fibers.go(
          () -> {
            alive++;
            try {
              live();
            } finally {
              if (Simulation.random().nextBoolean()) {
                Fiber.shielded(Deadline.NEVER, () -> Fiber.sleep(someTime()));
              }
              alive--;
            }
          });
    }

    private void live() {
      switch (Simulation.random().nextInt(4)) {
        case 0 -> Fiber.sleep(someTime());
        case 1 -> Fiber.sleepUntil(Deadline.NEVER);
        case 2 -> {
          Fiber.sleep(someTime());
          if (mayFail) {
            throw new Expected();
          }
        }
        default -> {
          Fiber.yield();
          start();
        }
      }
    }

    void close() {
      try {
        fibers.close();
      } catch (TaskFailedException | ScopeExpiredException e) {
        // expected: it may have failed
      }
      assertEquals(0, alive, "a fiber has outlived its object");
    }

    void change() {
      RandomGenerator random = Simulation.random();
      try {
        switch (random.nextInt(5)) {
          case 0 -> fibers.cancel();
          case 1 -> start();
          case 2 -> fibers.await(Deadline.after(someTime()));
          case 3 -> {
            fibers.transferToReactor();
            isReactors = true;
          }
          default -> {
            if (!elders.isEmpty() && !mayFail) {
              Thing owner = elders.get(random.nextInt(elders.size()));
              fibers.transferTo(owner.fibers);
              isReactors = owner.isReactors;
            }
          }
        }
      } catch (IllegalStateException | DeadlineExceededException | TaskFailedException e) {
        // expected: it is closed, or busy, or has failed
      }
    }
  }

  static void objects() {
    RandomGenerator random = Simulation.random();
    List<Thing> things = new ArrayList<>();
    boolean closesAll = random.nextBoolean();
    boolean[] oneIsReactors = {false};
    try (Bundle block = Bundle.open()) {
      for (int count = 1 + random.nextInt(OBJECTS_MAX); count > 0; count--) {
        things.add(new Thing(things, closesAll));
      }
      List<Task<?>> users = new ArrayList<>();
      for (int count = random.nextInt(USERS_MAX); count > 0; count--) {
        Thing thing = things.get(random.nextInt(things.size()));
        users.add(block.go(() -> use(thing)));
      }
      if (!users.isEmpty() && random.nextInt(3) == 0) {
        users.get(random.nextInt(users.size())).close();
      }
      if (closesAll) {
        List<Thing> left = new ArrayList<>(things);
        while (!left.isEmpty()) {
          left.remove(random.nextInt(left.size())).close();
        }
      } else {
        Fiber.sleep(someTime());
      }
    } finally {
      things.forEach(thing -> oneIsReactors[0] |= thing.isReactors);
      for (Thing thing : things) {
        if (!oneIsReactors[0]) {
          assertEquals(0, thing.alive, "an object has outlived its owner");
        }
      }
    }
  }

  private static void use(Thing thing) {
    Fiber.sleep(someTime());
    thing.change();
    Fiber.sleep(someTime());
    if (Simulation.random().nextBoolean()) {
      thing.close();
    } else {
      thing.change();
    }
  }

  /** A fiber and a task are closed by several fibers, in any of their states. */
  static void closes() {
    RandomGenerator random = Simulation.random();
    int[] alive = {0};
    Fiber fiber = Fiber.start(() -> count(alive));
    try (fiber;
        Bundle block = Bundle.open()) {
      Task<?> task = block.go(() -> count(alive));
      for (int i = 0; i < 3; i++) {
        block.go(
            () -> {
              Fiber.sleep(someTime());
              if (Simulation.random().nextBoolean()) {
                task.close();
                fiber.close();
              } else {
                fiber.close();
                task.close();
              }
              assertEquals(0, alive[0]);
            });
      }
      if (random.nextBoolean()) {
        block.await();
        assertEquals(0, alive[0]);
      }
    }
    assertEquals(0, alive[0]);
  }

  private static void count(int[] alive) throws Exception {
    alive[0]++;
    try {
      Fiber.sleep(someTime());
    } finally {
      Fiber.shielded(Deadline.NEVER, () -> Fiber.sleep(someTime()));
      alive[0]--;
    }
  }
}
