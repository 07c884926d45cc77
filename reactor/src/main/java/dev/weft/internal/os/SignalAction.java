// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What happens in this process at a signal: a {@code struct sigaction} (sigaction(2)). */
public final class SignalAction {
  /** struct sigaction of glibc on 64-bit systems: the handler, a set of signals, flags. */
  private static final int BYTES = 152;

  private static final int FLAGS = 136;
  private static final long SIG_IGN = 1;
  private static final int SA_NOCLDWAIT = 2;

  private static final LibcFunction SIGACTION = LibcFunction.find("sigaction", 3);

  private final MemorySegment bytes;

  private SignalAction(byte[] bytes) {
    this.bytes = MemorySegment.ofArray(bytes);
  }

  /** The default action of every signal. */
  public static SignalAction ofDefault() {
    return new SignalAction(new byte[BYTES]);
  }

  /** The present action of a signal. */
  public static SignalAction of(int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(BYTES, Long.BYTES);
      SIGACTION.call(number, 0, action.address());
      return new SignalAction(action.toArray(JAVA_BYTE));
    }
  }

  /** Makes it the action of a signal. */
  public void set(int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(BYTES, Long.BYTES).copyFrom(bytes);
      SIGACTION.call(number, action.address(), 0);
    }
  }

  /** Whether the signal is ignored. */
  private boolean isIgnored() {
    return bytes.get(JAVA_LONG_UNALIGNED, 0) == SIG_IGN;
  }

  /** Whether the signal has no handler. */
  boolean isFree() {
    return bytes.get(JAVA_LONG_UNALIGNED, 0) == 0 || isIgnored();
  }

  /** Whether the system drops the status of a child as soon as it ends, if that is for SIGCHLD. */
  public boolean dropsChildren() {
    return isIgnored() || (bytes.get(JAVA_INT_UNALIGNED, FLAGS) & SA_NOCLDWAIT) != 0;
  }
}
