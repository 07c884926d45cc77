// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.Reactor;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Serves {@link Echo} on the port of the first argument, until INT or TERM. */
final class EchoService {
  private EchoService() {}

  public static void main(String[] args) throws Exception {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 8080;
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    }
  }

  private static void serve(InetSocketAddress address) throws Exception {
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM);
        MicroService service = MicroService.start(address, MicroOptions.ofPages(26), Echo::new)) {
      System.out.println("listening on " + service.localAddress().getPort());
      signals.await();
      service.kill();
      service.join();
      System.out.println("stopped");
    }
  }
}
