// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** Writes back each line that it reads, with its number before it. */
final class NumberedLines extends MicroThread {
  private static final int LINE_BYTES = 1024;

  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, LINE_BYTES);
    MicroBlock number = calloc(1, 32);
    int length;
    for (int i = 0; (length = readline(line, LINE_BYTES)) > 0; i++) {
      writef(number, 32, "Line %d: ", i);
      write(line, length);
    }
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("echo");
    }
  }
}
