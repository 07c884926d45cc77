// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Reactor;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroService;
import java.net.InetSocketAddress;

/** The three ways to start a micro-process. */
final class MicroStarts {
  private MicroStarts() {}

  static void runLocally() throws Exception {
    MicroProcess.runLocal(new EchoThread(), 26); // standard input and output, no reactor
  }

  static void runOnReactor() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> MicroProcess.start(new EchoThread(), 26));
    }
  }

  static void serve(InetSocketAddress address) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            try (MicroService service =
                MicroService.start(address, MicroOptions.ofPages(26), EchoThread::new)) {
              service.join(); // a process for each connection
            }
          });
    }
  }
}
