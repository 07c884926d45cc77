// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopListener;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCopyTest {
  private static final Deadline PAST = Deadline.after(Duration.ofSeconds(-1));

  @TempDir Path folder;

  private Path random(String name, int length) throws Exception {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return Files.write(folder.resolve(name), bytes);
  }

  private static File create(Path path) throws Exception {
    return File.open(
        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static boolean isSelector() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  private static Set<Opcode> observed() {
    Set<Opcode> used = EnumSet.noneOf(Opcode.class);
    EventLoop.require("test")
        .observe(
            new LoopListener() {
              @Override
              public void submitted(Op op) {
                used.add(op.opcode());
              }
            });
    return used;
  }

  @Test
  void aFileIsCopiedToAFileByTheKernelAlone() throws Exception {
    Path source = random("source", 40 << 20); // more than one job copies
    Path target = folder.resolve("target");
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = create(target)) {
            Set<Opcode> used = observed();
            assertEquals(40 << 20, Splice.copy(in, out));
            if (!isSelector()) {
              assertEquals(EnumSet.of(Opcode.COPY_RANGE), used);
            }
          }
        });
    assertEquals(-1, Files.mismatch(source, target));
  }

  @Test
  void aFileOfAnotherFileSystemIsCopiedInAnotherWay() throws Exception {
    Path target = folder.resolve("target");
    Path source = Path.of("/proc/self/maps"); // has no size
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = create(target)) {
            long copied = Splice.copy(in, out);
            assertTrue(copied > 0);
            assertEquals(copied, out.stat().sizeBytes());
          }
        });
  }

  @Test
  void aPartIsCopiedToAPositionAndTheFilesStayWhereTheyAre() throws Exception {
    Path source = random("source", 100_000);
    Path target = folder.resolve("target");
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = create(target);
              Arena arena = Arena.ofShared()) {
            assertEquals(50_000, FileCopy.copy(in, 20_000, out, 10_000, 50_000));
            assertEquals(100, FileCopy.copy(in, 99_900, out, 0, 50_000), "the source ends");
            assertEquals(0, FileCopy.copy(in, 200_000, out, 0, 10));
            assertEquals(0, FileCopy.copy(in, 0, out, 0, 0));
            MemorySegment byteRead = arena.allocate(1);
            assertEquals(1, in.read(byteRead));
          }
        });
    byte[] all = Files.readAllBytes(source);
    byte[] copied = Files.readAllBytes(target);
    assertEquals(60_000, copied.length);
    assertArrayEquals(
        Arrays.copyOfRange(all, 20_000, 70_000), Arrays.copyOfRange(copied, 10_000, 60_000));
    assertArrayEquals(Arrays.copyOfRange(all, 99_900, 100_000), Arrays.copyOfRange(copied, 0, 100));
  }

  @Test
  void whatCantBeCopiedAtAPositionIsNamed() throws Exception {
    Path source = random("source", 100);
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              Pipe pipe = Pipe.open()) {
            Splice.SinkException e =
                assertThrows(Splice.SinkException.class, () -> FileCopy.copy(in, 0, in, 50, 10));
            assertEquals(Errno.EBADF, ((ErrnoException) e.failure()).errno());
            Splice.SinkException f =
                assertThrows(
                    Splice.SinkException.class, () -> FileCopy.copy(in, 0, pipe.sink(), 0, 10));
            assertEquals(Errno.ESPIPE, ((ErrnoException) f.failure()).errno());
            assertThrows(IllegalArgumentException.class, () -> FileCopy.copy(in, -1, in, 0, 10));
            assertThrows(IllegalArgumentException.class, () -> FileCopy.copy(in, 0, in, 0, -1));
            assertThrows(
                DeadlineExceededException.class, () -> FileCopy.copy(in, 0, in, 50, 10, PAST));
          }
        });
  }

  @Test
  void aSharedFileHasTheContentOfTheOtherUnlessTheFileSystemCantShare() throws Exception {
    Path source = random("source", 5000);
    Path target = random("target", 100);
    byte[] before = Files.readAllBytes(target);
    boolean[] shared = new boolean[1];
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = create(target)) {
            if (isSelector()) {
              assertThrows(UnsupportedOperationException.class, () -> FileCopy.share(in, out));
              return;
            }
            assertThrows(DeadlineExceededException.class, () -> FileCopy.share(in, out, PAST));
            try {
              FileCopy.share(in, out);
              shared[0] = true;
            } catch (ErrnoException e) {
              assertEquals(Errno.EOPNOTSUPP, e.errno());
            }
          }
        });
    assertArrayEquals(shared[0] ? Files.readAllBytes(source) : before, Files.readAllBytes(target));
  }

  // ---- one operation of splice(2) or tee(2)

  @Test
  void bytesAreMovedFromAPositionToAnother() throws Exception {
    Path source = Files.writeString(folder.resolve("source"), "abcdefgh");
    Path target = folder.resolve("target");
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              File out = create(target);
              Pipe pipe = Pipe.open()) {
            long here = Splice.CURRENT_POSITION;
            if (isSelector()) {
              assertThrows(
                  UnsupportedOperationException.class,
                  () -> Splice.moveSome(in, 2, pipe.sink(), here, 4));
              return;
            }
            assertEquals(4, Splice.moveSome(in, 2, pipe.sink(), here, 4));
            assertEquals(4, Splice.moveSome(pipe.source(), here, out, 3, 100));
            assertEquals(0, Splice.moveSome(in, 8, pipe.sink(), here, 4));
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> Splice.moveSome(in, 0, out, 0, 4));
            assertEquals(Errno.EINVAL, e.errno());
            assertThrows(IllegalArgumentException.class, () -> Splice.moveSome(in, -2, out, 0, 4));
            assertEquals("\0\0\0cdef", Files.readString(target));
            assertThrows(
                DeadlineExceededException.class,
                () -> Splice.moveSome(pipe.source(), here, out, 3, 100, PAST));
          }
        });
  }

  @Test
  void aTeeCopiesFromPipeToPipe() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe one = Pipe.open();
              Pipe two = Pipe.open();
              Arena arena = Arena.ofShared()) {
            if (isSelector()) {
              assertThrows(
                  UnsupportedOperationException.class,
                  () -> Splice.tee(one.source(), two.sink(), 10));
              return;
            }
            assertThrows(
                DeadlineExceededException.class,
                () -> Splice.tee(one.source(), two.sink(), 10, PAST));
            one.sink().write(arena.allocateFrom("text"));
            assertEquals(4, Splice.tee(one.source(), two.sink(), 4));
            MemorySegment bytes = arena.allocate(10);
            assertEquals(5, one.source().read(bytes));
            assertEquals("text", bytes.getString(0));
            bytes.fill((byte) 0);
            assertEquals(4, two.source().read(bytes));
            assertEquals("text", bytes.getString(0));
            one.sink().close();
            assertEquals(0, Splice.tee(one.source(), two.sink(), 4));
          }
        });
  }

  // ---- discarded bytes

  @Test
  void discardedBytesAreTakenFromTheStreamAndNoMore() throws Exception {
    Path source = random("source", 3_000_000);
    byte[] all = Files.readAllBytes(source);
    Reactors.run(
        () -> {
          try (File in = File.open(source);
              Pipe pipe = Pipe.open();
              Arena arena = Arena.ofShared()) {
            assertEquals(2_000_000, Splice.discard(in, 2_000_000));
            MemorySegment bytes = arena.allocate(10);
            in.readFully(bytes);
            assertEquals(all[2_000_000], bytes.get(ValueLayout.JAVA_BYTE, 0));
            assertEquals(999_990, Splice.discard(in, Long.MAX_VALUE));
            pipe.sink().write(bytes);
            assertEquals(7, Splice.discard(pipe.source(), 7));
            assertEquals(3, pipe.source().read(bytes));
            assertEquals(0, Splice.discard(pipe.source(), 0));
            assertThrows(
                DeadlineExceededException.class, () -> Splice.discard(pipe.source(), 1, PAST));
            assertThrows(IllegalArgumentException.class, () -> Splice.discard(in, -1));
          }
        });
  }
}
