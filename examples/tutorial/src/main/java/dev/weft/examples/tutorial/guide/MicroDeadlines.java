// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.error.ScopeExpiredException;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;
import java.time.Duration;

/** Deadlines of a micro-thread: of the thread, and of a block. */
final class MicroDeadlines extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, 1024);
    if (!isThere()) {
      return;
    }
    // a connection that is idle for a minute is closed
    for (int length; (length = readline(line, 1024)) > 0; ) {
      write(line, length);
      deadline(Deadline.after(Duration.ofMinutes(1)));
    }
  }

  private boolean isThere() throws Exception {
    try (Bundle _ = Bundle.open(Deadline.after(Duration.ofSeconds(1)))) {
      return pollread() > 0; // or any other operation
    } catch (ScopeExpiredException e) {
      return false; // the thread continues, and may poll again later
    }
  }
}
