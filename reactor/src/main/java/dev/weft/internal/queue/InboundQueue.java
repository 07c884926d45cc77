// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import dev.weft.internal.failure.UncaughtFailures;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What other threads hand to a reactor: any number of producers, one consumer, intrusive links. A
 * producer learns whether the reactor sleeps and is to be woken through the kernel; while it is
 * awake a hand-over costs one compare-and-set and no system call.
 */
public final class InboundQueue {
  /** Something that arrives on the reactor's thread. It is in the queue at most once at a time. */
  public abstract static class Node {
    @Nullable Node nextInbound;

    /** Whether it is in the queue; whoever sets it puts it there. */
    @SuppressWarnings("unused") // through QUEUED
    private volatile boolean queued;

    /**
     * Called on the reactor's thread, outside any strand. What it throws goes to {@link
     * UncaughtFailures}.
     */
    protected abstract void arrive();
  }

  /** Stands for "nobody may enter any more". */
  private static final Node CLOSED =
      new Node() {
        @Override
        protected void arrive() {
          throw new AssertionError("the queue is closed");
        }
      };

  private static final VarHandle HEAD = handle(InboundQueue.class, "head", Node.class);
  private static final VarHandle ASLEEP = handle(InboundQueue.class, "asleep", boolean.class);
  private static final VarHandle QUEUED = handle(Node.class, "queued", boolean.class);

  /** Newest first; the consumer takes all of it at once and turns it round. */
  @SuppressWarnings("unused") // through HEAD
  private volatile @Nullable Node head;

  /** Whether the next producer has to wake the reactor. The first one to see it clears it. */
  @SuppressWarnings("unused") // through ASLEEP
  private volatile boolean asleep;

  static {
    rehearse();
  }

  /**
   * Does once what a queue can do: the JVM links each access by a VarHandle the first time, and
   * must not run out of memory there while it has taken nodes out.
   */
  private static void rehearse() {
    InboundQueue queue = new InboundQueue();
    Node node =
        new Node() {
          @Override
          protected void arrive() {}
        };
    queue.sleep();
    queue.push(node);
    queue.drain();
    queue.closeIfEmpty();
    queue.close();
  }

  private static VarHandle handle(Class<?> owner, String field, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(owner, field, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What became of a node. */
  public enum Push {
    QUEUED,
    /** Queued, and the caller must wake the reactor. */
    WAKE,
    /** Not queued: the reactor is closed. */
    CLOSED
  }

  /** Any thread. A node that is in the queue already stays there: it has yet to arrive. */
  public Push push(Node node) {
    if (!QUEUED.compareAndSet(node, false, true)) {
      return isClosed() ? Push.CLOSED : Push.QUEUED; // one that was refused stays marked
    }
    Node old;
    do {
      old = head;
      if (old == CLOSED) {
        return Push.CLOSED;
      }
      node.nextInbound = old;
    } while (!HEAD.compareAndSet(this, old, node));
    // The compare-and-set above and the volatile read here pair with sleep(): either we see that
    // the reactor sleeps, or it sees our node before it does.
    return asleep && ASLEEP.compareAndSet(this, true, false) ? Push.WAKE : Push.QUEUED;
  }

  /** Any thread. */
  public boolean isClosed() {
    return head == CLOSED;
  }

  boolean isEmpty() {
    return head == null;
  }

  /** Lets every node that has come arrive, in order; returns how many. */
  public int drain() {
    if (head == null || isClosed()) {
      return 0;
    }
    return arrive((Node) HEAD.getAndSet(this, null));
  }

  /**
   * Announces that the reactor is about to block.
   *
   * @return false if it must not, because something has come
   */
  public boolean sleep() {
    asleep = true;
    if (head == null) {
      return true;
    }
    asleep = false;
    return false;
  }

  public void awake() {
    asleep = false;
  }

  /** Refuses all that come from now on, unless something has come; returns whether it does. */
  public boolean closeIfEmpty() {
    return isClosed() || HEAD.compareAndSet(this, null, CLOSED);
  }

  /** Refuses all that come from now on, and lets those that have come arrive. */
  public void close() {
    Node last = (Node) HEAD.getAndSet(this, CLOSED);
    if (last != CLOSED) {
      arrive(last);
    }
  }

  private static int arrive(@Nullable Node newest) {
    Node oldest = null;
    for (Node node = newest; node != null; ) {
      Node next = node.nextInbound;
      node.nextInbound = oldest;
      oldest = node;
      node = next;
    }
    int count = 0;
    for (Node node = oldest; node != null; count++) {
      Node next = node.nextInbound; // arriving may put it into a queue again
      node.nextInbound = null;
      node.queued = false;
      try {
        node.arrive();
      } catch (Throwable e) { // of one node: those behind it must arrive as well
        UncaughtFailures.report(e);
      }
      node = next;
    }
    return count;
  }
}
