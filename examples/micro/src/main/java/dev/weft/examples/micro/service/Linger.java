// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.Fiber;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroSocket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The server's end of a connection. If it closed while the client still sends, the kernel would
 * answer with a reset, which can overtake the last response; so it only stops writing, and reads on
 * until the client has closed too, within limits.
 */
public final class Linger {
  /** What a client may still send to a connection that has been ended. */
  private static final long BYTES_MAX = 1 << 20;

  /** How long it may take to notice. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private @Nullable Fiber watch;
  private boolean isOver;

  /** The end of a connection that has not come yet. */
  public Linger() {}

  /**
   * The output has been shut down, and the system has all of it: if the client takes too long from
   * now on, the process is killed. Not for the local executor.
   *
   * @param process the connection's
   */
  public void begin(MicroProcess process) {
    if (!isOver) {
      watch = Fiber.start("linger", () -> watch(process));
    }
  }

  /**
   * Reads to the end of the input, or until that has taken too many bytes. Suspends.
   *
   * @param socket whose output has been shut down, or will be
   * @param block what to read into
   * @throws Exception what lastly throws
   */
  public void await(MicroSocket socket, MicroBlock block) throws Exception {
    try {
      drain(socket, block);
    } finally {
      end();
    }
  }

  /** The client is not waited for, or not any more. */
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
