// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.sync.Channel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DumpTest {
  private static void waitForWork(Channel<Integer> work) {
    work.receive();
  }

  @Test
  void theTreeOfFibersIsShownWithWhatEachWaitsFor() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> work = Channel.rendezvous();
          Fiber loner = Fiber.start("loner", () -> Fiber.sleep(Duration.ofHours(1)));
          try (Bundle bundle = Bundle.open(Deadline.after(Duration.ofHours(2)))) {
            bundle.go("worker", () -> waitForWork(work));
            bundle.go(
                "parent",
                () -> {
                  try (Bundle inner = Bundle.open()) {
                    inner.go("child", () -> waitForWork(work));
                    inner.await();
                  }
                });
            Fiber.yield();
            Fiber.yield();
            bundle.go("new", Fiber::yield);

            Dump dump = Reactor.current().dump();

            check(dump);
            checkJson(dump.toJson());
            loner.cancel();
          }
        });
  }

  private static void check(Dump dump) {
    assertEquals(List.of("main", "loner"), names(dump.fibers()));
    Dump.FiberEntry main = dump.fibers().get(0);
    assertEquals(Dump.Activity.RUNNING, main.activity());
    Dump.BundleEntry bundle = main.bundles().getFirst();
    assertTrue(bundle.deadline().compareTo(Duration.ofHours(1)) > 0);
    assertEquals(List.of("worker", "parent", "new"), names(bundle.children()));
    Dump.FiberEntry worker = bundle.children().get(0);
    assertEquals(Dump.Activity.WAITING, worker.activity());
    assertEquals("receive channel", worker.waitingFor());
    assertFalse(worker.since().isNegative());
    assertTrue(
        worker.stack().stream().anyMatch(frame -> frame.getMethodName().equals("waitForWork")));
    Dump.FiberEntry parent = bundle.children().get(1);
    assertEquals("await bundle of parent (1 child)", parent.waitingFor());
    assertEquals(List.of("child"), names(parent.bundles().getFirst().children()));
    assertEquals(Dump.Activity.READY, bundle.children().get(2).activity());
    String text = dump.toString();
    assertTrue(text.contains("\n      worker #3 WAITING for receive channel since "), text);
    assertTrue(text.contains("\n  loner #2 WAITING for sleep since "), text);
  }

  private static List<String> names(List<Dump.FiberEntry> fibers) {
    return fibers.stream().map(Dump.FiberEntry::name).toList();
  }

  private static void checkJson(String json) {
    assertTrue(
        json.startsWith("{\"reactor\":\"" + Reactor.current() + "\",\"fibers\":[{\"id\":1,"), json);
    assertTrue(json.contains("\"activity\":\"WAITING\""), json);
    assertTrue(json.contains("\"waitingFor\":\"receive channel\""), json);
    assertEquals(count(json, '{'), count(json, '}'));
    assertEquals(count(json, '['), count(json, ']'));
  }

  private static long count(String text, char wanted) {
    return text.chars().filter(c -> c == wanted).count();
  }

  @Test
  void namesAreQuotedInJson() {
    Dump.FiberEntry odd =
        new Dump.FiberEntry(
            1,
            "a \"b\" \\ \n",
            Dump.Activity.READY,
            true,
            "",
            Duration.ZERO,
            Duration.ofMillis(5),
            List.of(),
            List.of());
    assertEquals(
        "{\"reactor\":\"r\",\"fibers\":[{\"id\":1,\"name\":\"a \\\"b\\\" \\\\ \\u000a\","
            + "\"activity\":\"READY\",\"cancelled\":true,\"waitingFor\":\"\",\"sinceMillis\":0,"
            + "\"deadlineMillis\":5,\"stack\":[],\"bundles\":[]}]}",
        new Dump("r", List.of(odd)).toJson());
    assertEquals("{\"reactor\":\"r\",\"fibers\":[]}", new Dump("r", List.of()).toJson());
    assertEquals(
        "r\n  a \"b\" \\ \n #1 READY cancelled, 5 ms left", new Dump("r", List.of(odd)).toString());
  }

  @Test
  void aBundleIsShownByItsName() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle crew = Bundle.open().named("crew")) {
            crew.go("worker", () -> Fiber.sleepUntil(Deadline.NEVER));
            Fiber.yield();

            Dump dump = Reactor.current().dump();

            crew.cancel();
            assertEquals("crew", dump.fibers().getFirst().bundles().getFirst().name());
            assertTrue(dump.toString().contains("\n    crew of 1\n"), dump::toString);
            assertTrue(dump.toJson().contains("{\"name\":\"crew\","), dump::toJson);
            assertEquals("crew of main (1 child)", crew.toString());
          }
        });
  }

  @Test
  void theFibersOfADetachedBundleAreShown() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          object.go("worker", () -> Fiber.sleepUntil(Deadline.NEVER));
          Fiber.yield();
          assertTrue(Reactor.current().dump().toString().contains("worker"));
          object.close();
        });
  }
}
