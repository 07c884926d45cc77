// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

/**
 * Signals (signal(7)). All can be sent to child processes; which of them this process can wait for
 * is a matter of the JVM, see {@link Signals}.
 */
public enum Signal {
  /** The terminal was closed. Daemons use it by convention for "reload the configuration". */
  HUP(1),
  /** Interrupt from the keyboard (Ctrl-C). */
  INT(2),
  /** Quit from the keyboard. The JVM prints a thread dump. */
  QUIT(3),
  /** Illegal instruction. */
  ILL(4),
  /** Breakpoint. */
  TRAP(5),
  /** Abort, see abort(3). */
  ABRT(6),
  /** Access to memory that does not exist, such as beyond the end of a mapped file. */
  BUS(7),
  /** Arithmetic error. */
  FPE(8),
  /** Ends a process, which can't prevent that. */
  KILL(9),
  /** User-defined signal 1. */
  USR1(10),
  /** Access to memory without the right to it. */
  SEGV(11),
  /** User-defined signal 2. */
  USR2(12),
  /** Write to a pipe or socket that is not read any more. */
  PIPE(13),
  /** Timer, see alarm(2). */
  ALRM(14),
  /** Request to terminate. */
  TERM(15),
  /** A child process has ended, stopped or continued. */
  CHLD(17),
  /** Continues a process that was stopped. */
  CONT(18),
  /** Stops a process, which can't prevent that. */
  STOP(19),
  /** Stop from the keyboard (Ctrl-Z). */
  TSTP(20),
  /** Input from the terminal for a process in the background. */
  TTIN(21),
  /** Output to the terminal from a process in the background. */
  TTOU(22),
  /** Urgent data on a socket. */
  URG(23),
  /** Limit of CPU time exceeded, see setrlimit(2). */
  XCPU(24),
  /** Limit of the size of files exceeded. */
  XFSZ(25),
  /** Timer of the CPU time in user mode. */
  VTALRM(26),
  /** Timer of the CPU time. */
  PROF(27),
  /** The terminal's size has changed. */
  WINCH(28),
  /** A descriptor is ready, see fcntl(2). */
  IO(29),
  /** Power failure. */
  PWR(30),
  /** Bad system call. */
  SYS(31);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /** {@return the signal's number on Linux, such as 15} */
  public int number() {
    return number;
  }
}
