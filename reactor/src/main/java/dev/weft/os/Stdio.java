// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

import dev.weft.Deadline;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The standard streams of the process, unbuffered. Closing one closes only this object: the
 * descriptor stays open, because other parts of the process use it too.
 */
public final class Stdio {
  static {
    Endpoint.IN.register(Stream.class, stream -> stream.endpoint);
  }

  private static final int INPUT = 0;
  private static final int OUTPUT = 1;
  private static final int ERROR = 2;

  private Stdio() {}

  /** {@return standard input, as a stream of the current reactor} */
  public static ByteSource in() {
    return stream(INPUT, "standard input");
  }

  /** {@return standard output, as a stream of the current reactor} */
  public static ByteSink out() {
    return stream(OUTPUT, "standard output");
  }

  /** {@return standard error, as a stream of the current reactor} */
  public static ByteSink err() {
    return stream(ERROR, "standard error");
  }

  private static Stream stream(int descriptor, String name) {
    EventLoop loop = EventLoop.require(name);
    return new Stream(
        new Endpoint(loop, Handle.borrowed(descriptor, name), Endpoint.Kind.STREAM, name));
  }

  private record Stream(Endpoint endpoint) implements ByteStream {
    @Override
    public int read(MemorySegment target, Deadline deadline) throws IOException {
      return endpoint.read(target, deadline.nanoTime());
    }

    @Override
    public void write(MemorySegment source, Deadline deadline) throws IOException {
      endpoint.write(source, deadline.nanoTime());
    }

    @Override
    public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
      return endpoint.writeSome(source, deadline.nanoTime());
    }

    @Override
    public void close() throws IOException {
      endpoint.closeChecked();
    }
  }
}
