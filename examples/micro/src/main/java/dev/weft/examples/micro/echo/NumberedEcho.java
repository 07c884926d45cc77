// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.echo;

import dev.weft.examples.micro.service.Decimal;
import dev.weft.examples.micro.service.Failure;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Echoes each line, with its number. */
public final class NumberedEcho extends MicroThread {
  /** Pages of a heap for one connection. */
  public static final int PAGES = 8 + 3;

  /** The longest line, its newline included. */
  public static final int LINE_BYTES_MAX = 8 << 10;

  private static final int NUMBER_AT = LINE_BYTES_MAX;

  private final Idleness idleness;
  private final Failure failure = new Failure();
  private boolean endsBadly;

  /** An echo whose client may be idle without limit. */
  public NumberedEcho() {
    this(Idleness.UNLIMITED);
  }

  /**
   * Makes an echo.
   *
   * @param idleness how long its client may be idle
   */
  public NumberedEcho(Idleness idleness) {
    this.idleness = idleness;
  }

  /**
   * Whether a line was too long.
   *
   * @return whether it ended because of that
   */
  public boolean endsBadly() {
    return endsBadly;
  }

  /**
   * The failure that ended it, if any.
   *
   * @return a record that is empty if all went well
   */
  public Failure failure() {
    return failure;
  }

  /** Allocates memory when a line has begun to arrive, and frees it before it waits for another. */
  @Override
  protected void run() throws Exception {
    deadline(idleness.deadline());
    for (long number = 0; !endsBadly && pollread() > 0; deadline(idleness.deadline())) {
      MicroBlock line = calloc(1, LINE_BYTES_MAX + Decimal.BYTES_MAX);
      do {
        say(line, readline(line, LINE_BYTES_MAX), number++);
      } while (!endsBadly && buffered() > 0);
      free();
    }
    flush(); // or a failure to write the last lines would not be reported
  }

  private void say(MicroBlock line, int length, long number) throws Exception {
    if (length == LINE_BYTES_MAX && line.getByte(length - 1) != '\n') {
      endsBadly = true;
      literal("Error: a line is longer than " + LINE_BYTES_MAX + " bytes\n");
      return;
    }
    literal("Line ");
    write(line, NUMBER_AT, Decimal.put(line, NUMBER_AT, number));
    literal(": ");
    write(line, length);
  }

  @Override
  protected void lastly() {
    failure.note(errno());
  }
}
