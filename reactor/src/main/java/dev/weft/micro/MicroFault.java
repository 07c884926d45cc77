// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/**
 * What went wrong in a micro-thread without its having raised it: an exception that nobody caught.
 *
 * @param thread where it happened
 * @param cause what was thrown
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
   * Says what happened in the words of the signal that a C program would have got, where there is
   * one, and in those of the exception.
   *
   * @return one line
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
    return "fault in " + thread.label() + ": " + ThreadLog.describe(cause);
  }
}
