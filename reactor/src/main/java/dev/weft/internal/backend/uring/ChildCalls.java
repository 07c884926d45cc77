// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.LibcFunction;

/**
 * Calls on child processes, by descriptors of them: the number of a process is given to another one
 * as soon as the process has been reaped, its descriptor is not.
 */
final class ChildCalls {
  // Of linux/wait.h, bits/waitflags.h and bits/siginfo-consts.h, the same on all architectures.
  private static final int P_PID = 1;
  private static final int P_PIDFD = 3;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int CLD_EXITED = 1;
  private static final int CLD_DUMPED = 3;
  private static final int SIGKILL = 9;

  // struct siginfo_t of 64-bit systems, see sigaction(2)
  static final int INFO_BYTES = 128;
  private static final int INFO_CODE = 8;
  private static final int INFO_PID = 16;
  private static final int INFO_STATUS = 24;

  // waitpid(2): the status of a process that has exited, and the flag of a core dump
  private static final int EXIT_SHIFT = 8;
  private static final int CORE_FLAG = 0x80;

  // System calls that glibc has functions for since 2.36; the numbers are the same on all
  // architectures.
  private static final int PIDFD_SEND_SIGNAL = 424;
  private static final int PIDFD_OPEN = 434;
  private static final int PIDFD_SIGNAL_PROCESS_GROUP = 4; // Linux 6.9

  private static final LibcFunction OPEN = LibcFunction.find("syscall", 3);
  private static final LibcFunction SEND = LibcFunction.find("syscall", 5);
  private static final LibcFunction KILL = LibcFunction.find("kill", 2);
  private static final LibcFunction WAIT = LibcFunction.find("waitid", 4);

  private ChildCalls() {}

  /** Opens a descriptor of a child that has not been reaped. */
  static int open(int pid) {
    return OPEN.call(PIDFD_OPEN, pid, 0);
  }

  /** Ends and reaps a child that no descriptor can be opened of. */
  static void discard(int pid, long info) {
    KILL.call(pid, SIGKILL);
    waitFor(P_PID, pid, info, WEXITED);
  }

  /** waitid(2); returns 0, or -errno. */
  private static int waitFor(int kind, int number, long info, int options) {
    int result;
    do {
      result = WAIT.call(kind, number, info, options);
    } while (result == -Errno.EINTR.code());
    return result;
  }

  static int signal(Call call) {
    Integer group = call.group();
    int flags = group == null ? 0 : PIDFD_SIGNAL_PROCESS_GROUP;
    int result = SEND.call(PIDFD_SEND_SIGNAL, call.handle(), call.detail(), 0, flags);
    if (result != -Errno.EINVAL.code() || group == null) {
      return result;
    }
    return group == 0 ? -Errno.ESRCH.code() : KILL.call(-(long) group, call.detail());
  }

  /**
   * Reaps a child that has ended.
   *
   * @param info the address of INFO_BYTES
   */
  static int reap(Call call, long info) {
    int options = call.detail() == 0 ? WEXITED | WNOHANG : WEXITED;
    Memory.ALL.set(JAVA_INT, info + INFO_PID, 0); // stays so if there is nothing to be reaped
    int result = waitFor(P_PIDFD, call.handle(), info, options);
    if (result < 0 || Memory.ALL.get(JAVA_INT, info + INFO_PID) == 0) {
      return result;
    }
    int code = Memory.ALL.get(JAVA_INT, info + INFO_CODE);
    int status = Memory.ALL.get(JAVA_INT, info + INFO_STATUS);
    call.answer(
        code == CLD_EXITED ? status << EXIT_SHIFT : status | (code == CLD_DUMPED ? CORE_FLAG : 0));
    return 1;
  }
}
