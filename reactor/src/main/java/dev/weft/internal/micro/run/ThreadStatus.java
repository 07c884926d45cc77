// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

/** How a thread has suspended, as an int, because storing one needs no write barrier. */
final class ThreadStatus {
  // ---- what users see: the indices of MicroStatus; a thread never stays in ERR, which is 4
  static final int RUN = 0;
  static final int YIELD = 1;
  static final int LISTEN = 2;
  static final int WAIT = 3;
  static final int END = 5;

  /** Like RUN, but bypasses the run queue: the thread is resumed next. */
  static final int AT_ONCE = 6;

  // ---- the thread is resumed only with the value that it waits for; see isForValue
  static final int FOR_MESSAGE = 7;
  static final int FOR_ANSWER = 8;

  /** In a fiber call, whose state is in the thread's {@link MicroThreadStrand}. */
  static final int FOR_FIBER_CALL = 9;

  private static final String[] NAMES = {"RUN", "YIELD", "LISTEN", "WAIT", "ERR", "END"};

  private ThreadStatus() {}

  /** Whether a thread with this status is resumed only with the value that it waits for. */
  static boolean isForValue(int status) {
    return status >= FOR_MESSAGE;
  }

  /** The status that users see instead. */
  static int visible(int status) {
    return switch (status) {
      case AT_ONCE -> RUN;
      case FOR_MESSAGE, FOR_ANSWER -> LISTEN;
      case FOR_FIBER_CALL -> WAIT;
      default -> status;
    };
  }

  static String name(int status) {
    return NAMES[visible(status)];
  }
}
