// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.Reactors;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs processes, and records their failures. */
final class Runs {
  private static final int PAGES = 40;

  /** The uncaught failures of fibers. */
  final List<Throwable> failures = new ArrayList<>();

  private final ByteArrayOutputStream log = new ByteArrayOutputStream();

  static MicroOptions options(boolean stackful) {
    return MicroOptions.ofPages(PAGES).withStackful(stackful);
  }

  /** Runs {@code task} on a reactor of its own, to the end of all that it starts. */
  void run(FiberTask task) throws Exception {
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try (Reactor reactor =
        Reactors.open(
            Reactors.options()
                .withUncaughtExceptionHandler((fiber, failure) -> failures.add(failure)))) {
      reactor.run(task);
    } finally {
      System.setErr(before);
    }
  }

  /** Runs {@code main} to the end of its process, with nothing to read. */
  void run(MicroThread main, boolean stackful) throws Exception {
    try (SystemPipe input = SystemPipe.open()) {
      input.endOfInput();
      MicroOptions options = options(stackful).withDescriptors(input.reading, 1);
      run(() -> MicroProcess.start(main, options).join());
    }
  }

  /** Lines on standard error that have {@code text} in them. */
  long logged(String text) {
    return log.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains(text)).count();
  }
}
