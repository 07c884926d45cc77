// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Reactor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An executor for micro-threads, and whether their code is woven or stackful. Results must not
 * depend on it. The tests of the example programs use it too.
 */
public enum ExecutionMode {
  LOCAL_WOVEN(false, false),
  LOCAL_STACKFUL(false, true),
  REACTOR_WOVEN(true, false),
  REACTOR_STACKFUL(true, true);

  static final int PAGES = 80;

  public final boolean onReactor;
  public final boolean stackful;

  ExecutionMode(boolean onReactor, boolean stackful) {
    this.onReactor = onReactor;
    this.stackful = stackful;
  }

  /** What a process wrote, to its output and to standard error. */
  public record Outcome(String output, List<String> log) {}

  public MicroOptions options() {
    return MicroOptions.ofPages(PAGES).withStackful(stackful);
  }

  /** Runs {@code main} to the end of its process, with nothing to read. */
  public Outcome run(MicroThread main) throws Exception {
    return run(main, "");
  }

  public Outcome run(MicroThread main, String input) throws Exception {
    return run(main, input, options());
  }

  /** Runs {@code main} with {@code input} to read, which has to fit a pipe of the system. */
  public Outcome run(MicroThread main, String input, MicroOptions options) throws Exception {
    try (SystemPipe in = SystemPipe.open();
        SystemPipe out = SystemPipe.open()) {
      in.fill(input);
      ByteArrayOutputStream log = new ByteArrayOutputStream();
      PrintStream before = System.err;
      System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
      try {
        execute(main, options.withDescriptors(in.reading, out.writing));
      } finally {
        System.setErr(before);
      }
      return new Outcome(out.drain(), log.toString(StandardCharsets.UTF_8).lines().toList());
    }
  }

  private void execute(MicroThread main, MicroOptions options) throws Exception {
    if (!onReactor) {
      MicroProcess.runLocal(main, options);
      return;
    }
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> MicroProcess.start(main, options).join());
    }
  }
}
