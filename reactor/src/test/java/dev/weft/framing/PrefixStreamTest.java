// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.assertErrno;
import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.receive;
import static dev.weft.framing.Peers.room;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class PrefixStreamTest extends FramingTest {
  @Override
  MessageStream attach(ByteStream stream, FramingOptions options) {
    return PrefixStream.attach(stream, 8, ByteOrder.BIG_ENDIAN, options);
  }

  @Override
  ByteStream detach(MessageStream stream) throws IOException {
    return ((PrefixStream) stream).detach();
  }

  @Override
  String framed(String message) {
    int length = message.length();
    return "\0\0\0\0\0\0" + (char) (length >> 8) + (char) (length & 0xff) + message;
  }

  @Test
  void aHeaderMayHaveThreeBytesTheLowestFirst() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = PrefixStream.attach(left, 3, ByteOrder.LITTLE_ENDIAN);
          client.send(room(0x10203));

          assertEquals("\3\2\1", Peers.read(right, 3));
        });
  }

  @Test
  void theLengthOfAMessageFitsIntoItsHeader() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = PrefixStream.attach(left, 1, ByteOrder.BIG_ENDIAN);
          MessageStream server = PrefixStream.attach(right, 1, ByteOrder.BIG_ENDIAN);

          client.send(room(255));
          assertEquals(255, server.receive(room(255)));
          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> client.send(room(256))));
        });
  }

  @Test
  void aLengthThatNoMemoryHasIsRefused() throws Exception {
    for (String header :
        new String[] {"\377".repeat(8), "\177" + "\377".repeat(7), "\0\0\0\1\0\0\0\0"}) {
      Peers.run(
          (left, right) -> {
            MessageStream server = attach(right, FramingOptions.defaults());
            left.write(bytes(header + "bytes"));

            assertErrno(Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> receive(server)));
          });
    }
  }

  @Test
  void aHeaderHasOneToEightBytes() throws Exception {
    Peers.run(
        (left, right) -> {
          for (int headerBytes : new int[] {-1, 0, 9}) {
            assertThrows(
                IllegalArgumentException.class,
                () -> PrefixStream.attach(left, headerBytes, ByteOrder.BIG_ENDIAN));
          }
          left.write(bytes("still open"));
        });
  }

  @Test
  void optionsAreChecked() {
    FramingOptions options = FramingOptions.defaults();
    assertThrowsExactly(IllegalArgumentException.class, () -> options.withMaxMessageBytes(-1));
    assertThrowsExactly(IllegalArgumentException.class, () -> options.withBufferBytes(63));
  }

  /**
   * The bytes of a large message go from the connection to the target without a copy in between.
   */
  @Test
  void aLargeMessageIsReceivedWhole() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left, FramingOptions.defaults());
          MessageStream server = attach(right, FramingOptions.defaults());
          MemorySegment large = bytes("0123456789".repeat(10_000));
          MemorySegment target = room(100_000);

          client.send(large);
          assertEquals(100_000, server.receive(target));
          assertEquals(-1, large.mismatch(target));
        });
  }
}
