// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Segments;
import dev.weft.internal.io.VectoredTransfers;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Unidirectional pipe in the kernel (pipe(7)): bytes written to {@link #sink} are read from {@link
 * #source}.
 */
public final class Pipe implements AutoCloseable {
  static {
    Endpoint.IN.register(Source.class, source -> source.endpoint);
    Endpoint.IN.register(Sink.class, sink -> sink.endpoint);
  }

  private final Source source;
  private final Sink sink;
  private int capacityBytes;

  private Pipe(Endpoint read, Endpoint write) {
    source = new Source(read);
    sink = new Sink(write);
  }

  /**
   * Opens a pipe with the system's default capacity, 64 KiB.
   *
   * @return an open pipe
   * @throws ErrnoException EMFILE or ENFILE if no descriptors are left
   */
  public static Pipe open() throws IOException {
    return open(0);
  }

  /**
   * Opens a pipe with a given capacity.
   *
   * @param capacityBytes the requested capacity, which the system rounds up; 0, or more than it
   *     allows (pipe-max-size), leaves the default, and so does a reactor without io_uring. {@link
   *     #capacityBytes()} returns the actual one
   * @return an open pipe
   * @throws ErrnoException EMFILE or ENFILE if no descriptors are left
   */
  public static Pipe open(int capacityBytes) throws IOException {
    if (capacityBytes < 0) {
      throw new IllegalArgumentException("capacityBytes must not be negative: " + capacityBytes);
    }
    EventLoop loop = EventLoop.require("pipe");
    // Everything is allocated before the system call, so that no descriptor can leak.
    StackReserve.check();
    Endpoint read = new Endpoint(loop, Endpoint.Kind.STREAM, "pipe", "pipe's source");
    Endpoint write = new Endpoint(loop, Endpoint.Kind.STREAM, "pipe", "pipe's sink");
    Pipe pipe = new Pipe(read, write);
    Call request = loop.call().pipe();
    int result = loop.backend().perform(request);
    if (result < 0) {
      throw new ErrnoException("pipe", null, -result);
    }
    read.open(request.readEnd());
    write.open(request.writeEnd());
    if (loop.backend().has(Capability.PIPE_CAPACITY)) {
      if (capacityBytes > 0) {
        loop.backend().perform(request.setPipeCapacity(write.handle(), capacityBytes));
      }
      pipe.capacityBytes = loop.backend().perform(request.pipeCapacity(write.handle()));
    }
    return pipe;
  }

  /** {@return the end to read from; it reaches its end when the sink is closed} */
  public ByteSource source() {
    return source;
  }

  /** {@return the end to write to; it fails with EPIPE when the source is closed} */
  public ByteSink sink() {
    return sink;
  }

  /**
   * {@return how many bytes fit before a writer has to wait}
   *
   * @throws UnsupportedOperationException on a reactor without io_uring: the JDK does not show it
   */
  public int capacityBytes() {
    sink.endpoint.loop.backend().require(Capability.PIPE_CAPACITY, "a pipe's capacity");
    return capacityBytes;
  }

  /** Closes both ends. Suspends if called in a fiber, even a cancelled one. */
  @Override
  public void close() throws IOException {
    try {
      sink.close();
    } finally {
      source.close();
    }
  }

  private static final class Source implements ByteSource {
    private final Endpoint endpoint;

    Source(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public int read(MemorySegment target, Deadline deadline) throws IOException {
      return endpoint.read(target, deadline.nanoTime());
    }

    @Override
    public void readFully(SegmentList target, Deadline deadline) throws IOException {
      if (target.hasSkips()) {
        ByteSource.super.readFully(target, deadline);
      } else {
        VectoredTransfers.readFully(endpoint, Segments.toFill(target), deadline.nanoTime());
      }
    }

    @Override
    public void close() throws IOException {
      endpoint.closeChecked();
    }
  }

  private static final class Sink implements ByteSink {
    private final Endpoint endpoint;

    Sink(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void write(MemorySegment source, Deadline deadline) throws IOException {
      endpoint.write(source, deadline.nanoTime());
    }

    @Override
    public void write(SegmentList source, Deadline deadline) throws IOException {
      VectoredTransfers.write(
          endpoint, Segments.toWrite(source), Op.CURRENT_POSITION, deadline.nanoTime());
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
