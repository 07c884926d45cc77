// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.Poll;
import dev.weft.io.SegmentList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Unix sockets have in common with others: options, gathered writes, and tries. */
class UnixOptionTest {
  @TempDir Path folder;

  private interface Connected {
    void run(UnixSocket left, UnixSocket right, Arena arena) throws Exception;
  }

  private void connected(Connected test) throws Exception {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
    Reactors.run(
        () -> {
          try (UnixListener listener = UnixListener.bind(address);
              UnixSocket left = UnixSocket.connect(address);
              UnixSocket right = listener.accept();
              Arena arena = Arena.ofConfined()) {
            test.run(left, right, arena);
          }
        });
  }

  @Test
  void optionsAreReadAndChanged() throws Exception {
    connected(
        (left, right, arena) -> {
          int before = right.getOption(SocketOption.SEND_BUFFER);
          left.setOption(SocketOption.SEND_BUFFER, 10_000);
          assertEquals(20_000, left.getOption(SocketOption.SEND_BUFFER));
          assertEquals(before, right.getOption(SocketOption.SEND_BUFFER));
          assertTrue(left.isOpen());
        });
  }

  @Test
  void whatCanBeDoneNowIsDoneAndSegmentsArriveInOrder() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(10);
          assertEquals(0, right.tryRead(bytes));
          assertThrows(DeadlineExceededException.class, () -> right.read(bytes, Deadline.NOW));
          left.write(SegmentList.of(arena.allocateFrom("ab"), arena.allocateFrom("cd")));
          Poll.readable(right, Deadline.NEVER);
          assertEquals(6, right.tryRead(bytes));
          assertEquals("cd", bytes.getString(3));
          assertEquals(3, right.tryWrite(arena.allocateFrom("ef")));
          assertEquals(3, left.read(bytes));
          assertEquals("ef", bytes.getString(0));
        });
  }
}
