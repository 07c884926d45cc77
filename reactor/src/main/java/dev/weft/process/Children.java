// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import dev.weft.Deadline;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Set of child processes that gives them one by one as they end. It does not take the status of
 * other processes, as waitpid(2) for any child does.
 */
public final class Children implements AutoCloseable {
  private final EventLoop loop;

  /** Those that {@link #next} has not given. */
  private final Set<ChildProcess> processes = new LinkedHashSet<>();

  private final Queue<ChildProcess> ended = new ArrayDeque<>();
  private final WaitList waiters = new WaitList();
  private boolean isClosed;

  private Children(EventLoop loop) {
    this.loop = loop;
  }

  /** {@return an empty set, of the current reactor} */
  public static Children open() {
    return new Children(EventLoop.require("children"));
  }

  /**
   * Starts a process that belongs to this set until {@link #next} has given it. Suspends.
   *
   * @param command what to start
   * @return the process
   * @throws IOException as {@link Command#start()}
   */
  public ChildProcess start(Command command) throws IOException {
    return start(command, Deadline.NEVER);
  }

  /**
   * Starts a process that belongs to this set until {@link #next} has given it; waits until {@code
   * deadline} at most. Suspends.
   *
   * @param command what to start
   * @param deadline when to stop waiting
   * @return the process
   * @throws IOException as {@link Command#start(Deadline)}
   * @throws dev.weft.error.DeadlineExceededException if it has not been started
   */
  public ChildProcess start(Command command, Deadline deadline) throws IOException {
    loop.requireThread("start", this);
    requireOpen("start");
    ChildProcess process = command.start(deadline);
    if (isClosed) {
      process.close();
      requireOpen("start");
    }
    processes.add(process);
    process.onEnd(() -> ended(process));
    return process;
  }

  private void ended(ChildProcess process) {
    ended.add(process);
    waiters.wakeAll(); // one of them can be cancelled before it runs
  }

  private void requireOpen(String verb) {
    if (isClosed) {
      throw new IllegalStateException(verb + ": " + this + " are closed");
    }
  }

  /** {@return how many processes have not been given by {@link #next}} */
  public int count() {
    return processes.size();
  }

  /**
   * Waits until one of the processes has ended. Each is given once, in the order of their ends, and
   * is the caller's to close from then on. Suspends.
   *
   * @return a process that has ended; null if there is none left
   */
  public @Nullable ChildProcess next() {
    return next(Deadline.NEVER);
  }

  /**
   * Waits until one of the processes has ended, until {@code deadline} at most, as {@link #next()}.
   * Suspends.
   *
   * @param deadline when to stop waiting
   * @return a process that has ended; null if there is none left
   * @throws dev.weft.error.DeadlineExceededException if none has ended
   */
  public @Nullable ChildProcess next(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "next", this);
    strand.checkBeforeWait("next", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (true) {
      requireOpen("next");
      ChildProcess process = ended.poll();
      if (process != null) {
        processes.remove(process);
        if (processes.isEmpty()) {
          waiters.wakeAll();
        }
        return process;
      }
      if (processes.isEmpty()) {
        return null;
      }
      strand.await(waiters, "next", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /**
   * Closes the processes that {@link #next} has not given, as {@link ChildProcess#close} does.
   * Fibers that wait for the next one get an {@link IllegalStateException}. In a fiber, even a
   * cancelled one, it suspends. Does nothing the second time.
   */
  @Override
  public void close() throws IOException {
    loop.requireThread("close", this);
    isClosed = true;
    waiters.wakeAll();
    Throwable failure = null;
    while (!processes.isEmpty()) {
      ChildProcess process = processes.iterator().next();
      processes.remove(process);
      try {
        process.close();
      } catch (Throwable e) {
        failure = failure == null ? e : failure;
      }
    }
    Failures.throwIfAny(failure);
  }

  @Override
  public String toString() {
    return processes.size() + " child processes";
  }
}
