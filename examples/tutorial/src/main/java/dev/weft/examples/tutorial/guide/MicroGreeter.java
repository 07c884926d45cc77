// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.micro.MicroConnection;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;

/** A server with a listener of its own: one process accepts, and serves each client by a thread. */
final class MicroGreeter extends MicroThread {
  @Override
  protected void run() throws Exception {
    while (true) {
      MicroConnection peer = accept();
      if (peer != null) { // otherwise accept has failed, and lastly has lowered the error
        MicroThread greeting = new Greeting();
        accepted(greeting, peer); // the connection is the default socket of that thread
        play(greeting);
      }
    }
  }

  private static final class Greeting extends MicroThread {
    @Override
    protected void run() throws Exception {
      literal("hello, " + remoteAddress() + "\n");
    }
  }

  /** Starts the server on the reactor of the calling fiber. */
  static MicroProcess start(InetSocketAddress address) throws IOException {
    SocketOptions options = SocketOptions.defaults().withReusePort(true);
    TcpListener listener = TcpListener.bind(address, options);
    return MicroProcess.start(new MicroGreeter(), MicroOptions.ofPages(100), listener);
  }
}
