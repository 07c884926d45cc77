// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.error.Errno;
import dev.weft.error.ScopeExpiredException;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Deadlines of micro-threads. */
@Tag("needs-weaving") // and runs in each form
class DeadlinesTest {
  private static final Duration SHORT = Duration.ofMillis(1);
  private static final Duration LONG = Duration.ofHours(1);

  private enum Wait {
    READ,
    READLINE,
    POLLREAD,
    POLLREAD_MANY,
    WRITE,
    POLLWRITE,
    FORWARD,
    HUP,
    CALL,
    PAUSE,
    REQUEST,
    LISTEN
  }

  /** Pauses until it is ended. */
  private static final class Idler extends MicroThread {
    @Override
    protected void run() {
      while (true) {
        pause();
      }
    }

    @Override
    protected void lastly() {}
  }

  /** Makes a call that would wait indefinitely. */
  private static final class Waiter extends MicroThread {
    private final Wait wait;
    final List<String> errors = new ArrayList<>();

    Waiter(Wait wait) {
      this.wait = wait;
    }

    @Override
    protected void run() throws Exception {
      MicroBlock memory = calloc(1, 100_000);
      Idler idler = new Idler();
      if (wait == Wait.HUP || wait == Wait.WRITE || wait == Wait.POLLWRITE) {
        responder(idler);
      } else {
        child(idler);
      }
      deadline(Deadline.after(SHORT));
      switch (wait) {
        case READ -> read(memory, 1);
        case READLINE -> readline(memory, 1);
        case POLLREAD -> pollread();
        case POLLREAD_MANY -> pollread(2);
        case WRITE -> write(memory, 100_000);
        case POLLWRITE -> pollwriteAfterOneByte(memory);
        case FORWARD -> forward(1);
        case HUP -> hup();
        case CALL -> call(idler);
        case PAUSE -> pause();
        case REQUEST -> request(idler, new MicroRequest<Integer, Integer>(), 1);
        case LISTEN -> listen();
      }
    }

    private void pollwriteAfterOneByte(MicroBlock memory) throws Exception {
      write(memory, 1);
      pollwrite(16_384);
    }

    @Override
    protected void lastly() {
      errors.add(String.valueOf(errno()));
    }
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(60)
  void aDeadlineEndsEveryWait(Wait wait) throws Exception {
    for (ExecutionMode mode :
        List.of(ExecutionMode.REACTOR_WOVEN, ExecutionMode.REACTOR_STACKFUL)) {
      Waiter waiter = new Waiter(wait);

      try (SystemPipe in = SystemPipe.open();
          SystemPipe out = SystemPipe.open();
          Reactor reactor = Reactor.open()) {
        reactor.run(
            () ->
                MicroProcess.start(waiter, mode.options().withDescriptors(in.reading, out.writing))
                    .join());
      }

      assertEquals(List.of("ETIMEDOUT"), waiter.errors, mode.name());
    }
  }

  /** Sets a new deadline when one has passed, four times. */
  private static final class Patient extends MicroThread {
    private final boolean requests;
    int timeouts;
    int answer;

    Patient(boolean requests) {
      this.requests = requests;
    }

    @Override
    protected void run() throws Exception {
      Slow slow = new Slow(this);
      child(slow);
      play(slow);
      deadline(Deadline.after(SHORT));
      if (requests) {
        answer = request(slow, new MicroRequest<Integer, Integer>(), 41);
      } else {
        MicroRequest<Integer, Integer> request = listen();
        answer = request.question();
      }
    }

    @Override
    protected void lastly() {
      if (errno() == Errno.ETIMEDOUT) {
        timeouts++;
        lower();
        deadline(timeouts < 4 ? Deadline.after(SHORT) : Deadline.NEVER);
      }
    }
  }

  /** Answers, or sends, when the other thread has timed out four times. */
  private static final class Slow extends MicroThread {
    private final Patient patient;

    Slow(Patient patient) {
      this.patient = patient;
    }

