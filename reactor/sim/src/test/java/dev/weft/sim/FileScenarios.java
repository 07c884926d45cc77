// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.fs.File;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.io.Pipe;
import dev.weft.io.SegmentList;
import dev.weft.io.Splice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/** Files, pipes and splices: the bytes read are the bytes written. */
final class FileScenarios {
  private FileScenarios() {}

  /** One fiber per file writes at positions and at the end, and reads what it wrote. */
  static void files() throws Exception {
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < 3; i++) {
        Path path = Path.of("/tmp/file-" + i);
        bundle.go(() -> writeAndReadBack(path));
      }
      bundle.await();
    }
  }

  private static void writeAndReadBack(Path path) throws IOException {
    RandomGenerator random = Simulation.random();
    int size = 1 + random.nextInt(5000);
    int half = size / 2;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(size);
      SocketScenarios.fill(buffer, 0);
      try (File file = File.open(path, CREATE, READ, WRITE)) {
        file.writeAt(buffer.asSlice(0, half), 0);
        file.syncData();
      }
      try (File file = File.open(path, APPEND)) {
        file.write(buffer.asSlice(half));
        file.sync();
        assertEquals(size, file.stat().sizeBytes());
      }
      buffer.fill((byte) 0);
      try (File file = File.open(path)) {
        file.readFully(buffer);
        SocketScenarios.verify(buffer, 0);
        assertEquals(-1, file.read(buffer), "the end");
        for (int at = half; at < size; ) {
          int count = file.readAt(buffer, at);
          SocketScenarios.verify(buffer.asSlice(0, count), at);
          at += count;
        }
      }
    }
  }

  /** Lists of segments of random sizes go into a file, and from there through a pipe. */
  static void segments() throws Exception {
    int size = 1 + Simulation.random().nextInt(9000);
    try (Arena arena = Arena.ofShared();
        File file = File.open(Path.of("/tmp/segments"), CREATE, READ, WRITE);
        Pipe pipe = Pipe.open(4096);
        Bundle bundle = Bundle.open()) {
      MemorySegment bytes = arena.allocate(size);
      SocketScenarios.fill(bytes, 0);
      file.writeAt(cut(bytes), 10);
      MemorySegment read = arena.allocate(size);
      for (int at = 0; at < size; ) {
        at += file.readAt(cut(read.asSlice(at)), 10 + at);
      }
      SocketScenarios.verify(read, 0);
      bundle.go(() -> pipe.sink().write(cut(read)));
      MemorySegment received = arena.allocate(size);
      pipe.source().readFully(cut(received));
      SocketScenarios.verify(received, 0);
      bundle.await();
    }
  }

  private static SegmentList cut(MemorySegment whole) {
    SegmentList list = new SegmentList();
    int size = (int) whole.byteSize();
    for (int at = 0; at < size; ) {
      int length = Math.min(size - at, Simulation.random().nextInt(200));
      list.add(whole.asSlice(at, length));
      at += length;
    }
    return list;
  }

  /** Fibers pass bytes around a cycle of pipes: all bytes arrive in order. */
  static void pipes() throws Exception {
    RandomGenerator random = Simulation.random();
    int total = 1 + random.nextInt(20_000);
    try (Pipe first = Pipe.open(4096);
        Pipe second = Pipe.open(4096);
        Bundle bundle = Bundle.open()) {
      bundle.go(() -> produce(first.sink(), total));
      bundle.go(
          () -> {
            try (ByteSource source = first.source();
                ByteSink sink = second.sink()) {
              copy(source, sink);
            }
          });
      consume(second.source(), total);
      bundle.await();
    }
  }

  static void produce(ByteSink sink, int total) throws IOException {
    RandomGenerator random = Simulation.random();
    try (sink;
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8000);
      for (int sent = 0; sent < total; ) {
        MemorySegment part = buffer.asSlice(0, Math.min(1 + random.nextInt(8000), total - sent));
        SocketScenarios.fill(part, sent);
        sink.write(part);
        sent += (int) part.byteSize();
      }
    }
  }

  private static void copy(ByteSource source, ByteSink sink) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(3000);
      for (int count; (count = source.read(buffer)) >= 0; ) {
        sink.write(buffer.asSlice(0, count));
      }
    }
  }

  static void consume(ByteSource source, int total) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(5000);
      int received = 0;
      for (int count; (count = source.read(buffer)) >= 0; ) {
        SocketScenarios.verify(buffer.asSlice(0, count), received);
        received += count;
      }
      assertEquals(total, received);
    }
  }

  /** A file is copied through a given pipe to another file, and back through the splice's own. */
  static void splices() throws Exception {
    RandomGenerator random = Simulation.random();
    int total = 1 + random.nextInt(30_000);
    try (File original = File.open(Path.of("/tmp/original"), CREATE, READ, WRITE)) {
      produce(original, total);
    }
    try (Pipe pipe = Pipe.open(8192);
        Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            try (File original = File.open(Path.of("/tmp/original"));
                ByteSink sink = pipe.sink()) {
              assertEquals(total, Splice.copy(original, sink));
            }
          });
      try (File copy = File.open(Path.of("/tmp/copy"), CREATE, WRITE)) {
        assertEquals(total, Splice.copy(pipe.source(), copy));
      }
      bundle.await();
    }
    try (File copy = File.open(Path.of("/tmp/copy"));
        File again = File.open(Path.of("/tmp/again"), CREATE, READ, WRITE)) {
      assertEquals(total, Splice.copy(copy, again));
    }
    try (File again = File.open(Path.of("/tmp/again"))) {
      consume(again, total);
    }
  }
}
