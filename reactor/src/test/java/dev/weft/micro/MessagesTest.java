// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests between threads. */
@Tag("needs-weaving") // and runs in each form
class MessagesTest {
  private static final class Adder extends MicroThread {
    private final int times;

    Adder(int times) {
      this.times = times;
    }

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < times; i++) {
        MicroRequest<Integer, Integer> request = listen();
        respond(request, request.question() + 100);
      }
    }
  }

  private static final class Sender extends MicroThread {
    final List<Integer> answers = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      Adder adder = new Adder(3);
      child(adder);
      for (int i = 1; i <= 3; i++) {
        send(adder, new MicroRequest<Integer, Integer>(), i);
      }
      pause();
      for (int i = 0; i < 3; i++) {
        answers.add(recv());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void messagesAndAnswersKeepTheirOrder(ExecutionMode mode) throws Exception {
    Sender sender = new Sender();

    mode.run(sender);

    assertEquals(List.of(101, 102, 103), sender.answers);
  }

  private static final class Asker extends MicroThread {
    private final int answers;
    int sum;
    String errors = "";

    Asker(int answers) {
      this.answers = answers;
    }

    @Override
    protected void run() throws Exception {
      Adder adder = new Adder(answers);
      child(adder);
      MicroRequest<Integer, Integer> request = new MicroRequest<>();
      for (int i = 0; i < 3; i++) {
        Integer answer = request(adder, request, i);
        sum += answer == null ? 0 : answer;
      }
    }

    @Override
    protected void lastly() {
      if (errno() != null) {
        errors += errno();
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRequestCanBeUsedAgain(ExecutionMode mode) throws Exception {
    Asker asker = new Asker(3);

    mode.run(asker);

    assertEquals(303, asker.sum);
    assertEquals("", asker.errors);
  }

  @ParameterizedTest
  @EnumSource
  void aRequestToAThreadThatHasEndedIsEsrch(ExecutionMode mode) throws Exception {
    Asker asker = new Asker(1);

    mode.run(asker);

    assertEquals(100, asker.sum);
    assertEquals("ESRCHESRCH", asker.errors);
  }

  private static final class NoAnswer extends MicroThread {
    @Override
    protected void run() {
      listen();
    }
  }

  private static final class RequestsOfNoAnswer extends MicroThread {
    String error = "";

    @Override
    protected void run() throws Exception {
      NoAnswer thread = new NoAnswer();
      child(thread);
      request(thread, new MicroRequest<Integer, Integer>(), 1);
    }

    @Override
    protected void lastly() {
      error = String.valueOf(errno());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadThatEndsWithoutAnAnswerIsEsrch(ExecutionMode mode) throws Exception {
    RequestsOfNoAnswer asker = new RequestsOfNoAnswer();

    mode.run(asker);

    assertEquals("ESRCH", asker.error);
  }

  private static final class Empty extends MicroThread {
    String error = "";
    boolean goesOn;

    @Override
    protected void run() throws Exception {
      recv();
      goesOn = true;
    }

    @Override
    protected void lastly() {
      if (errno() != null) {
        error = errno().toString();
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void recvWithoutAMessageIsEagain(ExecutionMode mode) throws Exception {
    Empty empty = new Empty();

    mode.run(empty);

    assertEquals("EAGAIN", empty.error);
    assertEquals(true, empty.goesOn);
  }

  private static final class NullAnswer extends MicroThread {
    @Nullable MicroFault found;

    @Override
    @SuppressWarnings("NullAway") // null is the point
    protected void run() throws Exception {
      MicroRequest<Integer, Integer> request = listen();
      respond(request, null);
    }

    @Override
    protected void lastly() {
      found = fault();
    }
  }

  private static final class Unanswered extends MicroThread {
    private final NullAnswer callee;
    @Nullable Errno raised;

    Unanswered(NullAnswer callee) {
      this.callee = callee;
    }

    @Override
    protected void run() throws Exception {
      child(callee);
      request(callee, new MicroRequest<Integer, Integer>(), 1);
    }

    @Override
    protected void lastly() {
      raised = errno();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNullAnswerIsAFaultOfItsSender(ExecutionMode mode) throws Exception {
    NullAnswer callee = new NullAnswer();
    Unanswered asker = new Unanswered(callee);

    mode.run(asker);

    assertInstanceOf(NullPointerException.class, Objects.requireNonNull(callee.found).cause());
    assertEquals(Errno.ESRCH, asker.raised);
  }

  private static final class Foreign extends MicroThread {
    @Override
    protected void run() {}
  }

  private static final class Intruder extends MicroThread {
    int refusals;

    @Override
    protected void run() throws Exception {
      Foreign foreign = new Foreign();
      try {
        request(foreign, new MicroRequest<Integer, Integer>(), 1);
      } catch (IllegalArgumentException e) {
        refusals++;
      }
      try {
        send(foreign, new MicroRequest<Integer, Integer>(), 1);
      } catch (IllegalArgumentException e) {
        refusals++;
      }
      try {
        raiseAt(foreign, Errno.EIO);
      } catch (IllegalArgumentException e) {
        refusals++;
      }
      child(foreign);
      play(foreign);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadOfAnotherProcessIsRefused(ExecutionMode mode) throws Exception {
    Intruder intruder = new Intruder();

    ExecutionMode.Outcome outcome = mode.run(intruder);

    assertEquals(3, intruder.refusals);
    assertEquals(List.of(), outcome.log());
  }
}
