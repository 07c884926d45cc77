// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.error.ChannelClosedException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Races of senders, receivers and close in a queue between threads. */
public final class QueueStress {
  private static final int NOTHING = 0;
  private static final int VALUE = 1;
  private static final int CLOSED = -1;

  private QueueStress() {}

  private static int receiveNow(Queue<Integer> queue) {
    try {
      return queue.tryReceive().orElse(NOTHING);
    } catch (ChannelClosedException e) {
      return CLOSED;
    }
  }

  private static int sendNow(Queue<Integer> queue, int value) {
    try {
      return queue.trySend(value) ? value : NOTHING;
    } catch (ChannelClosedException e) {
      return CLOSED;
    }
  }

  /** Send against close: an accepted value can be received, a refused one can't. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "sent in time, and received")
  @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "too late, and refused")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost")
  @State
  public static class NothingIsLostAtTheEnd {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** A sender. */
    @Actor
    public void sender(II_Result result) {
      result.r1 = sendNow(queue, VALUE);
    }

    /** Closes the queue. */
    @Actor
    public void closer() {
      queue.close();
    }

    /** Afterwards. */
    @Arbiter
    public void rest(II_Result result) {
      result.r2 = receiveNow(queue);
    }
  }

  /** Send and close against receive: the end comes after the value. */
  @JCStressTest
  @Outcome(id = "1, -1", expect = Expect.ACCEPTABLE, desc = "received, then the end")
  @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "not there yet, then received")
  @Outcome(expect = Expect.FORBIDDEN, desc = "the end came before the value")
  @State
  public static class TheEndComesLast {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** A sender that closes the queue. */
    @Actor
    public void sender() {
      queue.send(VALUE);
      queue.close();
    }

    /** A receiver that polls meanwhile. */
    @Actor
    public void receiver(II_Result result) {
      result.r1 = receiveNow(queue);
    }

    /** Afterwards. */
    @Arbiter
    public void rest(II_Result result) {
      result.r2 = receiveNow(queue);
    }
  }

  /** Two values of one sender. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 0", "1, 2"},
      expect = Expect.ACCEPTABLE,
      desc = "in order, as far as they have come")
  @Outcome(expect = Expect.FORBIDDEN, desc = "out of order")
  @State
  public static class TheOrderIsKept {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** A sender. */
    @Actor
    public void sender() {
      queue.send(VALUE);
      queue.send(VALUE + 1);
    }

    /** A receiver. */
    @Actor
    public void receiver(II_Result result) {
      result.r1 = receiveNow(queue);
      result.r2 = receiveNow(queue);
    }
  }

  /** Room for one, two senders. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = Expect.ACCEPTABLE,
      desc = "exactly one succeeds")
  @Outcome(expect = Expect.FORBIDDEN, desc = "more values than it holds, or unused room")
  @State
  public static class OneGetsTheRoom {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** Leaves room for one. */
    public OneGetsTheRoom() {
      queue.send(VALUE);
    }

    /** A sender. */
    @Actor
    public void one(II_Result result) {
      result.r1 = sendNow(queue, VALUE);
    }

    /** Another. */
    @Actor
    public void other(II_Result result) {
      result.r2 = sendNow(queue, VALUE);
    }
  }

  /** One value, two receivers. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = Expect.ACCEPTABLE,
      desc = "exactly one succeeds")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or twice")
  @State
  public static class OneReceivesIt {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** The value is in the queue at the start. */
    public OneReceivesIt() {
      queue.send(VALUE);
    }

    /** A receiver. */
    @Actor
    public void one(II_Result result) {
      result.r1 = receiveNow(queue);
    }

    /** Another. */
    @Actor
    public void other(II_Result result) {
      result.r2 = receiveNow(queue);
    }
  }

  /** A receiver that waits, and one value. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "it gets it")
  @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "it sleeps on")
  @State
  public static class AReceiverIsWoken {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** Waits. */
    @Actor
    public void receiver() {
      queue.receive();
    }

    /** Sends. */
    @Signal
    public void sender() {
      queue.send(VALUE);
    }
  }

  /** A sender that waits, and room. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "the fiber continues")
  @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "it sleeps on")
  @State
  public static class ASenderIsWoken {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** Fills the queue. */
    public ASenderIsWoken() {
      queue.send(VALUE);
      queue.send(VALUE);
    }

    /** Waits. */
    @Actor
    public void sender() {
      queue.send(VALUE);
    }

    /** Makes room. */
    @Signal
    public void receiver() {
      queue.receive();
    }
  }

  /** A receiver that waits, and the end. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "it sees the end")
  @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "it sleeps on")
  @State
  public static class TheEndWakesAReceiver {
    private final Queue<Integer> queue = Queue.bounded(2);

    /** Waits. */
    @Actor
    public void receiver() {
      try {
        queue.receive();
      } catch (ChannelClosedException e) {
        // expected
      }
    }

    /** Closes the queue. */
    @Signal
    public void closer() {
      queue.close();
    }
  }
}
