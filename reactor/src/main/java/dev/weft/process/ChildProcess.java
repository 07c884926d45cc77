// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.error.PinnedException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.SpawnRequest;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.process.Child;
import dev.weft.internal.process.ChildStreams;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.os.Signal;
import java.io.IOException;
import java.util.Optional;

/**
 * Process that {@link Command#start()} has started. It belongs to one reactor.
 *
 * <p>It is waited for and signalled by a descriptor (pidfd_open(2)), so that its number, which the
 * system gives to another process after its end, is never used by mistake. When it has ended, the
 * reactor takes its status, whether a fiber waits or not; so there are no zombies.
 *
 * <p>It must be closed. One that is not, and has become garbage or whose reactor is closed, is
 * reported as a leak and killed.
 */
public final class ChildProcess implements AutoCloseable {
  private final Child child;
  private final Endpoint endpoint;
  private final ChildStreams streams;
  private boolean isClosed;

  private ChildProcess(Child child, Endpoint endpoint, ChildStreams streams) {
    this.child = child;
    this.endpoint = endpoint;
    this.streams = streams;
  }

  /** Starts a process. Suspends. */
  static ChildProcess start(Command command, Deadline deadline) throws IOException {
    Strand strand = Strand.require("spawn");
    EventLoop loop = strand.loop;
    loop.backend().require(Capability.CHILD_PROCESSES, "start " + command.program());
    StackReserve.check();
    String name = "child process " + command.program();
    ChildStreams streams = new ChildStreams();
    Endpoint endpoint = new Endpoint(loop, Endpoint.Kind.STREAM, name, name);
    Child child = new Child(loop, name, endpoint.handle(), command.leadsGroup());
    ChildProcess process = new ChildProcess(child, endpoint, streams);
    boolean started = false;
    try {
      streams.open(strand, command.streams(), deadline.nanoTime());
      spawn(strand, command, process, deadline.nanoTime());
      started = true;
    } finally {
      if (started) {
        streams.closeEnds();
      } else {
        process.notStarted();
      }
    }
    return process;
  }

  private static void spawn(Strand strand, Command command, ChildProcess process, long deadline)
      throws IOException {
    SpawnRequest request = command.request(process.streams.numbers);
    String program = command.program();
    Op op = strand.waiting.op().spawn(request);
    int result =
        Operations.performRepeatedly(strand, "spawn", program, op, deadline, WaitMode.EXTERNAL);
    if (result < 0) {
      throw request.isDirectoryRefused()
          ? new ErrnoException("chdir", String.valueOf(command.directory()), -result)
          : new ErrnoException("spawn", program, -result);
    }
    process.child.started(result, request.pid());
  }

  private void notStarted() throws IOException {
    isClosed = true;
    if (endpoint.isOpen()) { // memory was short after the start
      endpoint.close();
    } else {
      child.notStarted();
    }
    streams.close();
  }

  /** {@return the number of the process, which can be that of another one after its end} */
  public int pid() {
    return child.pid();
  }

  /**
   * {@return what is written to the standard input of the process} The process is at the end of its
   * input when this is closed. A write fails with EPIPE when no process reads any more.
   *
   * @throws IllegalStateException if standard input is no {@link Redirect#PIPE}
   */
  public ByteSink input() {
    return streams.pipe(0, "input").sink();
  }

  /**
   * {@return what the process writes to its standard output} It ends when all processes that have
   * the output are through with it, which can be others than this one, and later than its end.
   *
   * @throws IllegalStateException if standard output is no {@link Redirect#PIPE}
   */
  public ByteSource output() {
    return streams.pipe(1, "output").source();
  }

  /**
   * {@return what the process writes to its standard error, as {@link #output()}}
   *
   * @throws IllegalStateException if standard error is no {@link Redirect#PIPE}
   */
  public ByteSource error() {
    return streams.pipe(2, "error").source();
  }

  /**
   * {@return how the process has ended; empty if it is running}
   *
   * @throws ErrnoException ECHILD if other code of this process has taken the status
   */
  public Optional<ExitStatus> status() throws ErrnoException {
    child.loop.requireThread("status", this);
    int status = child.status();
    return status == Child.RUNNING ? Optional.empty() : Optional.of(ExitStatus.of(status));
  }

