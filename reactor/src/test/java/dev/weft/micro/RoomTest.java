// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ScopeExpiredException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Waits for a number of bytes, and for room for them. */
@Tag("needs-weaving") // and runs in each form
class RoomTest {
  private static final int RING = 16_384;
  private static final List<String> LOG = new ArrayList<>();

  @BeforeEach
  void forget() {
    LOG.clear();
  }

  /** What a thread does, besides logging its errors and lowering them. */
  private interface Body {
    void run(Actor thread) throws Exception;
  }

  private static final class Actor extends MicroThread {
    private final Body body;

    Actor(Body body) {
      this.body = body;
    }

    @Override
    protected void run() throws Exception {
      body.run(this);
    }

    @Override
    protected void lastly() {
      if (errno() != null) {
        LOG.add(errno().name());
        lower();
      }
    }

    /** Puts a thread with {@code body} behind this one, and plays it. */
    Actor behind(Body body) throws Exception {
      Actor made = new Actor(body);
      responder(made);
      play(made);
      return made;
    }

    void put(int count) throws Exception {
      write(new byte[count]);
    }

    void take(int count) throws Exception {
      MicroBlock block = calloc(1, count);
      read(block, count);
      free();
    }

    int bytes(int count) throws Exception {
      return pollread(count);
    }

    int room(int count) throws Exception {
      return pollwrite(count);
    }

    void closeOutput() {
      txClose();
    }

    void endMessage() throws Exception {
      hup();
    }

    void takeEnd() throws Exception {
      readhup();
    }

    void closeInput() {
      rxClose();
    }

    void letRun() throws Exception {
      suspend(MicroStatus.RUN);
      play(this);
      pause();
    }
  }

  private static void run(ExecutionMode mode, Body body) throws Exception {
    mode.run(new Actor(body));
  }

  private static void log(String text) {
    LOG.add(text);
  }

  // ---- room

  private static void fillsAndWaits(Actor thread) throws Exception {
    thread.behind(RoomTest::readsInParts);
    thread.put(RING - 10);
    log("room " + thread.room(10));
    log("room " + thread.room(11));
    log("room " + thread.room(RING));
  }

  private static void readsInParts(Actor thread) throws Exception {
    for (int count : new int[] {1, 1000, RING - 1011}) {
      log("reads " + count);
      thread.take(count);
      thread.letRun();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWriterWaitsUntilAPipeHasTheRoomItAsksFor(ExecutionMode mode) throws Exception {
    run(mode, RoomTest::fillsAndWaits);

    assertEquals(
        List.of("room 10", "reads 1", "room 11", "reads 1000", "reads 15373", "room 16384"), LOG);
  }

  @ParameterizedTest
  @EnumSource
  void allRoomOfADescriptorIsThereWhenItHasTakenAllOutput(ExecutionMode mode) throws Exception {
    ExecutionMode.Outcome outcome =
        mode.run(
            new Actor(
                thread -> {
                  thread.put(RING - 1);
                  log("room " + thread.room(1));
                  log("room " + thread.room(2));
                }));

    assertEquals(List.of("room 1", "room 16384"), LOG);
    assertEquals(RING - 1, outcome.output().length());
  }

  @ParameterizedTest
  @EnumSource
  void aWaitForRoomEndsWithTheReader(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          thread.behind(reader -> reader.take(1));
          thread.put(RING);
          log("room " + thread.room(100));
        });

    assertEquals(List.of("EPIPE", "room 0"), LOG);
  }

