// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.receive;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.error.ErrnoException;
import dev.weft.framing.Peers.OneByteStream;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SuffixStreamTest extends FramingTest {
  @Override
  MessageStream attach(ByteStream stream, FramingOptions options) {
    return SuffixStream.attachLines(stream, options);
  }

  @Override
  ByteStream detach(MessageStream stream) throws IOException {
    return ((SuffixStream) stream).detach();
  }

  @Override
  String framed(String message) {
    return message + "\r\n";
  }

  private static SuffixStream attach(ByteStream stream, String suffix) {
    return SuffixStream.attach(stream, suffix.getBytes(ISO_8859_1));
  }

  @Test
  void aSuffixMayHaveTenBytes() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left, "1234567890");
          MessageStream server = attach(right, "1234567890");

          client.send(bytes("123456789"));
          client.send(bytes("skipped"));
          client.send(bytes("last"));
          assertEquals("123456789", receive(server));
          assertEquals(7, server.receive(new SegmentList().skip(Long.MAX_VALUE)));
          assertEquals("last", receive(server));
        });
  }

  @Test
  void aPartOfTheSuffixBelongsToTheMessage() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = SuffixStream.attachLines(right);
          left.write(bytes("a\rb\nc\r\r\n\n\r\n"));

          assertEquals("a\rb\nc\r", receive(server));
          assertEquals("\n", receive(server));
        });
  }

  /** Whatever a message of two letters is: it is refused, or it arrives as it is. */
  @ParameterizedTest
  @ValueSource(strings = {"a", "aa", "ab", "aab", "abaab", "abab", "abacabab"})
  void everyMessageIsRefusedOrArrivesAsItIs(String suffix) throws Exception {
    Random random = new Random(suffix.hashCode());
    int[] refused = new int[1];
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left, suffix);
          MessageStream server = attach(new OneByteStream(right), suffix);
          for (int i = 0; i < 300; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(9); text.length() < length; ) {
              text.append((char) ('a' + random.nextInt(3)));
            }
            String message = text.toString();
            int cut = random.nextInt(message.length() + 1);
            SegmentList parts =
                SegmentList.of(bytes(message.substring(0, cut)), bytes(message.substring(cut)));
            boolean fits = (message + suffix).indexOf(suffix) == message.length();
            if (fits) {
              client.send(parts);
              assertEquals(message, receive(server));
            } else {
              assertThrows(IllegalArgumentException.class, () -> client.send(parts));
              refused[0]++;
            }
          }
        });
    assertTrue(refused[0] > 0, "no message had the suffix in it");
  }

  @Test
  void aRefusedMessageIsNamedWithThePlaceOfTheTerminator() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = SuffixStream.attachLines(left);
          IllegalArgumentException refusal =
              assertThrows(
                  IllegalArgumentException.class, () -> client.send(bytes("two\r\nlines")));
          assertEquals(
              "the receiver would find the terminator 0d0a at byte 3 of the message",
              refusal.getMessage());
        });
  }

  /** A peer that never ends its line is refused once it exceeds the limit. */
  @Test
  void aMessageWithoutAnEndIsRefusedAtTheLimit() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server =
              SuffixStream.attachLines(
                  right, FramingOptions.defaults().withBufferBytes(64).withMaxMessageBytes(1000));
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> left.write(bytes("x".repeat(1001))));
            SegmentList all = new SegmentList().skip(Long.MAX_VALUE);
            assertThrows(ErrnoException.class, () -> server.receive(all));
            bundle.await();
          }
        });
  }

  @Test
  void aSuffixHasOneToThirtyTwoBytes() throws Exception {
    Peers.run(
        (left, right) -> {
          assertThrows(IllegalArgumentException.class, () -> attach(left, ""));
          assertThrows(IllegalArgumentException.class, () -> attach(left, "x".repeat(33)));

          MessageStream client = attach(left, "x".repeat(32));
          client.send(bytes("message"));
          assertEquals("message" + "x".repeat(32), Peers.read(right, 39));
        });
  }
}
