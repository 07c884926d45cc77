// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.os.Libc;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopListener;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpliceTest {
  @TempDir Path folder;

  private Path random(int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return Files.write(folder.resolve("source"), bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4095, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 5_000_000})
  void aFileIsCopiedToAFile(int length) throws Exception {
    Path source = random(length);
    Path target = folder.resolve("target");

    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = File.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertEquals(length, Splice.copy(in, out));
          }
        });

    assertEquals(-1, Files.mismatch(source, target));
  }

  @Test
  void whereTheBackendCanNotSpliceTheBytesGoThroughMemory() throws Exception {
    Path source = random(1_000_000);
    Path target = folder.resolve("target");
    Set<Opcode> used = EnumSet.noneOf(Opcode.class);

    Reactors.run(
        () -> {
          EventLoop loop = EventLoop.require("test");
          loop.backend().disable(Capability.SPLICE);
          loop.observe(
              new LoopListener() {
                @Override
                public void submitted(Op op) {
                  used.add(op.opcode());
                }
              });
          try (File in = File.open(source);
              File out = File.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertEquals(1_000_000, Splice.copy(in, out));
          }
        });

    assertEquals(EnumSet.of(Opcode.OPEN, Opcode.READ, Opcode.WRITE, Opcode.CLOSE), used);
    assertEquals(-1, Files.mismatch(source, target));
  }

  @Test
  void aFileIsAppended() throws Exception {
    Path source = random(200_000);
    Path target = Files.writeString(folder.resolve("target"), "x");

    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = File.open(target, StandardOpenOption.APPEND)) {
            assertEquals(200_000, Splice.copy(in, out));
          }
        });

    byte[] appended = Files.readAllBytes(target);
    assertEquals(200_001, appended.length);
    assertArrayEquals(
        Files.readAllBytes(source), java.util.Arrays.copyOfRange(appended, 1, appended.length));
  }

  @Test
  void aPipeIsCopiedWhileItIsBeingWritten() throws Exception {
    int length = 3_000_000;
    Path source = random(length);
    Path target = folder.resolve("target");

    Reactors.run(
        () -> {
          Pipe pipe = Pipe.open();
          Fiber writer =
              Fiber.start(
                  () -> {
                    try (File in = File.open(source);
                        ByteSink sink = pipe.sink()) {
                      Splice.copy(in, sink);
                    }
                  });
          try (File out = File.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertEquals(length, Splice.copy(pipe.source(), out));
          }
          writer.join();
          pipe.close();
        });

    assertEquals(-1, Files.mismatch(source, target));
  }

  @Test
  void noMoreThanTheLimitIsTakenFromTheSource() throws Exception {
    Path source = random(100_000);
    Path target = folder.resolve("target");

    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = File.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertEquals(70_000, Splice.copy(in, out, 70_000));
            assertEquals(0, Splice.copy(in, out, 0));
            assertEquals(30_000, Splice.copy(in, out));
          }
        });

    assertEquals(-1, Files.mismatch(source, target));
  }

  @Test
  void aNegativeLimitIsRefused() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            assertThrows(
                IllegalArgumentException.class, () -> Splice.copy(pipe.source(), pipe.sink(), -1));
          }
        });
  }

  @Test
  void aStreamMustBeOpenEvenIfNothingIsCopied() throws Exception {
    Reactors.run(
        () -> {
          Pipe closed = Pipe.open();
          closed.close();
          try (Pipe pipe = Pipe.open()) {
            assertThrows(
                ClosedChannelException.class, () -> Splice.copy(closed.source(), pipe.sink(), 0));
            assertThrows(
                ClosedChannelException.class, () -> Splice.copy(pipe.source(), closed.sink(), 0));
          }
        });
  }

  @Test
  void filesThatCantBeSplicedAreReadAndWritten() throws Exception {
    Path target = folder.resolve("target");

    Reactors.run(
        () -> {
          try (File in = File.open(Path.of("/proc/self/status"));
              File out = File.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertTrue(Splice.copy(in, out) > 0);
          }
        });

    assertTrue(Files.readString(target).startsWith("Name:"));
  }

  @Test
  void anyByteSourceAndByteSinkCanBeCopied() throws Exception {
    Path target = folder.resolve("target");
    ByteSource letters =
        new ByteSource() {
          private int left = 1000;

          @Override
          public int read(MemorySegment segment, Deadline deadline) {
            if (left == 0) {
              return -1;
            }
            int count = (int) Math.min(left, Math.min(segment.byteSize(), 7));
            segment.asSlice(0, count).fill((byte) 'a');
            left -= count;
            return count;
          }

          @Override
          public void close() {}
        };

    Reactors.run(
        () -> {
          try (File out = File.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertEquals(1000, Splice.copy(letters, out));
          }
        });

    assertEquals("a".repeat(1000), Files.readString(target));
  }

  @Test
  void theExceptionNamesTheSideThatFailed() throws Exception {
    Path source = random(100);

    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File full = File.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
            Splice.SinkException e =
                assertThrows(Splice.SinkException.class, () -> Splice.copy(in, full));
            assertEquals(Errno.ENOSPC, ((ErrnoException) e.failure()).errno());
          }
          try (File directory = File.open(folder);
              File out = File.open(Path.of("/dev/null"), StandardOpenOption.WRITE)) {
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> Splice.copy(directory, out));
            assertEquals(Errno.EISDIR, e.errno());
          }
          try (File in = File.open(Path.of("/dev/zero"));
              Pipe pipe = Pipe.open()) {
            pipe.source().close();
            Splice.SinkException e =
                assertThrows(Splice.SinkException.class, () -> Splice.copy(in, pipe.sink()));
            assertEquals(Errno.EPIPE, ((ErrnoException) e.failure()).errno());
          }
        });
  }

  @Test
  void aPipeGivesWhatItGotAndEndsWithItsSink() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open(1 << 20);
              Arena arena = Arena.ofConfined()) {
            if (Reactor.current().backend() == BackendKind.IO_URING) {
              assertTrue(pipe.capacityBytes() >= 65_536);
            } else {
              assertThrows(UnsupportedOperationException.class, pipe::capacityBytes);
            }
            MemorySegment source = arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[] {1, 2});
            pipe.sink().write(source);
            MemorySegment target = arena.allocate(2);
            pipe.source().readFully(target);
            assertEquals(-1, source.mismatch(target));
            pipe.sink().close();
            assertEquals(-1, pipe.source().read(target));
          }
        });
  }

  @Test
  void aNegativeCapacityIsRefused() throws Exception {
    Reactors.run(() -> assertThrows(IllegalArgumentException.class, () -> Pipe.open(-1)));
  }

  @Test
  void spliceWaitsForANonBlockingDescriptor() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            makeNonBlocking(pipe);
            Fiber reader =
                Fiber.start(
                    () -> {
                      try (Arena mine = Arena.ofConfined()) {
                        MemorySegment all = mine.allocate(1 << 20);
                        pipe.source().readFully(all);
                        assertEquals(9, all.get(ValueLayout.JAVA_BYTE, (1 << 20) - 1));
                      }
                    });
            Fiber.yield();
            MemorySegment source = arena.allocate(1 << 20).fill((byte) 9);
            pipe.sink().write(source); // more than the pipe can hold
            reader.join();
          }
        });
  }

  private static void makeNonBlocking(Pipe pipe) {
    for (Object end : new Object[] {pipe.source(), pipe.sink()}) {
      int descriptor = dev.weft.internal.io.Endpoint.IN.of(end).handle().number();
      int flags = Libc.fcntl(descriptor, weft_h.F_GETFL(), 0);
      assertEquals(0, Libc.fcntl(descriptor, weft_h.F_SETFL(), flags | weft_h.O_NONBLOCK()));
    }
  }
}
