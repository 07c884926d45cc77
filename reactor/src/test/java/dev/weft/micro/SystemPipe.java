// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.bindings.NativeLibrary;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Both ends of a pipe of the system. */
final class SystemPipe implements AutoCloseable {
  final int reading;
  final int writing;
  private boolean writingIsOpen = true;

  private SystemPipe(int reading, int writing) {
    this.reading = reading;
    this.writing = writing;
  }

  static SystemPipe open() {
    NativeLibrary.load();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
      assertEquals(0, Libc.pipe(ends.address()));
      return new SystemPipe(
          ends.getAtIndex(ValueLayout.JAVA_INT, 0), ends.getAtIndex(ValueLayout.JAVA_INT, 1));
    }
  }

  /** Writes the whole input, and ends it. */
  void fill(String text) {
    write(text);
    endOfInput();
  }

  void write(String text) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(text);
      int length = (int) bytes.byteSize() - 1;
      assertEquals(length, Libc.write(writing, bytes.address(), length));
    }
  }

  void endOfInput() {
    if (writingIsOpen) {
      writingIsOpen = false;
      Libc.close(writing);
    }
  }

  /** Reads to the end; returns the number of bytes. */
  int count() {
    int bytes = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(4096);
      for (int n; (n = Libc.read(reading, buffer.address(), 4096)) > 0; ) {
        bytes += n;
      }
    }
    return bytes;
  }

  /** Reads what was written, and returns it. */
  String drain() {
    endOfInput();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(4096);
      for (int n; (n = Libc.read(reading, buffer.address(), 4096)) > 0; ) {
        all.writeBytes(Memory.at(buffer.address(), n).toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    endOfInput();
    Libc.close(reading);
  }
}
