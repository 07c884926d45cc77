// SPDX-License-Identifier: Apache-2.0
package dev.weft.text;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.bytes;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.framing.Peers;
import dev.weft.internal.io.BufferPool;
import dev.weft.io.ByteSink;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ByteWriterTest {
  /** Keeps what it gets, at most three bytes a call; it can be stuck, or broken. */
  private static final class Kept implements ByteSink {
    private final List<String> calls = new ArrayList<>();
    private boolean isStuck;
    private boolean isBroken;
    private boolean isClosed;

    @Override
    public void write(MemorySegment source, Deadline deadline) {
      calls.add(new String(source.toArray(ValueLayout.JAVA_BYTE), ISO_8859_1));
    }

    @Override
    public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
      if (isStuck) {
        throw new DeadlineExceededException("stuck");
      }
      if (isBroken) {
        throw new IOException("broken");
      }
      MemorySegment some = source.asSlice(0, Math.min(3, source.byteSize()));
      calls.add(new String(some.toArray(ValueLayout.JAVA_BYTE), ISO_8859_1));
      return (int) some.byteSize();
    }

    @Override
    public void close() {
      isClosed = true;
    }

    String content() {
      return new String(String.join("", calls).getBytes(ISO_8859_1), UTF_8);
    }
  }

  @Test
  void whatIsWrittenGoesOutWhenTheBufferIsFullAndByAFlush() throws Exception {
    Reactors.run(
        () -> {
          Kept sink = new Kept();
          ByteWriter writer = new ByteWriter(sink, 16);

          writer.print("0123456789");
          writer.write('a');
          writer.write("bcdef".getBytes(UTF_8));
          assertEquals(List.of(), sink.calls);
          writer.write('g');
          assertEquals("0123456789abcdef", sink.content());
          assertEquals(1, writer.buffered());
          assertEquals(1, BufferPool.of("a test", 16).taken());
          writer.flush();
          assertEquals("0123456789abcdefg", sink.content());
          assertEquals(0, writer.buffered());
          assertEquals(0, BufferPool.of("a test", 16).taken());
          writer.close();
        });
  }

  @Test
  void valuesOfAllTypesAreWrittenInOrder() throws Exception {
    Reactors.run(
        () -> {
          Kept sink = new Kept();
          try (ByteWriter writer = new ByteWriter(sink, 16)) {
            writer.println("\u00e4\u20ac");
            writer.printf("%05d|%.1f|%s%n", 42, 1.5, "x".repeat(20));
            ByteBuffer buffer = ByteBuffer.wrap("[buffer]".getBytes(UTF_8)).position(1).limit(7);
            writer.write(buffer);
            assertEquals(7, buffer.position());
            writer.write(bytes("-short-"));
            writer.write(bytes("-a segment as long as the buffer or longer-"));
            writer.write("0123456789".getBytes(UTF_8), 3, 4, Deadline.NEVER);
            assertEquals(2, writer.writeSome(bytes("so")));
          }
          assertEquals(
              "\u00e4\u20ac\n00042|1.5|"
                  + "x".repeat(20)
                  + "\nbuffer-short--a segment as long as the buffer or longer-3456so",
              sink.content());
        });
  }

  @Test
  void aSegmentAsLargeAsTheBufferIsNotCopied() throws Exception {
    Reactors.run(
        () -> {
          Kept sink = new Kept();
          ByteWriter writer = new ByteWriter(sink, 16);
          writer.print("ab");
          writer.write(bytes("0123456789abcdef"));

          assertEquals(List.of("ab", "0123456789abcdef"), sink.calls);
        });
  }

  @Test
  void aDeadlineLosesNothingThatWasTaken() throws Exception {
    Reactors.run(
        () -> {
          Kept sink = new Kept();
          ByteWriter writer = new ByteWriter(sink, 16);
          writer.print("0123456789abcdef");
          sink.isStuck = true;
          assertThrows(DeadlineExceededException.class, () -> writer.flush(Deadline.NOW));
          assertThrows(DeadlineExceededException.class, () -> writer.write('!', Deadline.NOW));
          sink.isStuck = false;
          writer.print("g");
          writer.flush();

          assertEquals("0123456789abcdefg", sink.content());
        });
  }

  @Test
  void closingWritesTheRestAndClosesTheSinkWhateverHappens() throws Exception {
    Reactors.run(
        () -> {
          Kept good = new Kept();
          ByteWriter writer = new ByteWriter(good);
          writer.print("rest");
          writer.close();
          writer.close();
          assertEquals("rest", good.content());
          assertEquals(true, good.isClosed);
          assertThrows(ClosedChannelException.class, () -> writer.print("x"));

          Kept broken = new Kept();
          ByteWriter failing = new ByteWriter(broken);
          failing.print("rest");
          broken.isBroken = true;
          assertEquals("broken", assertThrows(IOException.class, failing::close).getMessage());
          assertEquals(true, broken.isClosed);
        });
  }

  @Test
  void linesGoThroughAConnection() throws Exception {
    Peers.run(
        (left, right) -> {
          ByteWriter writer = new ByteWriter(left);
          ByteReader reader = new ByteReader(right);
          for (int i = 0; i < 100; i++) {
            writer.printf("line %d\r\n", i);
          }
          writer.flush();
          left.shutdownOutput();
          for (int i = 0; i < 100; i++) {
            assertEquals("line " + i, reader.readLine(20));
          }
          assertEquals(-1, reader.read());
        });
  }

  @Test
  void badArgumentsAreRefused() throws Exception {
    Reactors.run(
        () -> {
          ByteWriter writer = new ByteWriter(new Kept());
          assertThrows(
              IndexOutOfBoundsException.class,
              () -> writer.write(new byte[2], 1, 2, Deadline.NEVER));
          assertThrows(IllegalArgumentException.class, () -> new ByteWriter(new Kept(), 15));
        });
    assertThrows(WrongThreadException.class, () -> new ByteWriter(new Kept()));
  }
}
