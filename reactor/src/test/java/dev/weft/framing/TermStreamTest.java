// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.assertErrno;
import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.receive;
import static dev.weft.framing.Peers.room;
import static dev.weft.framing.Peers.text;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TermStreamTest {
  private static TermStream attach(MessageStream stream, String terminal) {
    return TermStream.attach(stream, terminal.getBytes(ISO_8859_1));
  }

  private interface Body {
    void run(TermStream client, TermStream server) throws Exception;
  }

  private static void run(String terminal, Body body) throws Exception {
    Peers.run(
        (left, right) ->
            body.run(
                attach(SuffixStream.attachLines(left), terminal),
                attach(SuffixStream.attachLines(right), terminal)));
  }

  /** libdill term: data both ways, the end of each direction, and both detach. */
  @Test
  void eachDirectionEndsWithTheTerminalMessage() throws Exception {
    Peers.run(
        (left, right) -> {
          SuffixStream below = SuffixStream.attachLines(left);
          TermStream client = attach(below, "STOP");
          TermStream server = attach(SuffixStream.attachLines(right), "STOP");

          client.send(bytes("ABC"));
          client.send(bytes("DEF"));
          client.done();
          assertEquals("ABC", receive(server));
          assertEquals("DEF", receive(server));
          assertEquals("end", receive(server));
          assertEquals("end", receive(server));

          server.send(bytes("GHI"));
          assertEquals("GHI", receive(client));
          server.done();
          assertEquals("end", receive(client));

          assertSame(below, client.detach());
          MessageStream line = server.detach();
          line.send(bytes("STOP"));
          assertEquals("STOP", receive(below));
        });
  }

  @Test
  void detachingSkipsWhatThePeerStillSends() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<MessageStream> detaching = bundle.go(() -> client.detach());
            server.send(bytes("STOPPED"));
            server.send(bytes(""));
            server.send(bytes("x".repeat(9000)));
            assertEquals("end", receive(server));
            server.detach().send(bytes("next"));
            assertEquals("next", receive(detaching.join()));
          }
        });
  }

  @Test
  void nothingIsSentAfterTheEnd() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          client.done();
          assertErrno(
              Errno.EPIPE, assertThrows(ErrnoException.class, () -> client.send(bytes("x"))));
          assertErrno(Errno.EPIPE, assertThrows(ErrnoException.class, () -> client.done()));
          server.send(bytes("y"));
          assertEquals("y", receive(client));
        });
  }

  @Test
  void theTerminalMessageCanBeEmpty() throws Exception {
    run(
        "",
        (client, server) -> {
          client.send(bytes("x"));
          assertThrows(IllegalArgumentException.class, () -> client.send(bytes("")));
          assertThrows(IllegalArgumentException.class, () -> client.send(new SegmentList()));
          client.done();

          assertEquals(1, server.receive(new SegmentList().skip(1)));
          assertEquals("end", receive(server));
        });
  }

  @Test
  void theTerminalMessageIsNotSentAsAnotherOne() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          assertThrows(IllegalArgumentException.class, () -> client.send(bytes("STOP")));
          SegmentList parts = SegmentList.of(bytes("ST"), bytes("OP"));
          assertThrows(IllegalArgumentException.class, () -> client.send(parts));
          client.send(bytes("STOp"));
          assertEquals("STOp", receive(server));
        });
  }

  /** Memory that is smaller than the terminal message, or skipped, does not hide it. */
  @Test
  void theEndIsFoundWhateverTheTargetIs() throws Exception {
    for (SegmentList target :
        new SegmentList[] {
          new SegmentList(),
          SegmentList.of(room(1)),
          new SegmentList().skip(2).add(room(2)),
          new SegmentList().skip(100)
        }) {
      run(
          "STOP",
          (client, server) -> {
            client.done();
            assertEquals(-1, server.receive(target));
          });
    }
    run(
        "STOP",
        (client, server) -> {
          client.done();
          assertEquals(-1, server.receive(room(3)));
        });
  }

  @Test
  void messagesAreScatteredAroundTheSkippedPlaces() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          client.send(SegmentList.of(bytes("ab"), bytes("cdefg"), bytes("h")));
          client.send(bytes("i"));
          MemorySegment first = room(1);
          MemorySegment second = room(4);
          SegmentList target = SegmentList.of(first).skip(2).add(second).skip(100);

          assertEquals(8, server.receive(target));
          assertEquals("a", text(first));
          assertEquals("defg", text(second));
          assertEquals(1, server.receive(target));
          assertEquals("i", text(first));
        });
  }

  @Test
  void aMessageThatDoesNotFitFails() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          client.send(bytes("abc"));
          client.send(bytes("abcdef"));
          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> server.receive(room(2))));
          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> server.receive(room(5))));
          assertErrno(
              Errno.ECONNRESET, assertThrows(ErrnoException.class, () -> server.receive(room(9))));
          assertErrno(Errno.ECONNRESET, assertThrows(ErrnoException.class, () -> server.detach()));
        });
  }

  @Test
  void anEndWithoutATerminalMessageIsAFailure() throws Exception {
    Peers.run(
        (left, right) -> {
          TermStream server = attach(SuffixStream.attachLines(right), "STOP");
          left.write(bytes("message\r\n"));
          left.shutdownOutput();

          assertEquals("message", receive(server));
          assertThrows(EOFException.class, () -> receive(server));
          assertThrows(EOFException.class, () -> receive(server));
          assertThrows(EOFException.class, () -> server.detach());
        });
  }

  @Test
  void aPeerThatDoesNotEndCanBeWaitedForUntilADeadline() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          client.done();
          Deadline soon = Deadline.after(Duration.ofMillis(1));
          assertThrows(DeadlineExceededException.class, () -> client.detach(soon));
          client.close();
          assertThrows(ClosedChannelException.class, () -> client.detach());
          assertEquals("end", receive(server));
        });
  }

  @Test
  void oneFiberAtATimeMayReceiveOrDetach() throws Exception {
    run(
        "STOP",
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<String> receiver = bundle.go(() -> receive(server));
            Fiber.yield();
            assertThrows(IllegalStateException.class, () -> receive(server));
            assertThrows(IllegalStateException.class, () -> server.detach());
            client.send(bytes("x"));
            assertEquals("x", receiver.join());
          }
        });
  }

  @Test
  void aTerminalMessageHasAtMostThirtyTwoBytes() throws Exception {
    Peers.run(
        (left, right) -> {
          SuffixStream below = SuffixStream.attachLines(left);
          assertThrows(IllegalArgumentException.class, () -> attach(below, "x".repeat(33)));
          attach(below, "x".repeat(32)).done();
          assertEquals("x".repeat(32), receive(SuffixStream.attachLines(right)));
        });
  }
}