    @Override
    protected void run() throws Exception {
      while (patient.timeouts < 4) {
        suspend(MicroStatus.YIELD);
      }
      if (patient.requests) {
        MicroRequest<Integer, Integer> request = listen();
        respond(request, request.question() + 1);
      } else {
        send(patient, new MicroRequest<Integer, Integer>(), 42);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  void aThreadThatLowersItsDeadlineContinuesToWait(ExecutionMode mode) throws Exception {
    for (boolean requests : new boolean[] {true, false}) {
      Patient patient = new Patient(requests);

      mode.run(patient);

      assertEquals(4, patient.timeouts);
      assertEquals(42, patient.answer);
    }
  }

  /** Sets deadlines that must not be raised. */
  private static final class Punctual extends MicroThread {
    final List<String> errors = new ArrayList<>();
    private final Deadline last;

    Punctual(Deadline last) {
      this.last = last;
    }

    @Override
    protected void run() throws Exception {
      deadline(Deadline.NOW);
      deadline(last);
      for (int i = 0; i < 100; i++) {
        suspend(MicroStatus.RUN);
      }
    }

    @Override
    protected void lastly() {
      errors.add(String.valueOf(errno()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineThatIsRemovedIsNotRaised(ExecutionMode mode) throws Exception {
    Punctual punctual = new Punctual(Deadline.NEVER);

    mode.run(punctual);

    assertEquals(List.of("null"), punctual.errors);
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineThatIsMovedIsNotRaised(ExecutionMode mode) throws Exception {
    Punctual punctual = new Punctual(Deadline.after(LONG));

    mode.run(punctual);

    assertEquals(List.of("null"), punctual.errors);
  }

  /** Runs past its deadline. */
  private static final class Late extends MicroThread {
    private final MicroStatus wait;
    private final int times;
    final List<String> log = new ArrayList<>();

    Late(MicroStatus wait, int times) {
      this.wait = wait;
      this.times = times;
    }

    @Override
    protected void run() throws Exception {
      deadline(Deadline.NOW);
      for (int i = 0; i < times; i++) {
        suspend(wait);
      }
      log.add("went on");
      pause();
    }

    @Override
    protected void lastly() {
      log.add(String.valueOf(errno()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  void aPassedDeadlineEndsTheNextWait(ExecutionMode mode) throws Exception {
    Late late = new Late(MicroStatus.YIELD, 1000); // the reactor expires timers in between

    mode.run(late);

    assertEquals(List.of("went on", "ETIMEDOUT"), late.log);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOCAL_WOVEN", "LOCAL_STACKFUL"})
  void theLocalExecutorChecksDeadlinesWhenItResumesAThread(ExecutionMode mode) throws Exception {
    Late late = new Late(MicroStatus.RUN, 1);

    mode.run(late);

    assertEquals(List.of("ETIMEDOUT"), late.log);
  }

  /** Polls for a line with a short deadline, and does other work in between. */
  private static final class Busy extends MicroThread {
    private final SystemPipe input;
    int looks;
    String line = "";

    Busy(SystemPipe input) {
      this.input = input;
    }

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 100);
      while (!isThere()) {
        looks++;
        input.write(looks < 3 ? "" : "line\n");
      }
      line = new String(block.toArray(0, readline(block, 100)), StandardCharsets.UTF_8);
    }

    /** The example of the manual. */
    private boolean isThere() throws Exception {
      try (Bundle _ = Bundle.open(Deadline.after(looks < 3 ? SHORT : LONG))) {
        return pollread() > 0;
      } catch (ScopeExpiredException e) {
        return false; // no error is raised, and no byte is lost
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  @Timeout(60)
  void aBundleIsADeadlineForOneCallAfterWhichTheThreadContinues(ExecutionMode mode)
      throws Exception {
    try (SystemPipe in = SystemPipe.open();
        SystemPipe out = SystemPipe.open();
        Reactor reactor = Reactor.open()) {
      Busy busy = new Busy(in);
      reactor.run(
          () ->
              MicroProcess.start(busy, mode.options().withDescriptors(in.reading, out.writing))
                  .join());

      assertEquals(3, busy.looks);
      assertEquals("line\n", busy.line);
    }
  }

  /** Answers each line, and limits the time that it waits for one. */
  private static final class Impatient extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, 100);
      deadline(Deadline.after(LONG));
      for (int length; (length = readline(line, 100)) > 0; ) {
        write(line, length);
        deadline(Deadline.after(SHORT));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  void aServiceClosesIdleConnections(ExecutionMode mode) throws Exception {
    try (Reactor reactor = Reactor.open();
        Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocateFrom("x\n");
      reactor.run(
          () -> {
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            MicroService service = MicroService.start(anyPort, mode.options(), Impatient::new);
            try (TcpSocket client = TcpSocket.connect(service.localAddress())) {
              client.write(buffer.asSlice(0, 2));
              assertEquals(2, client.read(buffer));
              assertEquals(-1, client.read(buffer));
            }
            service.kill();
            service.join();
          });
    }
  }
}
