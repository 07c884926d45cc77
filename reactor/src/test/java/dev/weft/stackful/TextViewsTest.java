// SPDX-License-Identifier: Apache-2.0
package dev.weft.stackful;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.framing.Peers;
import dev.weft.text.ByteReader;
import dev.weft.text.ByteWriter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Code of the JDK that reads and writes a connection. */
@Tag("needs-stack")
class TextViewsTest {
  @Test
  void codeForStreamsUsesAConnection() throws Exception {
    Peers.run(
        (left, right) -> {
          ByteWriter writer = new ByteWriter(left);
          PrintStream out = new PrintStream(writer.asOutputStream(), false, UTF_8);
          out.println("hello");
          out.flush();
          left.shutdownOutput();
          BufferedReader in =
              new BufferedReader(
                  new InputStreamReader(new ByteReader(right).asInputStream(), UTF_8));
          assertEquals("hello", in.readLine());
          assertEquals(-1, in.read());
        });
  }

  @Test
  void codeForChannelsUsesAConnection() throws Exception {
    Peers.run(
        (left, right) -> {
          WritableByteChannel out = new ByteWriter(left).asChannel();
          ReadableByteChannel in = new ByteReader(right).asChannel();
          assertEquals(5, out.write(ByteBuffer.wrap("hello".getBytes(UTF_8))));
          ByteBuffer target = ByteBuffer.allocate(5);
          while (target.hasRemaining()) {
            in.read(target);
          }
          assertEquals("hello", new String(target.array(), UTF_8));
          assertEquals(0, in.read(target));
          out.close();
          assertFalse(out.isOpen());
          assertEquals(-1, in.read(ByteBuffer.allocate(1)));
          in.close();
          assertFalse(in.isOpen());
        });
  }
}
