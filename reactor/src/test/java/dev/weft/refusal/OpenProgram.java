// SPDX-License-Identifier: Apache-2.0
package dev.weft.refusal;

import dev.weft.BackendKind;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.ReactorUnavailableException;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Opens two reactors with the backend that its argument names, one after the other, and prints what
 * they are, or why they can't be opened, and what is logged.
 */
final class OpenProgram {
  private static final int REACTORS = 2;

  /** Referred to, because it is what has the handler. */
  private static final Logger LOGGER = Logger.getLogger("dev.weft");

  private OpenProgram() {}

  public static void main(String[] arguments) {
    LOGGER.addHandler(new Printer());
    ReactorOptions options =
        ReactorOptions.defaults().withBackend(BackendKind.valueOf(arguments[0]));
    for (int i = 0; i < REACTORS; i++) {
      try (Reactor reactor = Reactor.open(options)) {
        System.out.println("opened " + reactor);
      } catch (ReactorUnavailableException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static final class Printer extends Handler {
    @Override
    public void publish(LogRecord record) {
      System.out.println("logged: " + record.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
