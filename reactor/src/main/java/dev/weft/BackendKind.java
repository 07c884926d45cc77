// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.factory.BackendFactory;
import dev.weft.internal.os.RingOptions;
import java.util.Locale;

/**
 * What carries out the I/O of a reactor. A program behaves the same on both; {@code backends.md} in
 * the documents lists the few differences.
 */
public enum BackendKind {
  /**
   * {@link #IO_URING} where the system allows it, and {@link #SELECTOR} elsewhere. The first time
   * that a reactor has to do without io_uring, the logger {@code dev.weft} gets a line with the
   * reason. The default.
   */
  AUTO,

  /**
   * A ring of Linux's io_uring. If there can be none, {@link Reactor#open} throws a {@link
   * dev.weft.error.ReactorUnavailableException} that names cause and remedy.
   */
  IO_URING,

  /**
   * The JDK's channels and a {@link java.nio.channels.Selector}; files are read and written by a
   * few threads. Available everywhere.
   */
  SELECTOR;

  /**
   * The system property that sets the default: {@code auto}, {@code io_uring}, {@code selector}.
   */
  private static final String PROPERTY = "weft.backend";

  static BackendKind configured() {
    String value = System.getProperty(PROPERTY, "auto");
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "auto" -> AUTO;
      case "io_uring" -> IO_URING;
      case "selector" -> SELECTOR;
      default ->
          throw new IllegalArgumentException(
              "the system property " + PROPERTY + " must be auto, io_uring or selector: " + value);
    };
  }

  /** Opens a backend of this kind for the calling thread. */
  Backend open(ReactorOptions options) throws ReactorUnavailableException {
    Backend backend = open(options.ring());
    if (options.directDescriptors() == 0) {
      return backend;
    }
    boolean opened = false;
    try {
      backend.openDirectTable(options.directDescriptors());
      opened = true;
      return backend;
    } finally {
      if (!opened) {
        backend.close();
      }
    }
  }

  private Backend open(RingOptions options) throws ReactorUnavailableException {
    return switch (this) {
      case AUTO -> BackendFactory.open(options);
      case IO_URING -> BackendFactory.openRing(options);
      case SELECTOR -> BackendFactory.openSelector(options);
    };
  }
}
