// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Reactors;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a socket is given to send a message. */
class GatheredMessageTest {
  /** More than a message stream's buffer may have, and less than what sockets send by a call. */
  private static final int BODY = 12_000;

  /** Notes the operations that send. */
  private static final class Sends implements Backend.Observer {
    final List<Opcode> opcodes = new ArrayList<>();

    @Override
    public void submitted(Op op) {
      if (op.opcode() == Opcode.SEND || op.opcode() == Opcode.SEND_GATHERED) {
        opcodes.add(op.opcode());
      }
    }

    @Override
    public void completed(Op op) {}
  }

  private interface Framing {
    MessageStream attach(ByteStream stream);
  }

  /** Sends a message through a connection; returns the operations, and checks what arrives. */
  private static List<Opcode> sends(Framing framing, int... sizes) throws Exception {
    Sends sends = new Sends();
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any);
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept();
              Bundle bundle = Bundle.open()) {
            Arena arena = Arena.ofAuto(); // both fibers use it
            SegmentList message = new SegmentList();
            byte value = 1;
            for (int size : sizes) {
              message.add(arena.allocate(size).fill(value++));
            }
            MessageStream receiving = framing.attach(server);
            MemorySegment target = arena.allocate(message.byteSize());
            Backend backend = EventLoop.require("test").backend();
            backend.observe(sends);
            MessageStream sending = framing.attach(client);
            bundle.go(() -> sending.send(message));
            assertEquals(message.byteSize(), receiving.receive(target));
            backend.observe(null);
            bundle.await();
            int at = 0;
            for (int i = 0; i < sizes.length; at += sizes[i++]) {
              assertEquals(i + 1, target.get(ValueLayout.JAVA_BYTE, at));
              assertEquals(i + 1, target.get(ValueLayout.JAVA_BYTE, at + sizes[i] - 1));
            }
          }
        });
    return sends.opcodes;
  }

  private static MessageStream prefixed(ByteStream stream) {
    return PrefixStream.attach(stream, 4, ByteOrder.BIG_ENDIAN);
  }

  @Test
  void aPrefixGoesWithALargeBodyThatIsNotCopied() throws Exception {
    assertEquals(List.of(Opcode.SEND_GATHERED), sends(GatheredMessageTest::prefixed, BODY));
  }

  @Test
  void smallAndLargePiecesGoTogetherInTheirOrder() throws Exception {
    assertEquals(
        List.of(Opcode.SEND_GATHERED),
        sends(GatheredMessageTest::prefixed, 10, 4096, 20, 30, 5000, 40));
  }

  @Test
  void aTerminatorGoesWithALargeBody() throws Exception {
    assertEquals(
        List.of(Opcode.SEND_GATHERED),
        sends(stream -> SuffixStream.attach(stream, new byte[] {0, 0}), BODY));
  }

  @Test
  void aSmallMessageIsCopiedToItsPrefix() throws Exception {
    assertEquals(List.of(Opcode.SEND), sends(GatheredMessageTest::prefixed, 100, 200));
  }
}
