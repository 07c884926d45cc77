// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.Errno;
import dev.weft.examples.micro.service.Failure;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/** Reads the commands of one client, and collects them for an {@link Executor}. */
final class RedisConnection extends MicroThread {
  /** Pages of a heap for one connection. */
  static final int PAGES = 8 + 2;

  /** The failure of one of the two threads. */
  final Failure failure = new Failure();

  private final ClientMemory.Account account;
  private final boolean isSocket;
  private final Idleness idleness;
  private final Executor executor;

  /** Whether this thread waits until the executor has room for more commands. */
  boolean isPaused;

  private boolean isReaderOver;
  private boolean isExecutorOver;

  RedisConnection(Store store, boolean isSocket, Runnable stop) {
    this(store, ClientMemory.unlimited(), isSocket, stop, Idleness.UNLIMITED);
  }

  RedisConnection(
      Store store, ClientMemory memory, boolean isSocket, Runnable stop, Idleness idleness) {
    this.isSocket = isSocket;
    this.idleness = idleness;
    account = memory.open(this::disconnect);
    executor = new Executor(this, store, account, isSocket, stop, idleness);
  }

  /** Ends the connection from another process, since a process can't kill itself. */
  private void disconnect() {
    MicroProcess process = process();
    Fiber.start("disconnect", process::kill);
  }

  @Override
  protected void run() throws Exception {
    child(executor);
    boolean isOpen = true;
    deadline(idleness.deadline());
    while (isOpen && pollread() > 0) { // while idle, no memory is allocated
      CommandReader reader =
          new CommandReader(socket(), calloc(1, CommandReader.LINE_BYTES_MAX), account);
      do {
        isOpen = pass(read(reader));
      } while (isOpen && buffered() > 0);
      free();
      deadline(idleness.deadline());
    }
    if (isOpen) {
      pass(null);
    }
    if (isSocket) {
      executor.linger.await(socket(), calloc(1, CommandReader.LINE_BYTES_MAX));
    }
  }

  /**
   * Passes a command, or the end of the input, to the executor; returns whether more may follow.
   */
  private boolean pass(@Nullable Command command) {
    executor.add(command);
    play(executor);
    isPaused = executor.isFull();
    if (isPaused) {
      deadline(Deadline.NEVER);
      pause(); // until the executor has taken the commands
      deadline(idleness.deadline());
    }
    return command != null && !command.isLast() && !executor.isEnded();
  }

  private static @Nullable Command read(CommandReader reader) throws Exception {
    try {
      return reader.read();
    } catch (UnreadableException e) {
      return Command.unreadable(String.valueOf(e.getMessage()));
    }
  }

  /** When the connection breaks, the executor ends too, which otherwise waits for commands. */
  @Override
  protected void lastly() {
    if (errno() == Errno.ETIMEDOUT && executor.isBusy()) {
      lower(); // the server is busy, not the client idle
      deadline(idleness.deadline());
      return;
    }
    if (errno() != null && errno() != Errno.EINTR) {
      failure.note(errno());
      executor.add(null);
      executor.linger.end();
      play(executor);
    }
    isReaderOver = true;
    closeAccount();
  }

  void executorIsOver() {
    isExecutorOver = true;
    closeAccount();
  }

  /** The account contains the memory of both threads. */
  private void closeAccount() {
    if (isReaderOver && isExecutorOver) {
      account.close();
    }
  }
}
