// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.util.ArrayList;
import java.util.List;

/** Commands that came together from one client, and their answers. */
final class Batch {
  private static final int COMMANDS_MAX = 256;
  private static final int BYTES_MAX = CommandReader.COMMAND_BYTES_MAX;

  /** Commands are carried out until the answers are as large as that; the rest waits. */
  private static final int REPLIES_BYTES_MAX = 1 << 20;

  private final List<Command> commands = new ArrayList<>();
  private int bytes;
  private int done;
  private Replies replies = new Replies();

  /** Whether a call of {@link Store#execute} has dealt with it. Guarded by the store. */
  boolean isExecuted;

  void add(Command command) {
    commands.add(command);
    bytes += command.bytes();
  }

  boolean isEmpty() {
    return commands.isEmpty();
  }

  boolean isFull() {
    return commands.size() >= COMMANDS_MAX || bytes >= BYTES_MAX;
  }

  Command last() {
    return commands.getLast();
  }

  boolean isDone() {
    return done == commands.size();
  }

  /** Whether any command that is left has to do with the store. */
  boolean needsStore() {
    for (int i = done; i < commands.size(); i++) {
      if (Commands.needsStore(commands.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** Carries commands out until all are done, or the answers are large enough. */
  void execute(Keys keys) {
    replies = new Replies();
    while (done < commands.size() && replies.size() < REPLIES_BYTES_MAX) {
      Commands.execute(commands.get(done++), keys, replies);
    }
  }

  /** In place of answers that are not true, since their transaction failed. */
  void fail(int first, String reason) {
    replies = new Replies();
    for (int i = first; i < done; i++) {
      if (!commands.get(i).name().equals("SHUTDOWN")) {
        replies.error(reason);
      }
    }
  }

  int done() {
    return done;
  }

  byte[] replies() {
    return replies.toArray();
  }
}
