// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.examples.micro.service.Linger;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/**
 * Executes the commands of one client in order. Commands that arrive while it waits for the store
 * are one batch, and one transaction.
 */
final class Executor extends MicroThread {
  private final RedisConnection reader;
  private final Store store;
  private final ClientMemory.Account account;
  private final boolean isSocket;
  private final Idleness idleness;
  private final Runnable stop;

  /** The end of the connection, for which the reader waits. */
  final Linger linger = new Linger();

  private Batch next;
  private boolean isLast;
  private boolean isBusy;

  Executor(
      RedisConnection reader,
      Store store,
      ClientMemory.Account account,
      boolean isSocket,
      Runnable stop,
      Idleness idleness) {
    this.account = account;
    next = new Batch(account);
    this.idleness = idleness;
    this.reader = reader;
    this.store = store;
    this.isSocket = isSocket;
    this.stop = stop;
  }

  /**
   * Adds a command, or the end of the input. Called by the reader, which then plays this thread.
   */
  void add(@Nullable Command command) {
    if (command != null) {
      next.add(command);
    }
    isLast = command == null || command.isLast();
  }

  boolean isFull() {
    return next.isFull();
  }

  @Override
  protected void run() throws Exception {
    boolean stops = false;
    while (!next.isEmpty() || !isLast) {
      if (next.isEmpty()) {
        pause();
      } else {
        Batch batch = next;
        next = new Batch(account);
        if (reader.isPaused) {
          play(reader);
        }
        execute(batch);
        stops = batch.last().isShutdown();
      }
    }
    deadline(idleness.deadline());
    if (isSocket) {
      txShutdown();
      linger.begin(process());
    } else {
      flush();
    }
    if (stops) {
      stop.run();
    }
  }

  /** Whether the client waits for an answer, or has not read it. */
  boolean isBusy() {
    return isBusy;
  }

  private void execute(Batch batch) throws Exception {
    isBusy = true;
    while (!batch.isDone()) {
      account.makeRoom();
      if (batch.needsStore()) {
        blocking(
            () -> {
              store.execute(batch);
              return batch;
            });
      } else {
        batch.execute(Keys.NONE);
      }
      deadline(idleness.deadline()); // for the client to read the answers
      write(batch.replies());
      batch.forgetReplies();
      deadline(Deadline.NEVER);
    }
    account.add(-batch.heldBytes());
    isBusy = false;
  }

  /** When this thread fails, the reader ends too. */
  @Override
  protected void lastly() throws Exception {
    reader.executorIsOver();
    reader.failure.note(errno());
    if (errno() != null && errno() != Errno.EINTR && !reader.isEnded()) {
      raiseAt(reader, Errno.EPIPE);
    }
  }
}