  /**
   * Waits until the process has ended. It continues if the wait is cancelled. Several fibers can
   * wait. Suspends.
   *
   * @return how it has ended
   * @throws ErrnoException ECHILD if other code of this process has taken the status
   */
  public ExitStatus await() throws IOException {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until the process has ended, until {@code deadline} at most. It continues if it has not.
   * Suspends.
   *
   * @param deadline when to stop waiting
   * @return how it has ended
   * @throws ErrnoException ECHILD if other code of this process has taken the status
   * @throws DeadlineExceededException if it is running
   */
  public ExitStatus await(Deadline deadline) throws IOException {
    Strand strand = Strand.requireOf(child.loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (true) {
      int status = child.status();
      if (status != Child.RUNNING) {
        return ExitStatus.of(status);
      }
      strand.await(child.waiters, "await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /**
   * Sends a signal to the process (pidfd_send_signal(2)).
   *
   * @param signal the signal
   * @return false if it has ended
   * @throws ErrnoException EPERM if it has got the rights of another user
   */
  public boolean signal(Signal signal) throws ErrnoException {
    child.loop.requireThread("signal", this);
    return child.signal(signal.number(), false);
  }

  /**
   * Sends a signal to all processes of the group of which this process is the leader. On Linux
   * before 6.9, the others are not reached after the end of the leader.
   *
   * @param signal the signal
   * @return false if none was reached
   * @throws IllegalStateException if it has no group of its own, see {@link Command#withNewGroup}
   * @throws ErrnoException EPERM if all have the rights of another user
   */
  public boolean signalGroup(Signal signal) throws ErrnoException {
    requireLeader("signalGroup");
    child.loop.requireThread("signal", this);
    return child.signal(signal.number(), true);
  }

  /** Sets what is called once when it has ended, which can be now. */
  void onEnd(Runnable listener) {
    child.onEnd(listener);
  }

  void requireLeader(String verb) {
    if (!child.leadsGroup) {
      throw new IllegalStateException(verb + ": " + this + " is not the leader of a group");
    }
  }

  /**
   * Ends the process (SIGKILL), which can't prevent that.
   *
   * @return false if it has ended already
   * @throws ErrnoException EPERM if it has got the rights of another user
   */
  public boolean kill() throws ErrnoException {
    return signal(Signal.KILL);
  }

  /**
   * Requests the process to end (SIGTERM), or its group if it leads one, and kills it if it has not
   * ended when {@code grace} passes. Suspends until it has ended.
   *
   * @param grace when to kill it; a process that is to be killed is waited for beyond that
   * @return how it has ended
   * @throws ErrnoException EPERM if it has got the rights of another user
   */
  public ExitStatus terminate(Deadline grace) throws IOException {
    signalAll(Signal.TERM);
    try {
      return await(grace);
    } catch (DeadlineExceededException e) {
      signalAll(Signal.KILL);
      return await(Deadline.NEVER);
    }
  }

  private void signalAll(Signal signal) throws IOException {
    child.loop.requireThread("signal", this);
    child.signal(signal.number(), child.leadsGroup);
  }

  /**
   * Kills the process if it is running, and its group if it leads one; waits until it has ended,
   * and closes its pipes. Fibers that wait for it get its status. In a fiber, even a cancelled one,
   * it suspends. Does nothing the second time.
   */
  @Override
  public void close() throws IOException {
    child.loop.requireThread("close", this);
    if (isClosed) {
      return;
    }
    isClosed = true;
    child.kill();
    try {
      Strand strand = Strand.current();
      if (strand != null) {
        StackReserve.check();
        awaitEnd(strand);
      }
    } finally {
      child.closeAtEnd();
      streams.close();
    }
  }

  private void awaitEnd(Strand strand) {
    try {
      while (!child.hasEnded()) {
        strand.await(child.waiters, "close", this, TimerQueue.NEVER, WaitMode.SHIELDED);
      }
    } catch (PinnedException e) {
      // it is reaped, and the descriptor closed, when it has ended
    }
  }

  @Override
  public String toString() {
    return child.toString();
  }
}
