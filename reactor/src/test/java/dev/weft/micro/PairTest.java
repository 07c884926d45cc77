// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.DeadlockException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Byte streams between two threads, of one process or of two. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class PairTest {
  private static final String REACTORS = "REACTOR.*";
  private static final int MANY = 100_000;

  private static final List<String> LOG = PairActor.LOG;

  private final ByteArrayOutputStream reports = new ByteArrayOutputStream();
  private final PrintStream before = System.err;

  @BeforeEach
  void begin() {
    LOG.clear();
    System.setErr(new PrintStream(reports, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setErr(before);
  }

  /** Runs threads with an end each: {@code second} is a sibling of the one that makes the pair. */
  private static void siblings(ExecutionMode mode, PairActor.Body first, PairActor.Body second)
      throws Exception {
    mode.run(
        new PairActor(
            "maker",
            maker -> {
              MicroPair pair = maker.makePair();
              maker.sibling(pair.first(), new PairActor("first", first));
              maker.sibling(pair.second(), new PairActor("second", second));
            }));
  }

  /** Runs threads with an end each, in processes of their own. */
  private static void processes(ExecutionMode mode, PairActor.Body first, PairActor.Body second)
      throws Exception {
    onReactor(
        mode,
        maker -> {
          MicroPair pair = maker.makePair();
          start(mode, "first", first, pair.first());
          start(mode, "second", second, pair.second());
        });
  }

  private static MicroProcess start(
      ExecutionMode mode, String name, PairActor.Body body, MicroConnection end) {
    return MicroProcess.start(new PairActor(name, body), mode.options(), end);
  }

  private static void onReactor(ExecutionMode mode, PairActor.Body maker) throws Exception {
    try (SystemPipe in = SystemPipe.open();
        SystemPipe out = SystemPipe.open();
        Reactor reactor = Reactor.open()) {
      in.fill("");
      reactor.run(
          () ->
              MicroProcess.start(
                      new PairActor("maker", maker),
                      mode.options().withDescriptors(in.reading, out.writing))
                  .join());
    }
  }

  // ---- both ways

  private static void asks(PairActor thread) throws Exception {
    thread.say("question");
    thread.endMessage();
    thread.hear();
  }

  private static void answers(PairActor thread) throws Exception {
    thread.hear();
    thread.acknowledge();
    thread.say("answer");
  }

  private static final List<String> CONVERSATION =
      List.of("second hears question.", "first hup returned", "first hears answer.");

  @ParameterizedTest
  @EnumSource
  void siblingsTalkInBothDirections(ExecutionMode mode) throws Exception {
    siblings(mode, PairTest::asks, PairTest::answers);

    assertEquals(CONVERSATION, LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void processesTalkInBothDirections(ExecutionMode mode) throws Exception {
    processes(mode, PairTest::asks, PairTest::answers);

    assertEquals(CONVERSATION, LOG);
    assertEquals("", reports.toString(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @EnumSource
  void theMakerMayKeepAnEnd(ExecutionMode mode) throws Exception {
    mode.run(
        new PairActor(
            "first",
            maker -> {
              MicroPair pair = maker.makePair();
              maker.sibling(pair.second(), new PairActor("second", PairTest::answers));
              MicroSocket mine = maker.take(pair.first());
              mine.literal("question");
              mine.hup();
              maker.hear(mine);
            }));

    assertEquals(List.of("second hears question.", "first hears answer."), LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aFullRingSuspendsTheWriterOfAnotherProcess(ExecutionMode mode) throws Exception {
    processes(
        mode,
        first -> {
          first.say(MANY);
          first.note("wrote all");
        },
        second -> second.note("read " + second.hearMany(MANY)));

    assertEquals(List.of("first wrote all", "second read 100000"), LOG);
  }

  // ---- ends

  private static void leaves(PairActor thread) throws Exception {
    thread.say("bye");
  }

  private static void fails(PairActor thread) throws Exception {
    thread.say("bye");
    throw new ArithmeticException("of the test");
  }

  private static void hearsAndAnswersTooLate(PairActor thread) throws Exception {
    thread.hear();
    thread.say("too late");
    thread.hear();
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfASiblingIsTheEndOfItsBytes(ExecutionMode mode) throws Exception {
    siblings(mode, PairTest::leaves, PairTest::hearsAndAnswersTooLate);

    assertEquals(List.of("second hears bye.", "second EPIPE", "second hears ."), LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void theEndOfAnotherProcessIsTheEndOfItsBytes(ExecutionMode mode) throws Exception {
    processes(mode, PairTest::leaves, PairTest::hearsAndAnswersTooLate);

    assertEquals(List.of("second hears bye.", "second EPIPE", "second hears ."), LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aFaultInAnotherProcessIsTheEndOfItsBytes(ExecutionMode mode) throws Exception {
    processes(mode, PairTest::fails, PairTest::hearsAndAnswersTooLate);

    assertEquals(
        List.of("first EFAULT", "second hears bye.", "second EPIPE", "second hears ."), LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aKilledProcessEndsTheWaitsOfOthers(ExecutionMode mode) throws Exception {
    onReactor(
        mode,
        maker -> {
          MicroPair read = maker.makePair();
          MicroPair written = maker.makePair();
          MicroProcess victim =
              start(
                  mode,
                  "victim",
                  thread -> {
                    MicroSocket other = thread.take(written.second());
                    thread.hear();
                    other.pollread();
                  },
                  read.second());
          maker.sibling(read.first(), new PairActor("reader", PairActor::hear));
          maker.sibling(written.first(), new PairActor("writer", thread -> thread.say(MANY)));
          maker.sibling(
              maker.makePair().first(),
              new PairActor(
                  "killer",
                  thread -> {
                    Fiber.yield();
                    Fiber.yield();
                    victim.kill();
                  }));
        });

    assertTrue(LOG.contains("reader hears ."), LOG::toString);
    assertTrue(LOG.contains("writer EPIPE"), LOG::toString);
  }

  @ParameterizedTest
  @EnumSource
  void anEndThatNoThreadGotIsClosedWithItsMaker(ExecutionMode mode) throws Exception {
    mode.run(
        new PairActor(
            "maker",
            maker ->
                maker.sibling(maker.makePair().first(), new PairActor("first", PairActor::hear))));

    assertEquals(List.of("first hears ."), LOG);
  }

  @ParameterizedTest
  @EnumSource
  void anEndMayBeClosed(ExecutionMode mode) throws Exception {
    mode.run(
        new PairActor(
            "maker",
            maker -> {
              MicroPair pair = maker.makePair();
              pair.second().close();
              pair.second().close();
              MicroSocket mine = maker.take(pair.first());
              mine.literal("lost");
              maker.hear(mine);
            }));

    assertEquals(List.of("maker EPIPE", "maker hears ."), LOG);
  }

  // ---- who may have it

  @ParameterizedTest
  @EnumSource
  void anEndIsGivenOnce(ExecutionMode mode) throws Exception {
    mode.run(
        new PairActor(
            "maker",
            maker -> {
              MicroConnection end = maker.makePair().first();
              maker.sibling(end, new PairActor("first", thread -> {}));
              try {
                maker.take(end);
              } catch (IllegalStateException e) {
                maker.note(e.getMessage());
              }
            }));

    assertEquals(List.of("maker the connection has been given to a thread, or closed"), LOG);
  }

  @ParameterizedTest
  @EnumSource
  void anEndHasNoAddress(ExecutionMode mode) throws Exception {
    mode.run(
        new PairActor(
            "maker",
            maker -> {
              MicroConnection end = maker.makePair().first();
              try {
                end.remoteAddress();
              } catch (ErrnoException e) {
                maker.note(Errno.of(e.code()).name());
              }
              maker.take(end).remoteAddress();
            }));

    assertEquals(List.of("maker ENOTSOCK", "maker ENOTSOCK"), LOG);
  }

  // ---- memory

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void eachProcessPaysForWhatItReads(ExecutionMode mode) throws Exception {
    onReactor(
        mode,
        maker -> {
          int before = maker.memory().usedPages();
          MicroPair pair = maker.makePair();
          maker.note("pays for both: " + (maker.memory().usedPages() - before));
          MicroProcess other =
              start(
                  mode,
                  "other",
                  thread -> {
                    thread.note("pays for its ring: " + thread.memory().usedPages());
                    thread.hear();
                    thread.acknowledge();
                    thread.hear();
                  },
                  pair.second());
          maker.note("pays for its own: " + (maker.memory().usedPages() - before));
          MicroSocket mine = maker.take(pair.first());
          mine.literal("bytes");
          maker.note("bytes are resident there: " + other.heap().residentPages());
          mine.hup();
          Fiber.yield();
          maker.note("a page of its block is left: " + other.heap().residentPages());
          mine.rxClose();
          mine.txClose();
          other.join();
          maker.letPump();
          maker.note("pays for nothing: " + (maker.memory().usedPages() - before));
        });

    assertEquals(
        List.of(
            "maker pays for both: 8",
            "maker pays for its own: 4",
            "maker bytes are resident there: 4",
            "other pays for its ring: 4",
            "other hears bytes.",
            "maker a page of its block is left: 1",
            "other hears .",
            "maker pays for nothing: 0"),
        LOG);
  }

  @ParameterizedTest
  @EnumSource
  void aThreadMakesAnyNumberOfPairsThatItCloses(ExecutionMode mode) throws Exception {
    mode.run(
        new PairActor(
            "maker",
            maker -> {
              int before = maker.memory().usedPages();
              for (int i = 0; i < 100; i++) { // the heap has no room for a tenth of them
                MicroPair pair = maker.makePair();
                MicroSocket first = maker.take(pair.first());
                MicroSocket second = maker.take(pair.second());
                first.literal("bytes");
                for (MicroSocket each : List.of(first, second)) {
                  each.rxClose();
                  each.txClose();
                }
                maker.letPump();
              }
              maker.note("" + (maker.memory().usedPages() - before));
            }));

    assertEquals(List.of("maker 0"), LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aHeapWithoutRoomForARingIsRefused(ExecutionMode mode) throws Exception {
    onReactor(
        mode,
        maker -> {
          MicroPair pair = maker.makePair();
          try {
            MicroProcess.start(
                new PairActor("small", thread -> {}), MicroOptions.ofPages(3), pair.first());
          } catch (IllegalArgumentException e) {
            maker.note(e.getMessage());
          }
          maker.hear(maker.take(pair.second()));
        });

    assertEquals(
        List.of(
            "maker the micro-heap needs page count of 4 at least, for the ring of its default"
                + " socket: it has 3",
            "maker hears ."),
        LOG);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void anEndOfAnotherReactorIsRefused(ExecutionMode mode) throws Exception {
    onReactor(
        mode,
        maker -> {
          MicroConnection end = maker.makePair().first();
          PairActor local =
              new PairActor(
                  "local",
                  thread -> {
                    try {
                      thread.take(end);
                    } catch (IllegalArgumentException e) {
                      thread.note(e.getMessage());
                    }
                  });
          MicroProcess.runLocal(local, mode.options());
        });

    assertEquals(List.of("local an end of a pair is of another reactor"), LOG);
  }

  // ---- deadlocks

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aProcessThatWaitsForOneThatWaitsForItEnds(ExecutionMode mode) throws Exception {
    processes(mode, PairActor::hear, PairActor::hear);

    assertEquals(List.of("second EINTR", "first hears ."), LOG);
    assertTrue(
        reports.toString(StandardCharsets.UTF_8).contains("deadlocked threads: second WAIT"),
        reports::toString);
  }

  /** Keeps an end that no thread gets. */
  private static @Nullable MicroConnection kept;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void aWaitForAnEndThatNoFiberGivesAwayIsADeadlockOfTheReactor(ExecutionMode mode) {
    DeadlockException e =
        assertThrows(
            DeadlockException.class,
            () ->
                onReactor(
                    mode,
                    maker -> {
                      MicroPair pair = maker.makePair();
                      kept = pair.second();
                      maker.hear(maker.take(pair.first()));
                    }));

    assertTrue(e.getMessage().contains("micro-process"), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = REACTORS)
  void anEndMayBeGivenLaterByAFiber(ExecutionMode mode) throws Exception {
    onReactor(
        mode,
        maker -> {
          MicroPair pair = maker.makePair();
          Fiber.start(() -> start(mode, "second", PairTest::answers, pair.second()));
          MicroSocket mine = maker.take(pair.first());
          mine.literal("question");
          mine.hup();
          maker.hear(mine);
        });

    assertEquals(List.of("second hears question.", "maker hears answer."), LOG);
  }
}
