// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

/**
 * Signals (signal(7)). All can be sent to child processes; {@link Signals} says which of them this
 * process can wait for.
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
  SYS(31),
  /** Real-time signal SIGRTMIN + 0. */
  RT0(34),
  /** Real-time signal SIGRTMIN + 1. */
  RT1(35),
  /** Real-time signal SIGRTMIN + 2. */
  RT2(36),
  /** Real-time signal SIGRTMIN + 3. */
  RT3(37),
  /** Real-time signal SIGRTMIN + 4. */
  RT4(38),
  /** Real-time signal SIGRTMIN + 5. */
  RT5(39),
  /** Real-time signal SIGRTMIN + 6. */
  RT6(40),
  /** Real-time signal SIGRTMIN + 7. */
  RT7(41),
  /** Real-time signal SIGRTMIN + 8. */
  RT8(42),
  /** Real-time signal SIGRTMIN + 9. */
  RT9(43),
  /** Real-time signal SIGRTMIN + 10. */
  RT10(44),
  /** Real-time signal SIGRTMIN + 11. */
  RT11(45),
  /** Real-time signal SIGRTMIN + 12. */
  RT12(46),
  /** Real-time signal SIGRTMIN + 13. */
  RT13(47),
  /** Real-time signal SIGRTMIN + 14. */
  RT14(48),
  /** Real-time signal SIGRTMIN + 15. */
  RT15(49),
  /** Real-time signal SIGRTMIN + 16. */
  RT16(50),
  /** Real-time signal SIGRTMIN + 17. */
  RT17(51),
  /** Real-time signal SIGRTMIN + 18. */
  RT18(52),
  /** Real-time signal SIGRTMIN + 19. */
  RT19(53),
  /** Real-time signal SIGRTMIN + 20. */
  RT20(54),
  /** Real-time signal SIGRTMIN + 21. */
  RT21(55),
  /** Real-time signal SIGRTMIN + 22. */
  RT22(56),
  /** Real-time signal SIGRTMIN + 23. */
  RT23(57),
  /** Real-time signal SIGRTMIN + 24. */
  RT24(58),
  /** Real-time signal SIGRTMIN + 25. */
  RT25(59),
  /** Real-time signal SIGRTMIN + 26. */
  RT26(60),
  /** Real-time signal SIGRTMIN + 27. */
  RT27(61),
  /** Real-time signal SIGRTMIN + 28. */
  RT28(62),
  /** Real-time signal SIGRTMIN + 29. */
  RT29(63),
  /** Real-time signal SIGRTMIN + 30. */
  RT30(64);

  private static final int FIRST_REAL_TIME = 34; // SIGRTMIN of the C library

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /** {@return the signal's number on Linux, such as 15} */
  public int number() {
    return number;
  }

  /**
   * {@return whether each of these signals is delivered; others that have not been delivered are
   * merged}
   */
  public boolean isRealTime() {
    return number >= FIRST_REAL_TIME;
  }
}
