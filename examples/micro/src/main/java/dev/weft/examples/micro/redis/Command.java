// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A command of a client, or the error in its input. */
final class Command {
  private final List<byte[]> argv;
  private final String name;
  private final @Nullable String complaint;
  private final long heldBytes;

  private Command(List<byte[]> argv, String name, @Nullable String complaint, long heldBytes) {
    this.argv = argv;
    this.name = name;
    this.complaint = complaint;
    this.heldBytes = heldBytes;
  }

  /** A command of one or more arguments, charged to its client's account. */
  static Command of(List<byte[]> argv, long heldBytes) {
    String name = new String(argv.getFirst(), StandardCharsets.ISO_8859_1);
    return new Command(argv, name.toUpperCase(Locale.ROOT), null, heldBytes);
  }

  /** A command without an account. */
  static Command of(List<byte[]> argv) {
    return of(argv, 0);
  }

  /** Replaces a command that can't be parsed: the connection ends with it. */
  static Command unreadable(String complaint) {
    return new Command(List.of(), "", complaint, 0);
  }

  /** The command's name in upper case. */
  String name() {
    return name;
  }

  /** The parse error, or null. */
  @Nullable String complaint() {
    return complaint;
  }

  /** The number of arguments after the name. */
  int arguments() {
    return argv.size() - 1;
  }

  /** An argument; the first has the number 1. */
  byte[] argument(int number) {
    return argv.get(number);
  }

  /** Whether no input is read after it. */
  boolean isLast() {
    return complaint != null || name.equals("QUIT") || isShutdown() || isOfBrowsers();
  }

  /** Whether it ends the server; options of SHUTDOWN are ignored. */
  boolean isShutdown() {
    boolean isOne = name.equals("SHUTDOWN");
    for (int i = 1; isOne && i <= arguments(); i++) {
      isOne = ofShutdown(argument(i));
    }
    return isOne;
  }

  private static boolean ofShutdown(byte[] argument) {
    return switch (CommandReader.text(argument).toUpperCase(Locale.ROOT)) {
      case "SAVE", "NOSAVE", "NOW", "FORCE" -> true;
      default -> false;
    };
  }

  /**
   * Whether it is a line of an HTTP request. A web page can make a browser send one to this
   * machine, with commands in its body, which must not be executed.
   */
  boolean isOfBrowsers() {
    return name.equals("POST") || name.equals("HOST:");
  }

  /** The bytes charged to its client's account. */
  long heldBytes() {
    return heldBytes;
  }

  /** The bytes of its arguments. */
  int bytes() {
    int bytes = 0;
    for (byte[] argument : argv) {
      bytes += argument.length;
    }
    return bytes;
  }
}
