// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.Splice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening named pipes: fifo(7). */
class NamedPipeTest {
  @TempDir Path folder;

  private int pipes;

  private Path pipe() throws Exception {
    Path path = folder.resolve("pipe" + pipes++);
    assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
    return path;
  }

  private static File writer(Path path) throws IOException {
    return File.open(path, StandardOpenOption.WRITE);
  }

  /** Returns how many bytes can be read until the end. */
  private static int countBytes(Path path) throws IOException {
    try (File file = File.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(16);
      int total = 0;
      for (int count; (count = file.read(buffer)) >= 0; ) {
        total += count;
      }
      return total;
    }
  }

  private static int writeThree(Path path) throws IOException {
    try (File file = writer(path);
        Arena arena = Arena.ofConfined()) {
      file.write(arena.allocate(3));
      return 3;
    }
  }

  @Test
  void aReaderThatComesFirstWaitsForTheWriter() throws Exception {
    Path path = pipe();
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> reader = bundle.go(() -> countBytes(path));
            Fiber.yield();
            assertEquals(3, writeThree(path));
            assertEquals(3, reader.join());
          }
        });
  }

  @Test
  void aWriterThatComesFirstWaitsForTheReader() throws Exception {
    Path path = pipe();
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> writer = bundle.go(() -> writeThree(path));
            Fiber.yield();
            assertEquals(3, countBytes(path));
            assertEquals(3, writer.join());
          }
        });
  }

  @Test
  void aReaderOpensOnceAWriterHasOpenedEvenIfNothingIsWritten() throws Exception {
    Path there = pipe();
    Path back = pipe();
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> other =
                bundle.go(
                    () -> {
                      try (File out = writer(there)) {
                        assertEquals(3, countBytes(back), "and nothing has been written yet");
                        assertEquals(FileStat.Kind.PIPE, out.stat().kind());
                      }
                      return 0;
                    });
            try (File in = File.open(there)) {
              assertEquals(3, writeThree(back));
              assertEquals(FileStat.Kind.PIPE, in.stat().kind());
            }
            assertEquals(0, other.join());
          }
        });
  }

  @Test
  void aPipeOpenedForReadingAndWritingDoesNotWait() throws Exception {
    Path path = pipe();
    Reactors.assertEnds(
        () -> File.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE).close());
  }

  @Test
  void aReadThatEndsAtItsDeadlineLosesNothing() throws Exception {
    Path path = pipe();
    Reactors.run(
        () -> {
          try (File pipe = File.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
              Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(8);
            Deadline soon = Deadline.after(Duration.ofMillis(5));
            assertThrows(DeadlineExceededException.class, () -> pipe.read(bytes, soon));
            pipe.write(arena.allocateFrom("abc").asSlice(0, 3));
            int count = 0;
            while (count < 3) {
              count += pipe.read(bytes.asSlice(count));
            }
            assertEquals("abc", bytes.getString(0));
          }
        });
  }

  @Test
  void anOpenEndsAtItsDeadline() throws Exception {
    Path path = pipe();
    Reactors.run(
        () -> {
          Deadline soon = Deadline.after(Duration.ofMillis(5));
          assertThrows(DeadlineExceededException.class, () -> File.open(path, soon));
          Deadline later = Deadline.after(Duration.ofMillis(5));
          assertThrows(
              DeadlineExceededException.class,
              () -> File.open(path, later, StandardOpenOption.WRITE));
        });
  }

  @Test
  void cancellingAFiberEndsItsOpen() throws Exception {
    Path path = pipe();
    Reactors.run(
        () -> {
          List<Throwable> ends = new ArrayList<>();
          Fiber fiber =
              Fiber.start(
                  () -> ends.add(assertThrows(CancelledException.class, () -> File.open(path))));
          while (fiber.waitingFor().isEmpty()) {
            Fiber.yield();
          }
          fiber.cancel();
          fiber.join();
          assertEquals(1, ends.size());
        });
  }

  /** Opens more pipes than the kernel has worker threads, each of which blocks in an open. */
  @Test
  void waitingOpensDoNotBlockOpensOfTheOtherEnds() throws Exception {
    int count = 40;
    List<Path> paths = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      paths.add(pipe());
    }
    Path file = Files.writeString(folder.resolve("file"), "x");
    Reactors.run(
        Reactors.options().withQueueEntries(8),
        () -> {
          try (Bundle bundle = Bundle.open()) {
            List<Task<Integer>> readers = new ArrayList<>();
            for (Path path : paths) {
              readers.add(bundle.go(() -> countBytes(path)));
            }
            Fiber.yield();
            assertEquals(1, countBytes(file));
            for (Path path : paths) {
              assertEquals(3, writeThree(path));
            }
            for (Task<Integer> reader : readers) {
              assertEquals(3, reader.join());
            }
          }
        });
  }

  @Test
  void aPipeIsSplicedUntilItsEnd() throws Exception {
    Path path = pipe();
    Path target = folder.resolve("target");
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Long> copy =
                bundle.go(
                    () -> {
                      try (File source = File.open(path);
                          File sink =
                              File.open(
                                  target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                        return Splice.copy(source, sink);
                      }
                    });
            Fiber.yield();
            writeThree(path);
            assertEquals(3L, copy.join());
          }
        });
    assertEquals(3, Files.size(target));
  }
}
