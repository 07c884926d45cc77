// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Work that can block, for a thread of {@link FileWorkers}. */
abstract class Job {
  /** The next job in a queue. */
  @Nullable Job next;

  /** At least 0, or -errno. */
  int result;

  /** Carries out the work, on a worker's thread. */
  final void run() {
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
