// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.strand.EventLoop;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Options with which a socket is set up: those that differ from the system's. Immutable. */
public final class SocketSetup {
  /** Changes nothing. */
  public static final SocketSetup NONE = new SocketSetup(new SocketOption[0], new int[0]);

  private static final Duration LINGER_MAX = Duration.ofSeconds(Integer.MAX_VALUE);
  private static final Duration SECOND_ALMOST = Duration.ofNanos(999_999_999);

  private final SocketOption[] options;

  /** The value of each option. */
  private final int[] values;

  private SocketSetup(SocketOption[] options, int[] values) {
    this.options = options;
    this.values = values;
  }

  /** Returns these options and another one. */
  public SocketSetup with(SocketOption option, int value) {
    int size = options.length;
    SocketOption[] moreOptions = Arrays.copyOf(options, size + 1);
    int[] moreValues = Arrays.copyOf(values, size + 1);
    moreOptions[size] = option;
    moreValues[size] = value;
    return new SocketSetup(moreOptions, moreValues);
  }

  /** Returns these options and {@code option}, unless its value is 0: the kernel's default. */
  public SocketSetup withUnlessZero(SocketOption option, int value) {
    return value == 0 ? this : with(option, value);
  }

  /**
   * Returns these options and TCP_USER_TIMEOUT.
   *
   * @param timeout up to 24 days; a fraction of the first millisecond counts as one; zero for the
   *     kernel's default
   */
  public SocketSetup withUserTimeout(Duration timeout) {
    int millis = timeout.isZero() ? 0 : (int) Math.max(timeout.toMillis(), 1);
    return withUnlessZero(SocketOption.USER_TIMEOUT, millis);
  }

  /**
   * Returns these options and SO_LINGER.
   *
   * @param time rounded up to whole seconds, because 0 means reset; null for the kernel's default
   */
  public SocketSetup withLinger(@Nullable Duration time) {
    return time == null ? this : with(SocketOption.LINGER, seconds(time));
  }

  private static int seconds(Duration time) {
    return time.compareTo(LINGER_MAX) < 0
        ? (int) time.plus(SECOND_ALMOST).toSeconds()
        : Integer.MAX_VALUE;
  }

  /**
   * Sets the options of a socket, up to the first that fails.
   *
   * @return 0, or -errno
   */
  public int apply(EventLoop loop, Handle handle) {
    for (int i = 0; i < options.length; i++) {
      int result = loop.backend().perform(loop.call().setOption(handle, options[i], values[i]));
      if (result < 0) {
        return result;
      }
    }
    return 0;
  }
}
