// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import dev.weft.os.Signal;

/**
 * How a process has ended (waitid(2)).
 *
 * @param code what it has passed to exit(3), from 0 to 255; -1 if a signal has ended it
 * @param signal the number of the signal that has ended it; 0 if none has
 * @param isCoreDumped whether the signal has made it write a core dump (core(5))
 */
public record ExitStatus(int code, int signal, boolean isCoreDumped) {
  // waitpid(2)
  private static final int SIGNAL_MASK = 0x7F;
  private static final int CORE_FLAG = 0x80;
  private static final int CODE_SHIFT = 8;

  static ExitStatus of(int waitStatus) {
    int signal = waitStatus & SIGNAL_MASK;
    int code = signal == 0 ? waitStatus >> CODE_SHIFT : -1;
    return new ExitStatus(code, signal, (waitStatus & CORE_FLAG) != 0);
  }

  /** {@return whether it has exited with 0} */
  public boolean isSuccess() {
    return code == 0;
  }

  /**
   * {@return whether a signal has ended it}
   *
   * @param signal the signal
   */
  public boolean isBy(Signal signal) {
    return this.signal == signal.number();
  }

  @Override
  public String toString() {
    return signal == 0
        ? "exit code " + code
        : "ended by signal " + signal + (isCoreDumped ? ", core dumped" : "");
  }
}
