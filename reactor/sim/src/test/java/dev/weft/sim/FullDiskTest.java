// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.Bundle;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.fs.FileRange;
import dev.weft.fs.FileSystem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Files on a disk that is full in the end. */
class FullDiskTest {
  private static final int BLOCK = 4096;
  private static final int DISK = 16 * BLOCK;

  private static Path path(int number) {
    return Path.of("/tmp/file-" + number);
  }

  /** Writes until that fails, and reads what was reported as written. */
  private static void fill(Path path) throws IOException {
    int length = 1 + Simulation.random().nextInt(10_000);
    try (File file = File.open(path, CREATE, READ, WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      long written = 0;
      Errno failure = null;
      while (failure == null) {
        SocketScenarios.fill(bytes, written);
        try {
          written += file.writeSome(bytes);
        } catch (ErrnoException e) {
          failure = e.errno();
        }
      }
      assertEquals(Errno.ENOSPC, failure);
      assertEquals(written, file.stat().sizeBytes());
      for (long at = 0; at < written; at += length) {
        MemorySegment part = bytes.asSlice(0, Math.min(length, written - at));
        file.readFullyAt(part, at);
        SocketScenarios.verify(part, at);
      }
    }
  }

  private static long used(int number) throws IOException {
    return FileSystem.stat(path(number)).allocatedBytes();
  }

  @Test
  void whatIsReportedAsWrittenIsThereWhenTheDiskIsFull() {
    Simulation.seeds(50)
        .withDiskBytes(DISK)
        .check(
            () -> {
              try (Bundle bundle = Bundle.open()) {
                for (int i = 0; i < 3; i++) {
                  Path path = path(i);
                  bundle.go(() -> fill(path));
                }
                bundle.await();
              }
              assertEquals(DISK, used(0) + used(1) + used(2));
              for (int i = 0; i < 3; i++) {
                FileSystem.delete(path(i)); // gives the space back
              }
              try (File file = File.open(path(3), CREATE, WRITE);
                  Arena arena = Arena.ofConfined()) {
                file.writeAt(arena.allocate(DISK), 0);
              }
            });
  }

  @Test
  void allocatedSpaceIsThereWhenTheDiskIsFull() {
    Simulation.seeds(20)
        .withDiskBytes(DISK)
        .check(
            () -> {
              try (File file = File.open(path(0), CREATE, READ, WRITE)) {
                FileRange.of(file, 0, 4 * BLOCK).reserve();
                fill(path(1));
                assertEquals(DISK - 4 * BLOCK, used(1));
                try (Arena arena = Arena.ofConfined()) {
                  file.writeAt(arena.allocate(4 * BLOCK), 0);
                }
                FileRange.of(file, BLOCK, BLOCK).punchHole();
                FileRange.of(file, 8 * BLOCK, BLOCK).allocate();
              }
            });
  }

  @Test
  void aDiskHasNoNegativeSize() {
    Simulation simulation = Simulation.seeds(1);
    assertThrows(IllegalArgumentException.class, () -> simulation.withDiskBytes(-1));
  }
}
