// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.io.ByteSource;
import dev.weft.io.ByteStream;
import dev.weft.io.DuplexStream;
import dev.weft.io.MessageSource;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Two ends of a connection, and short forms of what tests do with them. */
public final class Peers {
  /** A test of two ends. */
  public interface Body {
    /** Tests. */
    void run(TcpSocket left, TcpSocket right) throws Exception;
  }

  private Peers() {}

  /** Runs {@code body} in a reactor with both ends of a connection. */
  public static void run(Body body) throws Exception {
    Reactors.run(() -> connect(body));
  }

  /** Connects two sockets, in any reactor. */
  public static void connect(Body body) throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (TcpListener listener = TcpListener.bind(anyPort);
        TcpSocket left = TcpSocket.connect(listener.localAddress());
        TcpSocket right = listener.accept()) {
      body.run(left, right);
    }
  }

  /** Native memory with the bytes of {@code text}. */
  public static MemorySegment bytes(String text) {
    return Arena.ofAuto().allocateFrom(JAVA_BYTE, text.getBytes(ISO_8859_1));
  }

  /** Native memory without content. */
  public static MemorySegment room(long bytes) {
    return Arena.ofAuto().allocate(bytes);
  }

  /** The characters of a segment. */
  public static String text(MemorySegment segment) {
    return new String(segment.toArray(JAVA_BYTE), ISO_8859_1);
  }

  /** Receives a message of at most 100 bytes; "end" at the end. */
  public static String receive(MessageSource source) throws IOException {
    MemorySegment target = room(100);
    int length = source.receive(target);
    return length < 0 ? "end" : text(target.asSlice(0, length));
  }

  /** Reads so many bytes. */
  public static String read(ByteSource source, int bytes) throws IOException {
    MemorySegment target = room(bytes);
    source.readFully(target);
    return text(target);
  }

  /** Checks the error number of a failure. */
  public static void assertErrno(Errno expected, ErrnoException failure) {
    assertEquals(expected, failure.errno(), failure::toString);
  }

  /** Reads and writes one byte at a time. */
  public record OneByteStream(ByteStream stream) implements DuplexStream {
    @Override
    public int read(MemorySegment target, Deadline deadline) throws IOException {
      return stream.read(target.asSlice(0, Math.min(1, target.byteSize())), deadline);
    }

    @Override
    public void write(MemorySegment source, Deadline deadline) throws IOException {
      for (long at = 0; at < source.byteSize(); at++) {
        stream.write(source.asSlice(at, 1), deadline);
      }
    }

    @Override
    public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
      return stream.writeSome(source.asSlice(0, Math.min(1, source.byteSize())), deadline);
    }

    @Override
    public void shutdownOutput(Deadline deadline) throws IOException {
      ((DuplexStream) stream).shutdownOutput(deadline);
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
