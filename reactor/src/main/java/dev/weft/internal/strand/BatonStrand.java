// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A strand for a JVM that does not let us schedule virtual threads: a virtual thread of the default
 * scheduler that runs only while the reactor's thread waits for it. It is slower, with the same
 * semantics.
 *
 * <p>When its code blocks in the JDK (a lock, a sleep, a socket), the reactor is not notified. It
 * polls the thread's state while it waits, and takes the baton back if the thread is blocked, so
 * that the other strands continue. The strand requests the baton again at its next call of Weft.
 * Between the end of the blocking call and that call its code runs in parallel with the other
 * strands: the only difference in semantics.
 */
final class BatonStrand extends Strand {
  private static final ThreadLocal<BatonStrand> CURRENT = new ThreadLocal<>();

  /** How long the loop waits before it first checks whether the strand's thread is blocked. */
  private static final long FIRST_LOOK_NANOS = 20_000;

  private static final long LOOK_NANOS_MAX = 1_000_000;

  private final Thread thread;
  private final Baton baton = new Baton();

  BatonStrand(EventLoop loop, Body body, @Nullable String name, long deadline) {
    super(loop, body, deadline);
    Thread.Builder.OfVirtual builder = Thread.ofVirtual();
    thread = (name == null ? builder : builder.name(name)).unstarted(this::runThread);
  }

  static @Nullable Strand onCurrentThread() {
    return CURRENT.get();
  }

  @Override
  public Thread thread() {
    return thread;
  }

  /** Starts the thread, which waits for the baton. Throws here if no thread can be started. */
  @Override
  void start() {
    thread.start();
    submitted();
  }

  private void runThread() {
    awaitBaton();
    try {
      runNamed();
    } finally {
      baton.handToLoop();
      LockSupport.unpark(loop.thread());
    }
  }

  private void runNamed() {
    try {
      CURRENT.set(this);
    } catch (Throwable e) { // because memory is short
      state = State.ENDED;
      body().aborted(e);
      return;
    }
    try {
      runBody();
    } finally {
      CURRENT.remove();
    }
  }

  @Override
  void resume() {
    baton.handToStrand();
    LockSupport.unpark(thread);
    long nanos = FIRST_LOOK_NANOS;
    while (baton.isStrands()) {
      LockSupport.parkNanos(this, nanos);
      long look = baton.look();
      if (isBlocked() && baton.takeBack(look)) {
        return;
      }
      nanos = Math.min(nanos * 2, LOOK_NANOS_MAX);
    }
    awaitEnd();
  }

  /** Joins the thread of an ended strand, so that it is not alive after the fiber was joined. */
  private void awaitEnd() {
    if (state() == State.ENDED) {
      ThreadEnd.await(thread);
    }
  }

  private boolean isBlocked() {
    return switch (thread.getState()) {
      case BLOCKED, WAITING, TIMED_WAITING -> !isInOurCode();
      default -> false;
    };
  }

  /**
   * Whether the thread is blocked in Weft's own code, such as in the initialisation of a class. The
   * loop must not run then, since data may be half changed.
   */
  private boolean isInOurCode() {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String name = frame.getClassName();
      if (!name.startsWith("java.") && !name.startsWith("jdk.") && !name.startsWith("sun.")) {
        return LibraryCode.contains(name);
      }
    }
    return true; // the thread runs no user code yet
  }

  @Override
  void switchOut() {
    baton.handToLoop();
    LockSupport.unpark(loop.thread());
    awaitBaton();
  }

  @Override
  void acquireBaton() {
    if (!baton.enter()) {
      loop.arriveLater(this);
      awaitBaton();
    }
  }

  private void awaitBaton() {
    boolean interrupted = false;
    while (!baton.isStrands()) {
      try {
        LockSupport.park(this);
      } catch (OutOfMemoryError | StackOverflowError e) {
        Thread.onSpinWait(); // the loop has the baton: this thread must not continue
      }
      interrupted |= Thread.interrupted(); // else the next park would not wait
    }
    if (interrupted) {
      thread.interrupt();
    }
  }
}
