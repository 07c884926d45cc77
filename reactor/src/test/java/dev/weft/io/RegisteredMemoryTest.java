// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactors;
import dev.weft.fs.File;
import dev.weft.fs.FileOption;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads and writes of registered memory: what they do is what others do. */
class RegisteredMemoryTest {
  @TempDir Path folder;

  @Test
  void bytesGoFromAndToRegisteredMemory() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          MemorySegment memory = RegisteredMemory.allocate(3 * 4096);
          assertEquals(0, memory.address() % 4096);
          try (File file = File.open(path, CREATE, READ, WRITE);
              Arena arena = Arena.ofConfined()) {
            memory.asSlice(4096, 4096).fill((byte) 5);
            file.writeAt(memory.asSlice(4096), 0);
            file.readFullyAt(memory.asSlice(1, 4096), 0);
            MemorySegment fives = arena.allocate(4096).fill((byte) 5);
            assertEquals(-1, memory.asSlice(1, 4096).mismatch(fives));
            MemorySegment other = arena.allocate(4096);
            file.readFullyAt(other, 0);
            assertEquals(-1, other.mismatch(fives));
            assertEquals(-1, file.readAt(memory, 8192));
          }
        });
  }

  @Test
  void aPipeTakesRegisteredMemory() throws Exception {
    Reactors.run(
        () -> {
          MemorySegment memory = RegisteredMemory.allocate(4096);
          try (Pipe pipe = Pipe.open()) {
            memory.setString(0, "text");
            pipe.sink().write(memory.asSlice(0, 5));
            pipe.source().readFully(memory.asSlice(100, 5));
            assertEquals("text", memory.getString(100));
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void directTransfersUseRegisteredMemory() throws Exception {
    Path path = folder.resolve("file");
    Reactors.run(
        () -> {
          try (File file = File.open(path, CREATE, READ, WRITE, FileOption.DIRECT_IO)) {
            MemorySegment memory = RegisteredMemory.allocate(8192);
            memory.asSlice(0, 4096).fill((byte) 3);
            file.writeAt(memory.asSlice(0, 4096), 4096);
            file.readFullyAt(memory.asSlice(4096), 4096);
            assertEquals(-1, memory.asSlice(0, 4096).mismatch(memory.asSlice(4096)));
          }
        });
  }

  @Test
  void aReactorRegistersMemoryOnce() throws Exception {
    Reactors.run(
        () -> {
          assertThrows(IllegalArgumentException.class, () -> RegisteredMemory.allocate(0));
          assertThrows(
              IllegalArgumentException.class, () -> RegisteredMemory.allocate((1L << 30) + 1));
          assertEquals(4096, RegisteredMemory.allocate(1).byteSize());
          assertThrows(IllegalStateException.class, () -> RegisteredMemory.allocate(1));
        });
  }
}
