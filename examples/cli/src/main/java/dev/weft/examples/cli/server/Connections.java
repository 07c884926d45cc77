// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.Programs;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The open connections of a reactor, with a fiber each. */
public final class Connections {
  private static final Duration BACK_OFF_MIN = Duration.ofMillis(10);
  private static final Duration BACK_OFF_MAX = Duration.ofSeconds(1);

  /** Serves a connection, in a fiber of its own. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Serves a connection and closes it. Suspends.
     *
     * @param socket an open connection
     */
    void serve(TcpSocket socket);
  }

  private final Set<Fiber> fibers = new HashSet<>();

  /** There are none at first. */
  Connections() {}

  /**
   * Accepts connections until the listener is closed. Suspends.
   *
   * @param protocol the name of what is served
   * @param listener an open listener
   * @param handler serves them
   * @param log gets a line if none can be accepted
   */
  public void acceptAll(
      String protocol, TcpListener listener, Handler handler, Consumer<String> log) {
    Duration backOff = BACK_OFF_MIN;
    while (true) {
      try {
        TcpSocket socket = listener.accept();
        backOff = BACK_OFF_MIN;
        fibers.add(Fiber.start(() -> serve(handler, socket)));
      } catch (ErrnoException e) {
        // Probably no descriptor is left: some become free when connections end.
        if (backOff.equals(BACK_OFF_MIN)) {
          log.accept(protocol + " accept " + listener + ": " + Programs.text(e));
        }
        Fiber.sleep(backOff);
        backOff = backOff.multipliedBy(2);
        backOff = backOff.compareTo(BACK_OFF_MAX) < 0 ? backOff : BACK_OFF_MAX;
      } catch (IOException e) {
        return; // the listener was closed
      }
    }
  }

  private void serve(Handler handler, TcpSocket socket) {
    try {
      handler.serve(socket);
    } finally {
      fibers.remove(Fiber.current());
    }
  }

  List<Fiber> open() {
    return List.copyOf(fibers);
  }

  /** Waits for the end of the connections that are open now, and cancels the others. Suspends. */
  void end(Duration grace) {
    awaitAll(Deadline.after(grace));
    fibers.forEach(Fiber::cancel);
  }

  private void awaitAll(Deadline deadline) {
    for (Fiber fiber : open()) {
      try {
        fiber.join(deadline);
      } catch (DeadlineExceededException e) {
        return;
      }
    }
  }
}
