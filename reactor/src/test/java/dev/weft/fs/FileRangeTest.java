// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts of files. */
class FileRangeTest {
  private static final int BLOCK = 65_536;

  @TempDir Path folder;

  private File newFile() throws Exception {
    return File.open(folder.resolve("file"), CREATE_NEW, READ, WRITE);
  }

  @Test
  void rangesAreFlushedAndAdvised() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          try (File file = newFile();
              Arena arena = Arena.ofConfined()) {
            long far = 5L << 30;
            file.writeAt(arena.allocateFrom("far"), far);
            for (FileRange range :
                new FileRange[] {
                  FileRange.of(file, far, 4),
                  FileRange.from(file, far),
                  FileRange.of(file, 100, far),
                  FileRange.of(file, 1, Long.MAX_VALUE - 1),
                  FileRange.from(file, Long.MAX_VALUE)
                }) {
              range.startWriteBack();
              range.writeBack();
              range.sync();
              range.syncData();
              for (FileRange.Advice advice : FileRange.Advice.values()) {
                range.advise(advice);
              }
            }
            MemorySegment read = arena.allocate(4);
            file.readFullyAt(read, far);
            assertEquals("far", read.getString(0));
          }
        });
    assertEquals((5L << 30) + 4, Files.size(path));
  }

  @Test
  @Tag("needs-io-uring")
  void theSpaceOfARangeIsTakenAndGivenBack() throws Exception {
    Reactors.run(
        () -> {
          try (File file = newFile()) {
            FileRange.of(file, 0, 4 * BLOCK).reserve();
            assertEquals(0, file.stat().sizeBytes());
            assertTrue(file.stat().allocatedBytes() >= 4 * BLOCK);
            FileRange.of(file, 0, 2 * BLOCK).allocate();
            assertEquals(2 * BLOCK, file.stat().sizeBytes());
            long before = file.stat().allocatedBytes();
            FileRange.of(file, 0, 2 * BLOCK).punchHole();
            assertTrue(file.stat().allocatedBytes() <= before - 2 * BLOCK);
            FileRange.of(file, BLOCK, 2 * BLOCK).zero();
            assertEquals(3 * BLOCK, file.stat().sizeBytes());
            FileRange.of(file, 0, BLOCK).collapse();
            FileRange.of(file, BLOCK, 2 * BLOCK).insert();
            assertEquals(4 * BLOCK, file.stat().sizeBytes());
            FileRange odd = FileRange.of(file, 1, BLOCK);
            ErrnoException e = assertThrows(ErrnoException.class, odd::collapse);
            assertEquals(Errno.EINVAL, e.errno());
            FileRange endless = FileRange.from(file, 0);
            assertThrows(IllegalStateException.class, endless::allocate);
          }
        });
  }

  @Test
  void whatASelectorCanNotDoIsRefusedByName() throws Exception {
    Reactors.run(
        () -> {
          if (Reactor.current().backend() != BackendKind.SELECTOR) {
            return;
          }
          try (File file = newFile()) {
            FileRange range = FileRange.of(file, 0, 1);
            String message =
                assertThrows(UnsupportedOperationException.class, range::punchHole).getMessage();
            assertTrue(message.contains("fallocate") && message.contains("selector"), message);
          }
        });
  }

  @Test
  void callsFailAfterTheirDeadlineAndOnClosedFiles() throws Exception {
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          File file = newFile();
          FileRange range = FileRange.of(file, 0, 1);
          assertThrows(DeadlineExceededException.class, () -> range.sync(past));
          assertThrows(DeadlineExceededException.class, () -> range.syncData(past));
          assertThrows(DeadlineExceededException.class, () -> range.writeBack(past));
          assertThrows(DeadlineExceededException.class, () -> range.startWriteBack(past));
          FileRange.Advice any = FileRange.Advice.NORMAL;
          assertThrows(DeadlineExceededException.class, () -> range.advise(any, past));
          if (Reactor.current().backend() != BackendKind.SELECTOR) {
            assertThrows(DeadlineExceededException.class, () -> range.allocate(past));
          }
          assertEquals(0, file.stat().sizeBytes());
          file.close();
          assertThrows(ClosedChannelException.class, range::writeBack);
          assertThrows(ClosedChannelException.class, range::sync);
          assertThrows(IllegalArgumentException.class, () -> FileRange.of(file, -1, 1));
          assertThrows(IllegalArgumentException.class, () -> FileRange.of(file, 0, 0));
          assertThrows(IllegalArgumentException.class, () -> FileRange.of(file, 2, Long.MAX_VALUE));
        });
  }
}
