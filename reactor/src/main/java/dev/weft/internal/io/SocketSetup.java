// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.SocketOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/** Options with which a socket is set up: those that differ from the system's. Immutable. */
public final class SocketSetup {
  /** Changes nothing. */
  public static final SocketSetup NONE = new SocketSetup(new SocketOption[0], new int[0]);

  /** In the order in which they are set. */
  private final SocketOption[] options;

  /** The value of each option. */
  private final int[] values;

  private SocketSetup(SocketOption[] options, int[] values) {
    this.options = options;
    this.values = values;
  }

  /** Returns these options with another value of one. */
  public SocketSetup with(SocketOption option, int value) {
    int index = indexOf(option);
    boolean isNew = index < 0;
    int place = isNew ? options.length : index;
    int size = isNew ? place + 1 : options.length;
    SocketOption[] changedOptions = Arrays.copyOf(options, size);
    int[] changedValues = Arrays.copyOf(values, size);
    changedOptions[place] = option;
    changedValues[place] = value;
    return new SocketSetup(changedOptions, changedValues);
  }

  /** Returns these options without those of a set, which the system chooses. */
  public SocketSetup without(Set<SocketOption> others) {
    SocketSetup kept = NONE;
    for (int i = 0; i < options.length; i++) {
      if (!others.contains(options[i])) {
        kept = kept.with(options[i], values[i]);
      }
    }
    return kept;
  }

  /** The value of an option, or null if the system chooses. */
  public @Nullable Integer value(SocketOption option) {
    int index = indexOf(option);
    return index < 0 ? null : values[index];
  }

  private int indexOf(SocketOption option) {
    return Arrays.asList(options).indexOf(option);
  }

  /**
   * Returns these options and TCP_USER_TIMEOUT.
   *
   * @param timeout up to 24 days; a fraction of the first millisecond counts as one; zero for the
   *     kernel's default
   */
  public SocketSetup withUserTimeout(Duration timeout) {
    int millis = timeout.isZero() ? 0 : (int) Math.max(timeout.toMillis(), 1);
    return millis == 0 ? this : with(SocketOption.USER_TIMEOUT, millis);
  }

  /** Gives each option and its value to {@code action}, in order. */
  public void forEach(ObjIntConsumer<SocketOption> action) {
    for (int i = 0; i < options.length; i++) {
      action.accept(options[i], values[i]);
    }
  }

  int size() {
    return options.length;
  }

  SocketOption option(int index) {
    return options[index];
  }

  int valueAt(int index) {
    return values[index];
  }
}
