// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.fuzz;

import dev.weft.Reactor;
import dev.weft.bindings.NativeLibrary;
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
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** Sends a service bytes in pieces of random sizes, and reads all its output. */
public final class Exchange {
  /** The ways to run a service. */
  public enum Way {
    /** Woven, in the local executor. */
    LOCAL_WOVEN(false, false),
    /** On stacks, in the local executor. */
    LOCAL_STACKFUL(false, true),
    /** Woven, on a reactor. */
    REACTOR_WOVEN(true, false);

    private final boolean onReactor;
    private final boolean stackful;

    Way(boolean onReactor, boolean stackful) {
      this.onReactor = onReactor;
      this.stackful = stackful;
    }
  }

  /**
   * The result.
   *
   * @param output the answer, with a character for each byte
   * @param log standard error meanwhile
   */
  public record Outcome(String output, String log) {}

  private static final int BUFFER_BYTES = 16 << 10;

  private Exchange() {}

  /** Runs {@code main} to its end. */
  public static Outcome run(Way way, MicroThread main, MicroOptions options, List<byte[]> pieces)
      throws Exception {
    NativeLibrary.load();
    int[] in = pipe();
    int[] out = pipe();
    FutureTask<Void> writer = start("input", () -> write(in[1], pieces));
    FutureTask<byte[]> reader = start("output", () -> readAll(out[0]));
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      execute(way, main, options.withStackful(way.stackful).withDescriptors(in[0], out[1]));
    } finally {
      System.setErr(before);
      Libc.close(out[1]);
      Libc.close(in[0]); // drops what the service has not read
    }
    writer.get();
    return new Outcome(latin(reader.get()), log.toString(StandardCharsets.UTF_8));
  }

  /** A text of one character for each byte. */
  static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static void execute(Way way, MicroThread main, MicroOptions options) throws Exception {
    if (!way.onReactor) {
      MicroProcess.runLocal(main, options);
      return;
    }
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> MicroProcess.start(main, options).join());
    }
  }

  private static <T> FutureTask<T> start(String name, Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofPlatform().daemon().name(name).start(task);
    return task;
  }

  private static int[] pipe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
      int result = Libc.pipe(ends.address());
      if (result < 0) {
        throw new IllegalStateException("no pipe: errno " + -result);
      }
      return ends.toArray(ValueLayout.JAVA_INT);
    }
  }

  private static Void write(int descriptor, List<byte[]> pieces) {
    try (Arena arena = Arena.ofConfined()) {
      for (byte[] piece : pieces) {
        MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, piece);
        for (int done = 0; done < piece.length; ) {
          int count = Libc.write(descriptor, bytes.address() + done, piece.length - done);
          if (count <= 0) {
            return null; // the service has ended: EPIPE
          }
          done += count;
        }
      }
      return null;
    } finally {
      Libc.close(descriptor);
    }
  }

  private static byte[] readAll(int descriptor) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      for (int n; (n = Libc.read(descriptor, buffer.address(), BUFFER_BYTES)) > 0; ) {
        all.writeBytes(buffer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE));
      }
    } finally {
      Libc.close(descriptor);
    }
    return all.toByteArray();
  }
}
