// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Commands that arrived together from one client, and their answers. */
final class Batch {
  private static final int COMMANDS_MAX = 256;
  private static final int BYTES_MAX = CommandReader.COMMAND_BYTES_MAX;

  /** Commands are executed until the answers are this large; the others wait. */
  private static final int REPLIES_BYTES_MAX = 1 << 20;

  private final List<Command> commands = new ArrayList<>();
  private int bytes;
  private int done;
  private long heldBytes;
  private Replies replies = new Replies();
  private int countedReplyBytes;
  private final ClientMemory.Account account;

  /** Whether a call of {@link Store#execute} has processed the batch. Guarded by the store. */
  boolean isExecuted;

  /** Commands of a client, whose account is charged for the answers. */
  Batch(ClientMemory.Account account) {
    this.account = account;
  }

  /** Commands without an account. */
  Batch() {
    this(ClientMemory.unlimited().open(() -> {}));
  }

  void add(Command command) {
    commands.add(command);
    bytes += command.bytes();
    heldBytes += command.heldBytes();
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

  /** Whether any remaining command uses the store. */
  boolean needsStore() {
    for (int i = done; i < commands.size(); i++) {
      if (Commands.needsStore(commands.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** Whether any remaining command may change keys. */
  boolean writes() {
    for (int i = done; i < commands.size(); i++) {
      if (Commands.writes(commands.get(i))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Executes commands until all are done, the answers are large enough, or the memory for the
   * answers of all clients is used up, perhaps before the first command.
   */
  void execute(Keys keys) throws SQLException {
    forgetReplies();
    while (done < commands.size()
        && replies.size() < REPLIES_BYTES_MAX
        && !account.isMemoryFull()) {
      Command command = commands.get(done++);
      if (Commands.needsStore(command)) {
        Commands.execute(command, keys, replies);
      } else {
        Commands.execute(command, replies);
      }
      countReplies();
    }
  }

  /** Drops the answers from a command on, so that these commands are executed again. */
  void rewind(int first) {
    forgetReplies();
    done = first;
  }

  /** Answers the commands that use the store with the reason of its failure. */
  void fail(int first, int end, String reason) {
    forgetReplies();
    done = end;
    for (int i = first; i < end; i++) {
      Command command = commands.get(i);
      if (Commands.needsStore(command)) {
        replies.error(reason);
      } else {
        Commands.execute(command, replies);
      }
    }
    countReplies();
  }

  private void countReplies() {
    account.add(replies.size() - countedReplyBytes);
    countedReplyBytes = replies.size();
  }

  /** Releases the answers, which have been sent or are dropped. */
  void forgetReplies() {
    replies = new Replies();
    countReplies();
  }

  /** The bytes charged to the account for its commands. */
  long heldBytes() {
    return heldBytes;
  }

  int size() {
    return commands.size();
  }

  int done() {
    return done;
  }

  byte[] replies() {
    return replies.toArray();
  }
}
