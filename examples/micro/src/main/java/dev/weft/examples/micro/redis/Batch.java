// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.sql.SQLException;
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
  private long heldBytes;
  private Replies replies = new Replies();
  private int countedReplyBytes;
  private final ClientMemory.Account account;

  /** Whether a call of {@link Store#execute} has dealt with it. Guarded by the store. */
  boolean isExecuted;

  /** Commands of a client, whose account is charged for the answers. */
  Batch(ClientMemory.Account account) {
    this.account = account;
  }

  /** Commands that nobody is charged for. */
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

  /** Whether any command that is left has to do with the store. */
  boolean needsStore() {
    for (int i = done; i < commands.size(); i++) {
      if (Commands.needsStore(commands.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** Whether any command that is left may change keys. */
  boolean writes() {
    for (int i = done; i < commands.size(); i++) {
      if (Commands.writes(commands.get(i))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Carries commands out until all are done, or the answers are large enough, or fill what memory
   * there is for those of all clients: then maybe none.
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

  /** Forgets what was done from a command on, which is to be done again. */
  void rewind(int first) {
    forgetReplies();
    done = first;
  }

  /**
   * Has commands answered that were carried out in vain, or could not be, since the store failed:
   * those that have to do with it, with the reason.
   */
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

  /** The answers have been sent, or are not to be. */
  void forgetReplies() {
    replies = new Replies();
    countReplies();
  }

  /** What the account has been charged for its commands. */
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
