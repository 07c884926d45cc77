// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.micro.run.ThreadLog;

/**
 * Uncaught exception of a micro-thread.
 *
 * @param thread the thread that threw it
 * @param cause the exception
 */
public record MicroFault(MicroThread thread, Throwable cause) {
  private static final String ARITHMETIC =
      "Signal SIGFPE: Erroneous arithmetic operation."
          + " - Code FPE_INTDIV: Integer divide by zero";
  private static final String MEMORY =
      "Signal SIGSEGV: Invalid memory reference."
          + " - Code SEGV_MAPERR: Address not mapped to object";
  private static final String STACK =
      "Signal SIGSEGV: Invalid memory reference. - Code SEGV_ACCERR: Stack overflow";

  /**
   * Describes the fault: by the signal that a C program would have received, where there is one,
   * and by the exception.
   *
   * @return one line of text
   */
  public String description() {
    String signal =
        switch (cause) {
          case ArithmeticException e -> ARITHMETIC;
          case NullPointerException e -> MEMORY;
          case IndexOutOfBoundsException e -> MEMORY;
          case StackOverflowError e -> STACK;
          default -> "";
        };
    String text = ThreadLog.describe(cause);
    return signal.isEmpty() ? text : signal + " (" + text + ")";
  }

  @Override
  public String toString() {
    return "fault in " + thread.control.label() + ": " + ThreadLog.describe(cause);
  }
}
