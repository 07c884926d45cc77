// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.Reactor;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;

/** Starts a program in the executor that its first argument names: local, or full, on a reactor. */
final class Launch {
  private Launch() {}

  static void in(String[] arguments, MicroThread main, int pages) throws Exception {
    if (arguments.length > 0 && arguments[0].equals("full")) {
      try (Reactor reactor = Reactor.open()) {
        reactor.run(() -> MicroProcess.start(main, pages));
      }
    } else {
      MicroProcess.runLocal(main, pages);
    }
  }
}
