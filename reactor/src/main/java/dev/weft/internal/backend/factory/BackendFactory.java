// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.factory;

import dev.weft.bindings.NativeLibrary;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.selector.SelectorBackend;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.RingOptions;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** Chooses the backend of a reactor. */
public final class BackendFactory {
  private static final String MODULES = "dev.weft.bindings,dev.weft.reactor";

  private static final AtomicBoolean REASON_LOGGED = new AtomicBoolean();

  private BackendFactory() {}

  /**
   * Opens a ring for the calling thread, or a selector if there can be no ring. Logs the reason the
   * first time.
   *
   * @param options of the ring; a selector takes the size of its queue
   * @throws ReactorUnavailableException if there can be neither, or no ring and the options need
   *     one
   */
  public static Backend open(RingOptions options) throws ReactorUnavailableException {
    try {
      return openRing(options);
    } catch (ReactorUnavailableException e) {
      if (!options.onlyOfRings().isEmpty()) {
        throw e;
      }
      Backend backend = openSelector(options);
      if (!REASON_LOGGED.getAndSet(true)) {
        System.getLogger("dev.weft")
            .log(
                System.Logger.Level.INFO,
                "using a selector instead of io_uring: " + e.getMessage());
      }
      return backend;
    }
  }

  /**
   * Opens a selector for the calling thread, as {@link #open} does.
   *
   * @throws ReactorUnavailableException if no descriptors are left, or the options need a ring
   */
  public static Backend openSelector(RingOptions options) throws ReactorUnavailableException {
    String refused = options.onlyOfRings();
    if (!refused.isEmpty()) {
      throw new ReactorUnavailableException(
          refused + ": the selector backend can't do that, only io_uring", Errno.EOPNOTSUPP);
    }
    return SelectorBackend.open(options.entries());
  }

  /**
   * Opens a ring for the calling thread, as {@link #open} does.
   *
   * @throws ReactorUnavailableException if there can be none; names cause and remedy
   */
  public static Backend openRing(RingOptions options) throws ReactorUnavailableException {
    if (NativeLibrary.exists() && isDenied()) {
      throw denied();
    }
    try {
      NativeLibrary.load(); // first, because it says what is missing
      if (!Memory.isAccessible()) {
        throw denied(); // it was not enabled when a selector was opened, which then did without
      }
      return UringBackend.open(options);
    } catch (LinkageError e) { // thrown by the JDK, or by every use of a class since
      ReactorUnavailableException unavailable =
          new ReactorUnavailableException(
              "the native library can't be loaded: " + e.getMessage(), Errno.UNKNOWN);
      unavailable.initCause(e);
      throw unavailable;
    }
  }

  /** Whether the JVM refuses native access; where that was not asked for, it may warn instead. */
  @SuppressWarnings("restricted") // of a segment without bytes
  private static boolean isDenied() {
    try {
      return MemorySegment.NULL.reinterpret(1).byteSize() == 0;
    } catch (IllegalCallerException e) {
      return true;
    }
  }

  private static ReactorUnavailableException denied() {
    String modules = BackendFactory.class.getModule().isNamed() ? MODULES : "ALL-UNNAMED";
    return new ReactorUnavailableException(
        "native access is denied; start the JVM with --enable-native-access=" + modules,
        Errno.UNKNOWN);
  }
}
