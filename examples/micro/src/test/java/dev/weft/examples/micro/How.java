// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactor;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The ways to run micro-threads, which have to come to the same. */
public enum How {
  LOCAL_WOVEN(false, false),
  LOCAL_STACKFUL(false, true),
  REACTOR_WOVEN(true, false),
  REACTOR_STACKFUL(true, true);

  static final int PAGES = 80;

  final boolean onReactor;
  final boolean stackful;

  How(boolean onReactor, boolean stackful) {
    this.onReactor = onReactor;
    this.stackful = stackful;
  }

  /** What a process wrote, to its output and to standard error. */
  public record Outcome(String output, List<String> log) {}

  MicroOptions options() {
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
    try (Descriptors in = Descriptors.pipe();
        Descriptors out = Descriptors.pipe()) {
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

  /** Both ends of a pipe of the system. */
  static final class Descriptors implements AutoCloseable {
    final int reading;
    final int writing;
    private boolean writingIsOpen = true;

    private Descriptors(int reading, int writing) {
      this.reading = reading;
      this.writing = writing;
    }

    static Descriptors pipe() {
      dev.weft.bindings.NativeLibrary.load();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
        assertEquals(0, Libc.pipe(ends.address()));
        return new Descriptors(
            ends.getAtIndex(ValueLayout.JAVA_INT, 0), ends.getAtIndex(ValueLayout.JAVA_INT, 1));
      }
    }

    /** Puts all that there is to read. */
    void fill(String text) {
      write(text);
      endOfInput();
    }

    void write(String text) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocateFrom(text);
        int length = (int) bytes.byteSize() - 1;
        assertEquals(length, Libc.write(writing, bytes.address(), length));
      }
    }

    void endOfInput() {
      if (writingIsOpen) {
        writingIsOpen = false;
        Libc.close(writing);
      }
    }

    /** Takes what is written until that ends, and counts it. */
    int count() {
      int bytes = 0;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(4096);
        for (int n; (n = Libc.read(reading, buffer.address(), 4096)) > 0; ) {
          bytes += n;
        }
      }
      return bytes;
    }

    /** Takes all that was written. */
    String drain() {
      endOfInput();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(4096);
        for (int n; (n = Libc.read(reading, buffer.address(), 4096)) > 0; ) {
          all.writeBytes(Memory.at(buffer.address(), n).toArray(ValueLayout.JAVA_BYTE));
        }
      }
      return all.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
      endOfInput();
      Libc.close(reading);
    }
  }
}
