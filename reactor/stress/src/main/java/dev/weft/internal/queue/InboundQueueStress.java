// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Races of producers and consumer of the queue by which other threads send to a reactor. */
public final class InboundQueueStress {
  private InboundQueueStress() {}

  private static class Counting extends InboundQueue.Node {
    int arrivals;

    @Override
    protected void arrive() {
      arrivals++;
    }
  }

  /** Two concurrent producers. */
  @JCStressTest
  @Outcome(id = "1, 1, 2", expect = Expect.ACCEPTABLE, desc = "each arrives, and once")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or twice")
  @State
  public static class EachArrivesOnce {
    private final InboundQueue queue = new InboundQueue();
    private final Counting one = new Counting();
    private final Counting other = new Counting();

    /** A producer. */
    @Actor
    public void producer() {
      InboundQueue.Push unused = queue.push(one);
    }

    /** Another producer. */
    @Actor
    public void otherProducer() {
      InboundQueue.Push unused = queue.push(other);
    }

    /** The reactor. */
    @Arbiter
    public void consumer(III_Result result) {
      result.r3 = queue.drain();
      result.r1 = one.arrivals;
      result.r2 = other.arrivals;
    }
  }

  /** A producer of two nodes, and a consumer that drains twice meanwhile. */
  @JCStressTest
  @Outcome(id = "1, 1, 2", expect = Expect.ACCEPTABLE, desc = "each arrives, and once")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, twice, or out of order")
  @State
  public static class NothingIsLostWhileDraining {
    private final InboundQueue queue = new InboundQueue();
    private final Counting one = new Counting();
    private final Counting other =
        new Counting() {
          @Override
          protected void arrive() {
            arrivals += one.arrivals; // 0 if the first node was drained before
          }
        };
    private int drained;

    /** A producer. */
    @Actor
    public void producer() {
      InboundQueue.Push unused = queue.push(one);
      unused = queue.push(other);
    }

    /** The reactor. */
    @Actor
    public void consumer() {
      drained = queue.drain();
      drained += queue.drain();
    }

    /** The reactor's next turn. */
    @Arbiter
    public void rest(III_Result result) {
      drained += queue.drain();
      result.r1 = one.arrivals;
      result.r2 = other.arrivals;
      result.r3 = drained;
    }
  }

  /** A node that is pushed again while it arrives. */
  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = Expect.ACCEPTABLE, desc = "both times in one")
  @Outcome(id = "2, 1, 2", expect = Expect.ACCEPTABLE, desc = "once each time")
  @Outcome(expect = Expect.FORBIDDEN, desc = "the second time lost")
  @State
  public static class AgainWhileItArrives {
    private final InboundQueue queue = new InboundQueue();
    private final Counting node = new Counting();
    private int drained;

    /** The node is in the queue at the start. */
    public AgainWhileItArrives() {
      InboundQueue.Push unused = queue.push(node);
    }

    /** A producer. */
    @Actor
    public void producer() {
      InboundQueue.Push unused = queue.push(node);
    }

    /** The reactor. */
    @Actor
    public void consumer() {
      drained = queue.drain();
    }

    /** The reactor's next turn, in which a node arrives in any case. */
    @Arbiter
    public void rest(III_Result result) {
      drained += queue.drain();
      result.r1 = node.arrivals;
      result.r2 = queue.isEmpty() ? 1 : 0;
      result.r3 = drained;
    }
  }

  /** Sleep against push: either the reactor sees the node, or the producer wakes it. */
  @JCStressTest
  @Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "it sleeps, and is woken")
  @Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "it does not sleep")
  @Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "a wake-up too many")
  @Outcome(
      id = "false, true",
      expect = Expect.FORBIDDEN,
      desc = "the reactor sleeps, and no producer wakes it")
  @State
  public static class NoLostWakeUp {
    private final InboundQueue queue = new InboundQueue();

    /** A producer. */
    @Actor
    public void producer(ZZ_Result result) {
      result.r1 = queue.push(new Counting()) == InboundQueue.Push.WAKE;
    }

    /** The reactor, about to block. */
    @Actor
    public void consumer(ZZ_Result result) {
      result.r2 = queue.sleep();
    }
  }

  /** Sleep against two pushes: exactly one producer wakes the reactor. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = Expect.ACCEPTABLE,
      desc = "one wakes it")
  @Outcome(expect = Expect.FORBIDDEN, desc = "none wakes it, or both")
  @State
  public static class OneWakesIt {
    private final InboundQueue queue = new InboundQueue();

    /** The reactor sleeps. */
    public OneWakesIt() {
      boolean unused = queue.sleep();
    }

    /** A producer. */
    @Actor
    public void producer(ZZ_Result result) {
      result.r1 = queue.push(new Counting()) == InboundQueue.Push.WAKE;
    }

    /** Another producer. */
    @Actor
    public void otherProducer(ZZ_Result result) {
      result.r2 = queue.push(new Counting()) == InboundQueue.Push.WAKE;
    }
  }

  /** Close against push: a node that was accepted arrives, another is refused. */
  @JCStressTest
  @Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "in time")
  @Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "too late, and refused")
  @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or arrived after a refusal")
  @State
  public static class TheEnd {
    private final InboundQueue queue = new InboundQueue();
    private final Counting node = new Counting();

    /** A producer. */
    @Actor
    public void producer(ZZ_Result result) {
      result.r1 = queue.push(node) != InboundQueue.Push.CLOSED;
    }

    /** The reactor. */
    @Actor
    public void consumer() {
      queue.close();
    }

    /** Afterwards. */
    @Arbiter
    public void rest(ZZ_Result result) {
      result.r2 = node.arrivals == 1;
    }
  }
}
