// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroSocket;

/**
 * The server's end of a connection. If it closed while the client still sends, the kernel would
 * answer with a reset, which can overtake the last response; so it only stops writing, and reads on
 * until the client has closed too.
 */
public final class Linger {
  /** What a client may still send to a connection that has been ended. */
  private static final long BYTES_MAX = 1 << 20;

  private Linger() {}

  /**
   * Reads to the end of the input, or until that has taken too many bytes. Suspends.
   *
   * @param socket whose output has been shut down, or soon will be
   * @param block what to read into
   * @throws Exception what lastly throws
   */
  public static void await(MicroSocket socket, MicroBlock block) throws Exception {
    int length = (int) block.byteSize();
    for (long done = 0; done < BYTES_MAX; ) {
      int count = socket.read(block, length);
      if (count == 0) {
        return;
      }
      done += count;
    }
  }
}
