// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import static dev.weft.Reactors.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.Reactors;
import dev.weft.error.DeadlockException;
import dev.weft.internal.backend.Op;
import dev.weft.io.Pipe;
import dev.weft.sync.Channel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A listener gets the events of a loop, in their order. */
class LoopListenerTest {
  private static final class Recorder implements LoopListener {
    final List<String> events = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void started(Strand strand) {
      events.add("started");
    }

    @Override
    public void resumed(Strand strand) {
      events.add("resumed");
    }

    @Override
    public void suspended(Strand strand) {
      events.add("suspended");
    }

    @Override
    public void ended(Strand strand) {
      events.add("ended");
    }

    @Override
    public void submitted(Op op) {
      events.add("submitted " + op.opcode());
    }

    @Override
    public void completed(Op op) {
      events.add("completed " + op.opcode() + " with " + op.result());
    }

    @Override
    public void messageFrom(Thread thread, Object what) {
      events.add("message");
    }

    @Override
    public void deadlocked(DeadlockException report) {
      events.add("deadlocked");
    }
  }

  @Test
  void strandsAndOperationsAreReported() throws Exception {
    Recorder recorder = new Recorder();
    run(
        () -> {
          EventLoop loop = EventLoop.require("test");
          MemorySegment one = Arena.ofAuto().allocate(1);
          try (Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            loop.observe(recorder);
            bundle.go(() -> pipe.source().readFully(one));
            Fiber.yield();
            pipe.sink().write(one);
            bundle.await();
            loop.observe(null);
          }
        });

    List<String> events = List.copyOf(recorder.events);
    assertEquals(
        List.of("started", "resumed", "submitted READ", "suspended", "resumed"),
        events.subList(0, 5));
    assertTrue(events.contains("submitted WRITE"), events::toString);
    int written = events.indexOf("completed WRITE with 1");
    int read = events.indexOf("completed READ with 1");
    assertTrue(written > 5 && read > 5 && events.indexOf("ended") > read, events::toString);
  }

  @Test
  void aDeadlockIsReportedBeforeItIsBroken() {
    Recorder recorder = new Recorder();

    assertThrows(DeadlockException.class, () -> run(() -> receiveWithoutSender(recorder)));

    assertEquals(List.of("deadlocked", "resumed", "ended"), recorder.events);
  }

  private static void receiveWithoutSender(Recorder recorder) {
    EventLoop.require("test").observe(recorder);
    Channel.rendezvous().receive();
  }

  @Test
  void aMessageOfAnotherThreadIsReported() throws Exception {
    Recorder recorder = new Recorder();
    run(
        () -> {
          Reactor reactor = Reactor.current();
          EventLoop loop = EventLoop.require("test");
          loop.observe(recorder);
          reactor.execute(() -> {}); // from the reactor's own thread, which is no event
          Thread other = Thread.ofPlatform().start(() -> reactor.execute(() -> {}));
          while (other.isAlive()) {
            Thread.onSpinWait(); // a join would end by another message
          }
          loop.observe(null);
        });

    assertEquals(List.of("message"), recorder.events);
  }

  @Test
  void aStallIsReported() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    LoopListener listener =
        new LoopListener() {
          @Override
          public void stalled(String name, StackTraceElement[] stack, long nanos) {
            stalled.countDown();
          }
        };
    ReactorOptions options = Reactors.options().withStallHandler(Duration.ofMillis(1), stall -> {});
    run(
        options,
        () -> {
          EventLoop.require("test").observe(listener);
          while (stalled.getCount() > 0) {
            Thread.onSpinWait();
          }
        });
  }
}
