// SPDX-License-Identifier: Apache-2.0
package dev.weft.text;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.assertErrno;
import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.room;
import static dev.weft.framing.Peers.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.framing.Peers;
import dev.weft.internal.io.BufferPool;
import dev.weft.io.ByteSource;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteReaderTest {
  /** Gives a text in pieces of a length. */
  private static final class Pieces implements ByteSource {
    private final byte[] content;
    private final int piece;
    private int at;
    private boolean isClosed;

    Pieces(String content, int piece) {
      this.content = content.getBytes(UTF_8);
      this.piece = piece;
    }

    @Override
    public int read(MemorySegment target, Deadline deadline) {
      if (at == content.length) {
        return -1;
      }
      int count = (int) Math.min(Math.min(piece, content.length - at), target.byteSize());
      MemorySegment.copy(content, at, target, ValueLayout.JAVA_BYTE, 0, count);
      at += count;
      return count;
    }

    @Override
    public void close() {
      isClosed = true;
    }

    @Override
    public String toString() {
      return "pieces";
    }
  }

  private interface Body {
    void run(ByteReader reader) throws Exception;
  }

  private static void with(String content, int piece, Body body) throws Exception {
    Reactors.run(
        () -> {
          try (ByteReader reader = new ByteReader(new Pieces(content, piece), 16)) {
            body.run(reader);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 16, 1000})
  void linesEndWithLfOrCrLfOrTheStream(int piece) throws Exception {
    String longLine = "x".repeat(100);
    with(
        "one\ntwo\r\n\r\n\n" + longLine + "\r\nwith\rreturn\n\u00e4\u20ac\nlast\r",
        piece,
        reader -> {
          assertEquals("one", reader.readLine(3));
          assertEquals("two", reader.readLine(3));
          assertEquals("", reader.readLine(0));
          assertEquals("", reader.readLine(0));
          assertEquals(longLine, reader.readLine(100));
          assertEquals("with\rreturn", reader.readLine(20));
          assertEquals("\u00e4\u20ac", reader.readLine(5));
          assertEquals("last\r", reader.readLine(5));
          assertNull(reader.readLine(5));
          assertNull(reader.readLine(5));
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000})
  void aLineThatIsTooLongTakesNothing(int piece) throws Exception {
    with(
        "123456\r\n" + "y".repeat(70) + "\nrest",
        piece,
        reader -> {
          ErrnoException failure = assertThrows(ErrnoException.class, () -> reader.readLine(5));
          assertErrno(Errno.EMSGSIZE, failure);
          assertEquals("123456", reader.readLine(6));
          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> reader.readLine(69)));
          assertEquals("y".repeat(70), reader.readLine(70));
          assertErrno(Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> reader.readLine(3)));
          assertEquals("rest", reader.readLine(4));
        });
  }

  @Test
  void bytesComeUpToADelimiter() throws Exception {
    with(
        "a,bc,,d",
        3,
        reader -> {
          assertEquals("a", until(reader));
          assertEquals("bc", until(reader));
          assertEquals("", until(reader));
          assertEquals("d", until(reader));
          assertNull(reader.readUntil((byte) ',', 10));
        });
  }

  private static String until(ByteReader reader) throws IOException {
    byte[] found = reader.readUntil((byte) ',', 10);
    return found == null ? "end" : new String(found, UTF_8);
  }

  @Test
  void bytesArePeekedAtAndRead() throws Exception {
    with(
        "\u00ffab",
        1,
        reader -> {
          assertEquals(0xc3, reader.peek());
          assertEquals(0xc3, reader.read());
          assertEquals(0xbf, reader.read());
          byte[] two = new byte[4];
          assertEquals(1, reader.read(two, 1, 2, Deadline.NEVER));
          assertArrayEquals(new byte[] {0, 'a', 0, 0}, two);
          assertEquals(0, reader.read(new byte[0]));
          assertEquals(1, reader.read(two));
          assertEquals(-1, reader.peek());
          assertEquals(-1, reader.read());
          assertEquals(-1, reader.read(two));
        });
  }

  @Test
  void aReaderHoldsABufferOnlyWhileThereAreUnreadBytes() throws Exception {
    with(
        "x".repeat(40) + "\ny",
        100,
        reader -> {
          assertEquals('x', reader.peek());
          assertEquals(1, BufferPool.of("a test", 16).taken());
          assertEquals("x".repeat(40), reader.readLine(40));
          assertEquals("y", reader.readLine(40));
          for (int bytes = 16; bytes <= 64; bytes *= 2) {
            assertEquals(0, BufferPool.of("a test", bytes).taken(), bytes + " bytes");
          }
        });
  }

  @Test
  void aNumberOfBytesOrAllAreRead() throws Exception {
    with(
        "0123456789".repeat(10),
        7,
        reader -> {
          assertEquals("0123456789".repeat(5), new String(reader.readBytes(50), UTF_8));
          assertEquals(0, reader.readBytes(0).length);
          assertErrno(Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> reader.readAll(49)));
          assertEquals("0123456789".repeat(5), new String(reader.readAll(50), UTF_8));
          assertEquals(0, reader.readAll(0).length);
          EOFException end = assertThrows(EOFException.class, () -> reader.readBytes(1));
          assertEquals("the stream ended after 0 of 1 bytes", end.getMessage());
        });
  }

  @Test
  void itIsAStreamOfBytesItself() throws Exception {
    with(
        "head\nbody",
        100,
        reader -> {
          assertEquals("head", reader.readLine(10));
          assertEquals(4, reader.buffered());
          MemorySegment body = room(4);
          reader.readFully(body);
          assertEquals("body", text(body));
          assertEquals(-1, reader.read(body));
        });
  }

  @Test
  void aDeadlineInALineLosesNothing() throws Exception {
    Peers.run(
        (left, right) -> {
          ByteReader reader = new ByteReader(right);
          left.write(bytes("half "));
          assertEquals('h', reader.peek());
          assertThrows(DeadlineExceededException.class, () -> reader.readLine(100, Deadline.NOW));
          left.write(bytes("whole\n"));
          assertEquals("half whole", reader.readLine(100));
        });
  }

  @Test
  void closingClosesTheSource() throws Exception {
    Reactors.run(
        () -> {
          Pieces source = new Pieces("abc", 3);
          ByteReader reader = new ByteReader(source);
          assertEquals('a', reader.peek());
          reader.close();
          reader.close();

          assertEquals(true, source.isClosed);
          assertThrows(ClosedChannelException.class, reader::read);
          assertThrows(ClosedChannelException.class, () -> reader.readLine(1));
        });
  }

  @Test
  void badArgumentsAreRefused() throws Exception {
    with(
        "",
        1,
        reader -> {
          assertThrows(IllegalArgumentException.class, () -> reader.readLine(-1));
          assertThrows(IllegalArgumentException.class, () -> reader.readBytes(-1));
          assertThrows(
              IndexOutOfBoundsException.class,
              () -> reader.read(new byte[2], 1, 2, Deadline.NEVER));
          assertThrows(IllegalArgumentException.class, () -> new ByteReader(new Pieces("", 1), 15));
        });
    assertThrows(WrongThreadException.class, () -> new ByteReader(new Pieces("", 1)));
  }
}
