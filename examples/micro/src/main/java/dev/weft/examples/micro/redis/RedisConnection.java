// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/** Reads the commands of one client, and collects them for an {@link Executor}. */
final class RedisConnection extends MicroThread {
  /** Pages of a heap for one connection. */
  static final int PAGES = 8 + 2;

  private final boolean isSocket;
  private final Executor executor;

  /** Whether it wants to be played when the executor has room for more. */
  boolean isPaused;

  RedisConnection(Store store, boolean isSocket, Runnable stop) {
    this.isSocket = isSocket;
    executor = new Executor(this, store, isSocket, stop);
  }

  @Override
  protected void run() throws Exception {
    child(executor);
    MicroBlock block = calloc(1, CommandReader.LINE_BYTES_MAX);
    CommandReader reader = new CommandReader(socket(), block);
    Command command;
    do {
      command = read(reader);
      executor.add(command);
      play(executor);
      isPaused = executor.isFull();
      if (isPaused) {
        pause(); // until it has taken what there was
      }
    } while (command != null && !command.isLast() && !executor.isEnded());
    if (isSocket) {
      executor.linger.await(socket(), block);
    }
  }

  private static @Nullable Command read(CommandReader reader) throws Exception {
    try {
      return reader.read();
    } catch (UnreadableException e) {
      return Command.unreadable(String.valueOf(e.getMessage()));
    }
  }

  /** A connection that breaks is over for the executor too, which otherwise waits for commands. */
  @Override
  protected void lastly() {
    if (errno() != null && errno() != Errno.EINTR) {
      executor.add(null);
      play(executor);
    }
  }
}
