// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.WorkerJob;
import java.io.IOException;

/** Work that can block, by calls of the JDK. */
abstract class Job extends WorkerJob {
  @Override
  protected final int perform() {
    try {
      return call();
    } catch (IOException | RuntimeException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /** Calls the JDK; returns at least 0, or -errno. */
  abstract int call() throws IOException;

  /** Called on the reactor's thread when the work is done. */
  abstract void completed(SelectorBackend backend);
}
