// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.Fiber;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroSocket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Lingering close of a connection. If the server closed while the client still sends, the kernel
 * would send a reset, which can overtake the last response; so the server only shuts down its
 * output, and reads until the client has closed too, within limits.
 */
public final class Linger {
  /** The bytes that a client may still send after the end of the output. */
  private static final long BYTES_MAX = 1 << 20;

  /** How long a client may take to close. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private @Nullable Fiber watch;
  private boolean isOver;

  /** Makes the close of a connection that is still open. */
  public Linger() {}

  /**
   * Called when the output has been flushed and shut down: if the client takes too long from now
   * on, the process is killed. Not for the local executor.
   *
   * @param process the process of the connection
   */
  public void begin(MicroProcess process) {
    if (!isOver) {
      watch = Fiber.start("linger", () -> watch(process));
    }
  }

  /**
   * Reads to the end of the input, or until it has sent too many bytes. Suspends.
   *
   * @param socket a socket whose output has been shut down, or will be
   * @param block a buffer
   * @throws Exception if lastly throws
   */
  public void await(MicroSocket socket, MicroBlock block) throws Exception {
    try {
      drain(socket, block);
    } finally {
      end();
    }
  }

  /** Stops waiting for the client. */
  public void end() {
    isOver = true;
    if (watch != null) {
      watch.cancel();
    }
  }

  private static void watch(MicroProcess process) {
    Fiber.sleep(LIMIT);
    process.kill();
  }

  private static void drain(MicroSocket socket, MicroBlock block) throws Exception {
    int length = (int) block.byteSize();
    for (long done = 0; done < BYTES_MAX; ) {
      int count = socket.pollread();
      if (count == 0) {
        return;
      }
      done += socket.read(block, Math.min(count, length));
    }
  }
}
