// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroSocket;
import dev.weft.micro.MicroThread;
import java.net.InetSocketAddress;

/** A client as mnvkd's: two threads, one for each direction. */
final class MicroClient extends MicroThread {
  private final InetSocketAddress address;

  MicroClient(InetSocketAddress address) {
    this.address = address;
  }

  @Override
  protected void run() throws Exception {
    MicroSocket server = connect(address);
    if (server == null) {
      return; // the connect has failed, and lastly has lowered the error
    }
    child(new Copier(), socket(), server); // what comes in goes to the server
    child(new Copier(), server, socket()); // what it answers goes out
  }

  private static final class Copier extends MicroThread {
    @Override
    protected void run() throws Exception {
      while (pollread() > 0) { // without memory, most of the time
        MicroBlock line = calloc(1, 1024);
        do {
          write(line, readline(line, 1024));
        } while (buffered() > 0);
        flush();
        free();
      }
    }
  }
}
