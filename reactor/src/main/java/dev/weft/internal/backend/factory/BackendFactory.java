// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.factory;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.mem.Memory;

/** Chooses the backend of a reactor. */
public final class BackendFactory {
  private static final String MODULES = "dev.weft.bindings,dev.weft.reactor";

  private BackendFactory() {}

  /**
   * Opens a backend for the calling thread.
   *
   * @param queueEntries the size of its submission queue, a power of two
   * @throws ReactorUnavailableException if there is none for this system; names cause and remedy
   */
  public static Backend open(int queueEntries) throws ReactorUnavailableException {
    if (!Memory.isAccessible()) {
      String modules = BackendFactory.class.getModule().isNamed() ? MODULES : "ALL-UNNAMED";
      throw new ReactorUnavailableException(
          "native access is denied; start the JVM with --enable-native-access=" + modules,
          Errno.UNKNOWN);
    }
    try {
      return UringBackend.open(queueEntries);
    } catch (UnsatisfiedLinkError e) {
      ReactorUnavailableException unavailable =
          new ReactorUnavailableException(
              "the native library can't be loaded: " + e.getMessage(), Errno.UNKNOWN);
      unavailable.initCause(e);
      throw unavailable;
    }
  }
}
