// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import dev.weft.internal.failure.UncaughtFailures;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Queue of messages from other threads to a reactor: multiple producers, one consumer, intrusive
 * links. {@link #push} returns whether the reactor sleeps and has to be woken through the kernel;
 * while it is awake a push costs one compare-and-set and no system call.
 */
public final class InboundQueue {
  /** A message, which arrives on the reactor's thread. It is queued at most once at a time. */
  public abstract static class Node {
    @Nullable Node nextInbound;

    /** Whether the node is queued; the thread that sets this queues it. */
    @SuppressWarnings("unused") // through QUEUED
    private volatile boolean queued;

    /**
     * Called on the reactor's thread, outside any strand. {@link UncaughtFailures} gets what it
     * throws.
     */
    protected abstract void arrive();
  }

  /** The head of a closed queue. */
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

  /** The newest node. The consumer takes the whole list in one step and reverses it. */
  @SuppressWarnings("unused") // through HEAD
  private volatile @Nullable Node head;

  /** Whether the next producer must wake the reactor. The first one to see it clears it. */
  @SuppressWarnings("unused") // through ASLEEP
  private volatile boolean asleep;

  static {
    rehearse();
  }

  /**
   * Runs every operation once. The JVM links each VarHandle access at its first use, and must not
   * run out of memory there after nodes have been removed.
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

  /** The result of {@link #push}. */
  public enum Push {
    QUEUED,
    /** Queued, and the caller must wake the reactor. */
    WAKE,
    /** Not queued: the reactor is closed. */
    CLOSED
  }

  /** Queues {@code node} unless it is queued already. May be called from any thread. */
  public Push push(Node node) {
    if (!QUEUED.compareAndSet(node, false, true)) {
      return isClosed() ? Push.CLOSED : Push.QUEUED; // a rejected node stays marked
    }
    Node old;
    do {
      old = head;
      if (old == CLOSED) {
        return Push.CLOSED;
      }
      node.nextInbound = old;
    } while (!HEAD.compareAndSet(this, old, node));
    // The compare-and-set above and the volatile read here pair with sleep(): either this thread
    // sees that the reactor sleeps, or the reactor sees the node before it sleeps.
    return asleep && ASLEEP.compareAndSet(this, true, false) ? Push.WAKE : Push.QUEUED;
  }

  /** Whether the queue is closed. May be called from any thread. */
  public boolean isClosed() {
    return head == CLOSED;
  }

  /** Whether no node is queued now. */
  public boolean isEmpty() {
    return head == null;
  }

  /** Calls {@link Node#arrive} of every queued node, in order; returns how many. */
  public int drain() {
    if (head == null || isClosed()) {
      return 0;
    }
    return arrive((Node) HEAD.getAndSet(this, null));
  }

  /**
   * Announces that the reactor is about to block.
   *
   * @return false if it must not, because a node is queued
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

  /** Closes the queue if it is empty; returns whether it is closed. */
  public boolean closeIfEmpty() {
    return isClosed() || HEAD.compareAndSet(this, null, CLOSED);
  }

  /** Closes the queue, and lets the queued nodes arrive. */
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
      Node next = node.nextInbound; // arrive() may queue it again
      node.nextInbound = null;
      node.queued = false;
      try {
        node.arrive();
      } catch (Throwable e) { // from one node; those behind it must arrive as well
        UncaughtFailures.report(e);
      }
      node = next;
    }
    return count;
  }
}
