// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.WorkerJob;
import java.io.IOException;

/** Work that can block, by calls of the JDK. */
abstract class Job extends WorkerJob {
  @Override
  public final void run() {
    try {
      result = perform();
    } catch (IOException | RuntimeException e) {
      result = -ErrnoOfFailure.code(e);
    } catch (OutOfMemoryError e) {
      result = -Errno.ENOMEM.code();
    }
  }

  /** Carries out the work; returns at least 0, or -errno. */
  abstract int perform() throws IOException;

  /** Called on the reactor's thread when the work is done. */
  abstract void completed(SelectorBackend backend);
}
