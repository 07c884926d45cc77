// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Locale;
import java.util.OptionalLong;

/** The implementation of each command. */
final class Commands {
  private static final String INFO = "# Server\r\nredis_version:2.8.0\r\nserver_name:mt_redis\r\n";

  private Commands() {}

  /** Whether a command reads or writes keys. */
  static boolean needsStore(Command command) {
    return switch (command.name()) {
      case "GET", "SET", "MSET", "DEL", "EXISTS", "INCR", "DECR", "INCRBY", "DBSIZE" -> true;
      case "FLUSHALL", "FLUSHDB" -> true;
      default -> false;
    };
  }

  /** Whether a command may change keys. */
  static boolean writes(Command command) {
    return switch (command.name()) {
      case "GET", "EXISTS", "DBSIZE" -> false;
      default -> needsStore(command);
    };
  }

  /**
   * Executes a command that uses the store, and appends its answer.
   *
   * @throws SQLException if the store fails, which may have rolled back earlier commands
   */
  static void execute(Command command, Keys keys, Replies replies) throws SQLException {
    try {
      executeOn(keys, command, replies);
    } catch (ArgumentsException e) {
      replies.error(String.valueOf(e.getMessage()));
    }
  }

  /** Answers a command that does not use the store, or that is invalid. */
  static void execute(Command command, Replies replies) {
    String complaint = command.complaint();
    if (complaint != null) {
      replies.error(complaint);
      return;
    }
    try {
      executeAlone(command, replies);
    } catch (ArgumentsException e) {
      replies.error(String.valueOf(e.getMessage()));
    }
  }

  private static void executeAlone(Command command, Replies replies) throws ArgumentsException {
    switch (command.name()) {
      case "PING" -> ping(command, replies);
      case "ECHO" -> replies.bulk(only(command, 1).argument(1));
      case "QUIT" -> replies.simple("OK");
      case "SHUTDOWN" -> shutdown(command, replies);
      case "POST", "HOST:" -> replies.error("this is not a server of HTTP");
      case "SELECT" -> select(only(command, 1), replies);
      case "COMMAND" -> replies.array(0);
      case "CONFIG" -> config(command, replies);
      case "INFO" -> replies.bulk(INFO);
      default -> replies.error("unknown command");
    }
  }

  private static void executeOn(Keys keys, Command command, Replies replies)
      throws ArgumentsException, SQLException {
    switch (command.name()) {
      case "GET" -> replies.bulk(keys.get(only(command, 1).argument(1)));
      case "SET" -> set(keys, command, replies);
      case "MSET" -> setMany(keys, command, replies);
      case "DEL" -> delete(keys, command, replies);
      case "EXISTS" -> exists(keys, command, replies);
      case "INCR" -> add(keys, only(command, 1), 1, replies);
      case "DECR" -> add(keys, only(command, 1), -1, replies);
      case "INCRBY" -> add(keys, command, number(only(command, 2).argument(2)), replies);
      case "DBSIZE" -> {
        only(command, 0);
        replies.integer(keys.count());
      }
      default -> {
        keys.clear();
        replies.simple("OK");
      }
    }
  }

  // ---- arguments

  private static final class ArgumentsException extends Exception {
    private static final long serialVersionUID = 1L;

    ArgumentsException(String message) {
      super(message, null, false, false);
    }
  }

  private static Command only(Command command, int count) throws ArgumentsException {
    return require(command, command.arguments() == count);
  }

  private static Command require(Command command, boolean condition) throws ArgumentsException {
    if (!condition) {
      String name = command.name().toLowerCase(Locale.ROOT);
      throw new ArgumentsException("wrong number of arguments for '" + name + "' command");
    }
    return command;
  }

  private static long number(byte[] argument) throws ArgumentsException {
    OptionalLong value = RedisInteger.parse(argument);
    if (value.isEmpty()) {
      throw new ArgumentsException("value is not an integer or out of range");
    }
    return value.getAsLong();
  }

  // ---- commands without keys

  private static void ping(Command command, Replies replies) throws ArgumentsException {
    require(command, command.arguments() <= 1);
    if (command.arguments() == 0) {
      replies.simple("PONG");
    } else {
      replies.bulk(command.argument(1));
    }
  }

  private static void shutdown(Command command, Replies replies) {
    if (!command.isShutdown()) {
      replies.error("syntax error"); // otherwise the connection ends without an answer
    }
  }

  private static void select(Command command, Replies replies) throws ArgumentsException {
    if (number(command.argument(1)) == 0) {
      replies.simple("OK");
    } else {
      replies.error("DB index is out of range");
    }
  }

  /** Settings that redis-benchmark queries before it begins. */
  private static void config(Command command, Replies replies) throws ArgumentsException {
    only(command, 2);
    if (!CommandReader.text(command.argument(1)).equalsIgnoreCase("GET")) {
      replies.error("unknown subcommand of CONFIG");
      return;
    }
    String name = CommandReader.text(command.argument(2)).toLowerCase(Locale.ROOT);
    switch (name) {
      case "save" -> pair(name, "", replies);
      case "appendonly" -> pair(name, "no", replies);
      default -> replies.array(0);
    }
  }

  private static void pair(String name, String value, Replies replies) {
    replies.array(2);
    replies.bulk(name);
    replies.bulk(value);
  }

  // ---- commands on keys

  private static void set(Keys keys, Command command, Replies replies)
      throws ArgumentsException, SQLException {
    require(command, command.arguments() >= 2);
    if (command.arguments() > 2) {
      replies.error("syntax error"); // options are not supported
      return;
    }
    keys.set(command.argument(1), command.argument(2));
    replies.simple("OK");
  }

  private static void setMany(Keys keys, Command command, Replies replies)
      throws ArgumentsException, SQLException {
    require(command, command.arguments() >= 2 && command.arguments() % 2 == 0);
    for (int i = 1; i < command.arguments(); i += 2) {
      keys.set(command.argument(i), command.argument(i + 1));
    }
    replies.simple("OK");
  }

  private static void delete(Keys keys, Command command, Replies replies)
      throws ArgumentsException, SQLException {
    require(command, command.arguments() >= 1);
    int deleted = 0;
    for (int i = 1; i <= command.arguments(); i++) {
      deleted += keys.delete(command.argument(i)) ? 1 : 0;
    }
    replies.integer(deleted);
  }

  private static void exists(Keys keys, Command command, Replies replies)
      throws ArgumentsException, SQLException {
    require(command, command.arguments() >= 1);
    int found = 0;
    for (int i = 1; i <= command.arguments(); i++) {
      found += keys.get(command.argument(i)) != null ? 1 : 0;
    }
    replies.integer(found);
  }

  private static void add(Keys keys, Command command, long amount, Replies replies)
      throws ArgumentsException, SQLException {
    byte[] key = command.argument(1);
    byte[] before = keys.get(key);
    long value = before == null ? 0 : number(before);
    long after = value + amount;
    if (((value ^ after) & (amount ^ after)) < 0) {
      throw new ArgumentsException("increment or decrement would overflow");
    }
    keys.set(key, Long.toString(after).getBytes(StandardCharsets.US_ASCII));
    replies.integer(after);
  }
}
