// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls of a micro-thread that are refused because of their thread, request or block. */
@Tag("needs-weaving") // and runs in each form
class RefusedThreadCallsTest {
  /** Makes suspending calls on a thread that is not running. */
  private static final class Meddler extends MicroThread {
    private static final int CALLS = 8;

    final List<String> refused = new ArrayList<>();
    int answer;
    private boolean answers;

    @Override
    protected void run() throws Exception {
      if (answers) {
        MicroRequest<Integer, Integer> request = listen();
        respond(request, request.question() + 1);
        return;
      }
      Meddler other = new Meddler();
      other.answers = true;
      child(other);
      for (int call = 0; call < CALLS; call++) {
        try {
          perform(call, other);
          refused.add(call + " was not refused");
        } catch (IllegalStateException e) {
          refused.add(e.getMessage());
        }
      }
      answer = request(other, new MicroRequest<Integer, Integer>(), 1);
    }

    private void perform(int call, Meddler other) throws Exception {
      switch (call) {
        case 0 -> other.pause();
        case 1 -> other.call(this);
        case 2 -> other.listen();
        case 3 -> other.request(this, new MicroRequest<Integer, Integer>(), 1);
        case 4 -> other.suspend(MicroStatus.RUN);
        case 5 -> other.suspend(MicroStatus.YIELD);
        case 6 -> other.suspend(MicroStatus.LISTEN);
        default -> other.raise(Errno.EINVAL);
      }
    }
  }

  private static String refusalOf(String call) {
    return call + " must be called by Meddler itself, which is not running";
  }

  @ParameterizedTest
  @EnumSource
  void suspendingCallsOnAnotherThreadAreRefused(ExecutionMode mode) throws Exception {
    Meddler meddler = new Meddler();

    mode.run(meddler);

    List<String> calls =
        List.of("pause", "call", "listen", "request", "suspend", "suspend", "suspend", "raise");
    assertEquals(calls.stream().map(RefusedThreadCallsTest::refusalOf).toList(), meddler.refused);
    assertEquals(2, meddler.answer, "the other thread is unaffected");
  }

  /** Runs another process, whose thread makes calls with this thread. */
  private static final class Host extends MicroThread {
    final Intruder intruder = new Intruder(this);
    int answer;

    @Override
    protected void run() throws Exception {
      Answerer answerer = new Answerer();
      child(answerer);
      MicroRequest<Integer, Integer> unanswered = new MicroRequest<>();
      send(answerer, unanswered, 1);
      intruder.stolen = unanswered;
      MicroProcess.runLocal(intruder, ExecutionMode.PAGES);
      pause();
      answer = recv();
    }
  }

  private static final class Answerer extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroRequest<Integer, Integer> request = listen();
      respond(request, request.question() + 1);
    }
  }

  private static final class Intruder extends MicroThread {
    private static final int CALLS = 6;

    private final Host host;
    final List<String> refused = new ArrayList<>();
    MicroRequest<Integer, Integer> stolen = new MicroRequest<>();

    Intruder(Host host) {
      this.host = host;
    }

    @Override
    protected void run() throws Exception {
      for (int call = 0; call < CALLS; call++) {
        try {
          perform(call);
          refused.add(call + " was not refused");
        } catch (IllegalArgumentException e) {
          refused.add(e.getMessage());
        }
      }
    }

    private void perform(int call) throws Exception {
      switch (call) {
        case 0 -> play(host);
        case 1 -> call(host);
        case 2 -> request(host, new MicroRequest<Integer, Integer>(), 1);
        case 3 -> send(host, new MicroRequest<Integer, Integer>(), 1);
        case 4 -> respond(stolen, 1);
        default -> raiseAt(host, Errno.EINVAL);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void callsWithAThreadOfAnotherProcessAreRefused(ExecutionMode mode) throws Exception {
    Host host = new Host();

    mode.run(host);

    assertEquals(
        Collections.nCopies(Intruder.CALLS, "Host is not a thread of the process of Intruder"),
        host.intruder.refused);
    assertEquals(2, host.answer, "the host is unaffected");
  }

  /** Answers what it has not taken, answers twice, and sends what is in a queue, or nothing. */
  private static final class Hasty extends MicroThread {
    private static final int ERRORS = 4;

    final List<String> refused = new ArrayList<>();
    private final MicroRequest<Integer, Integer> own = new MicroRequest<>();
    private MicroRequest<Integer, Integer> asked = new MicroRequest<>();

    @Override
    protected void run() throws Exception {
      Once once = new Once(this);
      child(once);
      play(once);
      asked = listen();
      respond(asked, 1);
      send(once, own, 1);
      for (int error = 0; error < ERRORS; error++) {
        try {
          perform(error, once);
          refused.add(error + " was not refused");
        } catch (IllegalStateException | NullPointerException e) {
          refused.add(e.getMessage());
        }
      }
    }

    @SuppressWarnings("NullAway") // null is the point
    private void perform(int error, Once once) throws Exception {
      switch (error) {
        case 0 -> respond(asked, 2);
        case 1 -> respond(own, 2);
        case 2 -> send(once, own, 2);
        default -> send(once, new MicroRequest<Integer, Integer>(), null);
      }
    }
  }

  private static final class Once extends MicroThread {
    private final MicroThread answerer;

    Once(MicroThread answerer) {
      this.answerer = answerer;
    }

    @Override
    protected void run() throws Exception {
      request(answerer, new MicroRequest<Integer, Integer>(), 1);
      pause();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRequestIsAnsweredOnceAfterItHasBeenTaken(ExecutionMode mode) throws Exception {
    Hasty hasty = new Hasty();

    mode.run(hasty);

    assertEquals(
        List.of(
            "the request has been answered already",
            "the request is in a queue: it must be received before it can be answered",
            "the request is in a queue already",
            "a request carries no null"),
        hasty.refused);
  }

  /** Reads and writes more bytes than its block has, or a negative number. */
  private static final class Clumsy extends MicroThread {
    private static final int CALLS = 7;
    private static final int BYTES = 4;

    int refusals;

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, BYTES);
      for (int call = 0; call < CALLS; call++) {
        try {
          perform(call, block);
        } catch (IndexOutOfBoundsException e) {
          refusals++;
        }
      }
      write(block, read(block, BYTES));
    }

    private void perform(int call, MicroBlock block) throws Exception {
      switch (call) {
        case 0 -> read(block, BYTES + 1);
        case 1 -> read(block, -1);
        case 2 -> readline(block, BYTES + 1);
        case 3 -> readline(block, -1);
        case 4 -> write(block, BYTES + 1);
        case 5 -> write(block, -1);
        default -> forward(-1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void transfersBeyondTheirBlockAreRefusedBeforeAByteIsMoved(ExecutionMode mode) throws Exception {
    Clumsy clumsy = new Clumsy();

    ExecutionMode.Outcome outcome = mode.run(clumsy, "abcdef");

    assertEquals(Clumsy.CALLS, clumsy.refusals);
    assertEquals("abcd", outcome.output());
  }
}
