// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Allocation;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileAdvice;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a backend promises of ranges of files and their space. */
abstract class RangeContract extends OpenContract {
  private static final int CREATE = OpenFlags.CREATE | READ_WRITE;

  /** No file system has larger blocks, as far as tests run on it. */
  private static final int BLOCK = 65_536;

  private FileAttributes attributes(int file) {
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, perform(op -> op.stat(at(file), attributes)));
    return attributes;
  }

  private int allocate(int file, Allocation how, long position, long bytes) {
    return perform(op -> op.allocate(at(file), position, bytes, how));
  }

  /** Carries out what not every file system can do. */
  private void change(int file, Allocation how, long position, long bytes) {
    int result = allocate(file, how, position, bytes);
    assumeTrue(result != code(Errno.EOPNOTSUPP), "the file system can't do " + how);
    assertEquals(0, result, how.name());
  }

  /** A file of so many blocks, the first of ones, the second of twos and so on. */
  private int blocks(int count) {
    int file = openFile("file", CREATE);
    for (int i = 0; i < count; i++) {
      MemorySegment block = arena.allocate(BLOCK).fill((byte) (i + 1));
      long place = (long) i * BLOCK;
      assertEquals(BLOCK, perform(op -> op.write(at(file), block, 0, BLOCK, place)));
    }
    return file;
  }

  /** The value of each block, all of whose bytes must be the same. */
  private String values(int file) {
    StringBuilder values = new StringBuilder();
    long size = attributes(file).sizeBytes;
    MemorySegment block = arena.allocate(BLOCK);
    for (long place = 0; place < size; place += BLOCK) {
      long from = place;
      assertEquals(BLOCK, perform(op -> op.read(at(file), block, 0, BLOCK, from)));
      byte first = block.get(JAVA_BYTE, 0);
      assertEquals(-1, block.mismatch(arena.allocate(BLOCK).fill(first)), "block at " + from);
      values.append(first);
    }
    return values.toString();
  }

  @Test
  void rangesAreWrittenBackAndFlushed() throws Exception {
    backend();
    int file = blocks(2);
    assertEquals(0, perform(op -> op.writeBack(at(file), 0, BLOCK, false)));
    assertEquals(0, perform(op -> op.writeBack(at(file), 0, BLOCK, true)));
    assertEquals(0, perform(op -> op.writeBack(at(file), BLOCK, 0, true)));
    assertEquals(0, perform(op -> op.sync(at(file), false, BLOCK, BLOCK)));
    assertEquals(0, perform(op -> op.sync(at(file), true, 0, 1)));
    assertEquals("12", values(file));
    int[] pipe = pipe();
    assertEquals(code(Errno.ESPIPE), perform(op -> op.writeBack(at(pipe[1]), 0, 0, true)));
    assertEquals(code(Errno.EBADF), perform(op -> op.writeBack(at(98_765), 0, 0, true)));
    discard(file, pipe[0], pipe[1]);
  }

  @Test
  void everyAdviceIsTakenAndChangesNoByte() throws Exception {
    backend();
    int file = blocks(1);
    for (FileAdvice advice : FileAdvice.values()) {
      assertEquals(0, perform(op -> op.advise(at(file), 0, BLOCK, advice)), advice.name());
      assertEquals(0, perform(op -> op.advise(at(file), 1, 0, advice)), advice.name());
    }
    assertEquals("1", values(file));
    int[] pipe = pipe();
    FileAdvice any = FileAdvice.NORMAL;
    assertEquals(code(Errno.ESPIPE), perform(op -> op.advise(at(pipe[1]), 0, 0, any)));
    assertEquals(code(Errno.EBADF), perform(op -> op.advise(at(98_765), 0, 0, any)));
    discard(file, pipe[0], pipe[1]);
  }

  @Test
  void allocatedSpaceReadsAsZerosAndKeepsWhatIsThere() throws Exception {
    backend();
    int file = blocks(1);
    if (!current().has(Capability.ALLOCATION)) {
      assertEquals(code(Errno.EOPNOTSUPP), allocate(file, Allocation.ALLOCATE, 0, 1));
      discard(file);
      return;
    }
    change(file, Allocation.RESERVE, 0, 3 * BLOCK);
    assertEquals(BLOCK, attributes(file).sizeBytes);
    assertTrue(attributes(file).allocatedBytes >= 3 * BLOCK);
    change(file, Allocation.ALLOCATE, BLOCK, BLOCK);
    assertEquals(2 * BLOCK, attributes(file).sizeBytes);
    assertEquals("10", values(file));
    discard(file);
  }

  @Test
  void aHoleReadsAsZerosAndTakesNoSpace() throws Exception {
    backend();
    require(Capability.ALLOCATION);
    int file = blocks(3);
    assertEquals(0, perform(op -> op.sync(at(file), false))); // until then space is promised alone
    long before = attributes(file).allocatedBytes;
    change(file, Allocation.PUNCH_HOLE, BLOCK, 2 * BLOCK);
    assertEquals("100", values(file));
    assertTrue(attributes(file).allocatedBytes <= before - 2 * BLOCK);
    change(file, Allocation.PUNCH_HOLE, 1, BLOCK - 2);
    MemorySegment ends = arena.allocate(BLOCK);
    assertEquals(BLOCK, perform(op -> op.read(at(file), ends, 0, BLOCK, 0)));
    assertEquals(1, ends.get(JAVA_BYTE, 0));
    assertEquals(0, ends.get(JAVA_BYTE, 1));
    assertEquals(0, ends.get(JAVA_BYTE, BLOCK - 2));
    assertEquals(1, ends.get(JAVA_BYTE, BLOCK - 1));
    discard(file);
  }

  @Test
  void zerosHaveSpace() throws Exception {
    backend();
    require(Capability.ALLOCATION);
    int file = blocks(2);
    change(file, Allocation.ZERO, BLOCK, 2 * BLOCK);
    assertEquals("100", values(file));
    assertTrue(attributes(file).allocatedBytes >= 3 * BLOCK);
    discard(file);
  }

  @Test
  void rangesAreTakenOutAndPutIn() throws Exception {
    backend();
    require(Capability.ALLOCATION);
    int file = blocks(4);
    change(file, Allocation.COLLAPSE, BLOCK, 2 * BLOCK);
    assertEquals("14", values(file));
    change(file, Allocation.INSERT, BLOCK, BLOCK);
    assertEquals("104", values(file));
    int refused = code(Errno.EINVAL);
    assertEquals(refused, allocate(file, Allocation.COLLAPSE, 1, BLOCK));
    assertEquals(refused, allocate(file, Allocation.COLLAPSE, 2 * BLOCK, BLOCK), "the end");
    assertEquals(refused, allocate(file, Allocation.INSERT, 3 * BLOCK, BLOCK), "the end");
    assertEquals("104", values(file));
    discard(file);
  }

  @Test
  void onlyAFileThatIsOpenForWritingHasSpaceToChange() throws Exception {
    backend();
    require(Capability.ALLOCATION);
    discard(openFile("file", CREATE));
    int file = openFile("file", OpenFlags.READ);
    int[] pipe = pipe();
    assertEquals(code(Errno.EBADF), allocate(file, Allocation.ALLOCATE, 0, 1));
    assertEquals(code(Errno.EBADF), allocate(98_765, Allocation.ALLOCATE, 0, 1));
    assertEquals(code(Errno.ESPIPE), allocate(pipe[1], Allocation.ALLOCATE, 0, 1));
    int writer = openFile("file", OpenFlags.WRITE);
    assertEquals(code(Errno.EINVAL), allocate(writer, Allocation.ALLOCATE, 0, 0));
    assertEquals(code(Errno.EFBIG), allocate(writer, Allocation.ALLOCATE, Long.MAX_VALUE - 1, 1));
    discard(file, writer, pipe[0], pipe[1]);
  }

  @Test
  void aFileHasBytesBeyondFourGibibytes() throws Exception {
    backend();
    int file = openFile("file", CREATE);
    long far = (1L << 32) + 5;
    assertEquals(3, write(file, "far", far));
    assertEquals(far + 3, attributes(file).sizeBytes);
    assertEquals("far", read(file, 10, far));
    assertTrue(attributes(file).allocatedBytes < 1 << 20 || !isSparse(), "a hole takes no space");
    MemorySegment hole = arena.allocate(8).fill((byte) 1);
    assertEquals(8, perform(op -> op.read(at(file), hole, 0, 8, far - 8)));
    assertEquals(0, hole.get(JAVA_LONG, 0));
    discard(file);
  }

  /** Whether {@code allocatedBytes} is the space on disk. */
  private boolean isSparse() {
    return current().has(Capability.ALLOCATION);
  }

  @Test
  void aRemovedFileIsReadAndWrittenOn() throws Exception {
    backend();
    int file = openFile("file", CREATE);
    assertEquals(3, write(file, "abc", Op.CURRENT_POSITION));
    assertEquals(0, remove("file"));
    assertEquals("abc", read(file, 10, 0));
    assertEquals(3, write(file, "def", Op.CURRENT_POSITION));
    assertEquals("abcdef", read(file, 10, 0));
    assertEquals(0, attributes(file).links);
    discard(file);
    assertEquals(code(Errno.ENOENT), openFile("file", OpenFlags.READ));
  }

  private int remove(String name) {
    byte[] path = path(name).getBytes(StandardCharsets.UTF_8);
    return perform(op -> op.onPath(PathRequest.remove(null, path, 0)));
  }
}