  @ParameterizedTest
  @EnumSource
  void aClosedOutputHasNoRoom(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          thread.closeOutput();
          log("room " + thread.room(0));
        });

    assertEquals(List.of("EPIPE", "room 0"), LOG);
  }

  // ---- bytes

  @ParameterizedTest
  @EnumSource
  void aReaderWaitsUntilSoManyBytesAreThere(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          thread.behind(
              reader -> {
                log("bytes " + reader.bytes(3));
                reader.take(3);
                log("bytes " + reader.bytes(RING));
              });
          for (int count : new int[] {1, 1, 1, RING - 1, 1}) {
            log("writes " + count);
            thread.put(count);
            thread.letRun();
          }
        });

    assertEquals(
        List.of(
            "writes 1",
            "writes 1",
            "writes 1",
            "bytes 3",
            "writes 16383",
            "writes 1",
            "bytes 16384"),
        LOG);
  }

  @ParameterizedTest
  @EnumSource
  void bytesOfADescriptorAreCollected(ExecutionMode mode) throws Exception {
    mode.run(
        new Actor(
            thread -> {
              log("bytes " + thread.bytes(2));
              log("bytes " + thread.bytes(4));
            }),
        "abc");

    assertEquals(List.of("bytes 3", "bytes 3"), LOG);
  }

  @ParameterizedTest
  @EnumSource
  void aWaitForBytesEndsWithTheMessage(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          thread.behind(
              reader -> {
                log("bytes " + reader.bytes(5));
                reader.take(2);
                reader.takeEnd();
                log("bytes " + reader.bytes(5));
              });
          thread.put(2);
          thread.endMessage();
          thread.put(1);
        });

    assertEquals(List.of("bytes 2", "bytes 1"), LOG);
  }

  @ParameterizedTest
  @EnumSource
  void aClosedInputIsEbadfWhenItsBytesHaveBeenRead(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          thread.behind(
              reader -> {
                reader.closeInput();
                log("bytes " + reader.bytes(5));
                reader.take(2);
                log("bytes " + reader.bytes(5));
              });
          thread.put(2);
          thread.letRun();
        });

    assertEquals(List.of("bytes 2", "EBADF", "bytes 0"), LOG);
  }

  // ---- limits

  @ParameterizedTest
  @EnumSource
  void moreThanARingHoldsIsRefused(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          for (int count : new int[] {-1, RING + 1}) {
            try {
              thread.room(count);
            } catch (IndexOutOfBoundsException e) {
              log(e.getMessage());
            }
            try {
              thread.bytes(count);
            } catch (IndexOutOfBoundsException e) {
              log(e.getMessage());
            }
          }
        });

    assertEquals(
        List.of(
            "pollwrite of -1 bytes: a ring holds 16384",
            "pollread of -1 bytes: a ring holds 16384",
            "pollwrite of 16385 bytes: a ring holds 16384",
            "pollread of 16385 bytes: a ring holds 16384"),
        LOG);
  }

  /** Two waits that could be satisfied by each other alone are a deadlock as any other. */
  @ParameterizedTest
  @EnumSource
  void aPipeThatEachSideWaitsForEndsTheProcess(ExecutionMode mode) throws Exception {
    List<String> log =
        mode.run(
                new Actor(
                    thread -> {
                      thread.behind(reader -> reader.bytes(12_000));
                      thread.put(10_000);
                      thread.room(8_000);
                    }))
            .log();

    assertTrue(
        log.getFirst().contains("deadlocked threads: Actor WAIT, Actor WAIT"), log::toString);
    assertEquals(List.of("EINTR", "EINTR"), LOG);
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void aBundleLimitsAWaitForRoom(ExecutionMode mode) throws Exception {
    run(
        mode,
        thread -> {
          Actor reader = thread.behind(idle -> idle.bytes(RING));
          thread.put(RING - 1);
          log("room " + isThere(thread));
          log(reader.isEnded() + " " + Errno.ETIMEDOUT);
        });

    assertEquals(List.of("room false", "false ETIMEDOUT"), LOG);
  }

  private static boolean isThere(Actor thread) throws Exception {
    try (Bundle _ = Bundle.open(Deadline.after(Duration.ofMillis(1)))) {
      return thread.room(2) >= 2;
    } catch (ScopeExpiredException e) {
      return false;
    }
  }
}
