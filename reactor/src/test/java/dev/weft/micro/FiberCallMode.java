// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.FiberKind;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Whether micro-threads and fibers are woven or stackful, and the kind of the fibers. */
public enum FiberCallMode {
  WOVEN(false, false, FiberKind.SCHEDULED),
  STACKFUL_THREADS(true, false, FiberKind.SCHEDULED),
  STACKFUL_FIBERS(false, true, FiberKind.SCHEDULED),
  STACKFUL(true, true, FiberKind.SCHEDULED),
  BATON(false, true, FiberKind.BATON);

  private static final int PAGES = 40;

  private final boolean stackfulThreads;
  private final boolean stackfulFibers;
  private final FiberKind kind;

  FiberCallMode(boolean stackfulThreads, boolean stackfulFibers, FiberKind kind) {
    this.stackfulThreads = stackfulThreads;
    this.stackfulFibers = stackfulFibers;
    this.kind = kind;
  }

  /** A thread with a name, which keeps notes. */
  abstract static class Actor extends MicroThread {
    final List<String> notes = new ArrayList<>();
    private final String name;

    Actor(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    final void note(Object what) {
      notes.add(String.valueOf(what));
    }
  }

  /** Runs {@code task} on a reactor; returns what was written to standard error meanwhile. */
  List<String> run(FiberTask task) throws Exception {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    ReactorOptions options =
        ReactorOptions.defaults().withStackful(stackfulFibers).withFiberKind(kind);
    try (Reactor reactor = Reactor.open(options)) {
      reactor.run(task);
    } finally {
      System.setErr(before);
    }
    return log.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Starts a process of {@code main}. */
  MicroProcess start(MicroThread main) {
    return MicroProcess.start(main, options());
  }

  /** Starts a process that reads from {@code descriptor}. */
  MicroProcess start(MicroThread main, int descriptor) {
    return MicroProcess.start(main, options().withDescriptors(descriptor, 1));
  }

  private MicroOptions options() {
    return MicroOptions.ofPages(PAGES).withStackful(stackfulThreads);
  }
}
