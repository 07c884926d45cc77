// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.access.Accessors;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.IntDeque;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * Accepts connections on a listening socket, by one multishot operation where there is one, and
 * queues those that have not been taken yet. When {@value #ACCEPTED_MAX} are queued it cancels the
 * operation until some have been taken, and the kernel's backlog fills.
 *
 * <p>It has no reference to the user's listener, so that a listener that became garbage can be
 * detected.
 */
public final class Acceptor implements Op.Listener {
  /** The acceptors of the listeners that users have. */
  public static final Accessors<Acceptor> IN = new Accessors<>();

  private static final int ACCEPTED_MAX = 1024;

  private final EventLoop loop;
  private final Object name;
  private final Handle handle;

  /** The multishot operation; created by the first wait. */
  private @Nullable Op accepting;

  private final WaitList waiters = new WaitList();

  /**
   * The connections that have not been taken. It grows, because what the kernel accepts before it
   * sees the cancel must not be dropped.
   */
  private final IntDeque accepted = new IntDeque();

  private final AcceptQueue queue = new Queue();

  /** Why the kernel stopped accepting, as a positive error number; 0 if it has not. */
  private int failure;

  /** Whether only connections are accepted that a strand waits for. */
  private boolean oneByOne;

  /** Whether connections get direct descriptors. */
  private boolean direct;

  private boolean stopped;

  /** How often what was in progress has been cancelled. */
  private int cancels;

  /**
   * Makes an acceptor without a socket; the caller opens {@link #handle} with it.
   *
   * @param listener the object that users have; when it is garbage, the socket has leaked
   * @param name the name for messages; must not refer to {@code listener}
   */
  public Acceptor(EventLoop loop, Object listener, Object name) {
    this.loop = loop;
    this.name = name;
    handle = loop.backend().newHandle(listener, name);
    handle.onClose(this::discard);
  }

  public Handle handle() {
    return handle;
  }

  /**
   * Checks that this is the reactor's thread.
   *
   * @throws WrongThreadException on another one
   */
  public void requireThread(String verb) {
    loop.requireThread(verb, name);
  }

  /**
   * Checks that the handle can be given to another acceptor: this one would take connections too.
   *
   * @throws IllegalStateException if a fiber has accepted here
   * @throws WrongThreadException on another reactor's thread
   */
  public void requireUnused() {
    loop.requireThread("start", name);
    if (accepting != null) {
      throw new IllegalStateException("fibers accept connections on " + name);
    }
  }

  /**
   * Waits until there is a connection to {@link #take}. Suspends.
   *
   * @param deadline when to stop waiting, on the reactor's clock
   */
  public void await(long deadline) throws IOException {
    Strand strand = enter("accept");
    strand.checkBeforeWait("accept", name, deadline, WaitMode.EXTERNAL);
    if (deadline == TimerQueue.NOW && !tryAwait()) {
      strand.waiting.requireTime("accept", name, deadline);
    }
    int seen = cancels;
    while (accepted.isEmpty() && !stopped) {
      if (cancels != seen) {
        throw new ErrnoException("accept", name.toString(), -InProgress.CANCELED);
      }
      throwFailure();
      startAccepting();
      strand.await(waiters, "accept", name, deadline, WaitMode.EXTERNAL);
      if (!handle.isOpen()) {
        throw new AsynchronousCloseException();
      }
    }
  }

  /**
   * Returns whether there is a connection to {@link #take} now. Does not suspend. On the thread of
   * a fiber that may not poll the ring, only those are found that have come before this turn.
   */
  public boolean tryAwait() throws IOException {
    enter("accept");
    if (accepted.isEmpty()) {
      throwFailure();
      startAccepting();
      loop.backend().pollNow();
    }
    if (accepted.isEmpty()) {
      throwFailure();
      return false;
    }
    return true;
  }

  private void throwFailure() throws ErrnoException {
    if (failure != 0) {
      int code = failure;
      failure = 0; // the next call tries again
      throw new ErrnoException("accept", name.toString(), code);
    }
  }

  /** Returns the current strand; checks that it is of this reactor and that the handle is open. */
  public Strand enter(String verb) throws ClosedChannelException {
    Strand strand = Strand.requireOf(loop, verb, name);
    if (!handle.isOpen()) {
      throw new ClosedChannelException();
    }
    return strand;
  }

  private void startAccepting() {
    StackReserve.check();
    Op op = accepting;
    if (op == null) {
      op = loop.backend().create(this);
      accepting = op;
    }
    if (!op.isBusy()) {
      loop.backend().submit(request(op));
    }
  }

  private Op request(Op op) {
    if (direct) {
      return op.acceptDirect(handle); // not a multishot: the table can be full for the next one
    }
    return oneByOne ? op.accept(handle) : loop.backend().requestAccept(op, handle);
  }

  /**
   * Gives connections direct descriptors. Each is accepted when a strand waits for it, and has a
   * slot reserved until it comes, also if that strand waits no more.
   */
  public void acceptDirect() {
    direct = true;
  }

  /** Whether connections get direct descriptors. */
  public boolean acceptsDirect() {
    return direct;
  }

  /** Cancels what is in progress: fibers that wait get ECANCELED. */
  void cancelAll() {
    cancels++;
    loop.backend().cancelAll(handle);
    waiters.wakeAll();
  }

  /** Ends the operation in progress, so that the next one uses the handle's present descriptor. */
  public void restart() {
    Op op = accepting;
    if (op != null) {
      loop.backend().cancel(op);
    }
  }

  /**
   * Sets whether the kernel accepts only connections that a strand waits for, and leaves others in
   * its backlog. What it has accepted stays queued.
   */
  public void acceptOneByOne(boolean oneByOne) {
    if (this.oneByOne == oneByOne) {
      return;
    }
    this.oneByOne = oneByOne;
    if (oneByOne) {
      restart();
    }
  }

  /**
   * Accepts nothing more; the socket stays open. What the kernel has accepted can still be taken.
   */
  public void stop() {
    stopped = true;
    restart();
    waiters.wakeAll();
  }

  /**
   * As {@link #await}, until {@link #stop} and {@link #take} have left nothing.
   *
   * @param hasRoom whether connections that are in the backlog at the end are accepted: see {@link
   *     AcceptQueue#acceptMissed}
   * @return false if nothing more will be accepted
   */
  public boolean awaitUnlessStopped(long deadline, boolean hasRoom) throws IOException {
    while (true) {
      if (!stopped) {
        await(deadline);
      }
      Op op = accepting;
      if (!accepted.isEmpty()) {
        return true;
      }
      if (op == null) {
        return false;
      }
      if (!op.isBusy()) {
        if (!hasRoom
            || failure != 0
            || !AcceptQueue.acceptMissed(loop.backend(), op, handle, direct)) {
          return false;
        }
      }
      enter("accept").await(waiters, "accept", name, deadline, WaitMode.EXTERNAL);
    }
  }

  /** Whether a connection has been accepted and not been taken. */
  public boolean hasQueued() {
    return !accepted.isEmpty();
  }

  /** Takes a connection; there must be one. The caller owns the descriptor. */
  public int take() {
    assert !accepted.isEmpty() : name;
    return accepted.poll();
  }

  /** Receives a connection, or the end of the multishot operation. */
  @Override
  public void completed(Op op) {
    AcceptQueue.deliver(loop.backend(), op, queue);
    waiters.wakeOne();
    if (op.isDone()) {
      waiters.wakeAll(); // they must submit it again, since no more connections will come
      if (!stopped && Retry.isCancelled(op.result())) {
        AcceptQueue.acceptMissed(loop.backend(), op, handle, direct);
      }
    }
  }

  private final class Queue implements AcceptQueue {
    @Override
    public boolean store(int descriptor) {
      try {
        if (handle.isOpen()) {
          accepted.addLast(descriptor);
          return true;
        }
      } catch (OutOfMemoryError e) {
        failure = Errno.ENOMEM.code(); // the next call throws it, and the listener continues
      }
      return false;
    }

    @Override
    public boolean isNearlyFull() {
      return handle.isOpen() && accepted.size() >= ACCEPTED_MAX;
    }

    @Override
    public void failed(int code) {
      failure = code;
    }
  }

  /**
   * Stops accepting, and closes the socket and the connections that have not been taken. Waiting
   * fibers get an {@link AsynchronousCloseException}. In a fiber it suspends, even if cancelled;
   * elsewhere the socket is closed as soon as the kernel has stopped accepting. Does nothing the
   * second time.
   */
  public void close() {
    if (handle.isOpen()) {
      loop.requireThread("close", name);
      waiters.wakeAll(); // they run when the handle is closing
      Closing.close(loop, handle, name);
    }
  }

  /**
   * Called when the handle is closed, by us or because the listener leaked; nothing is in flight.
   */
  private void discard() {
    while (!accepted.isEmpty()) {
      loop.backend().closeDescriptor(take());
    }
    Op op = accepting;
    if (op != null) {
      accepting = null;
      loop.backend().release(op);
    }
  }
}
