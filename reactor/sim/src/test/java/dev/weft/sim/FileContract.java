// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a backend promises of files, pipes and splices. */
abstract class FileContract extends CopyContract {

  @Override
  final int openFile(String name, int flags) {
    byte[] path = path(name).getBytes(StandardCharsets.UTF_8);
    return perform(op -> op.open(path, flags, 0644));
  }

  @Override
  final int write(int file, String content, long position) {
    MemorySegment bytes = text(content);
    return perform(op -> op.write(at(file), bytes, 0, content.length(), position));
  }

  @Override
  final String read(int file, int length, long position) {
    MemorySegment bytes = arena.allocate(length + 1);
    int count = perform(op -> op.read(at(file), bytes, 0, length, position));
    assertTrue(count >= 0, () -> "read: " + count);
    bytes.asSlice(count).fill((byte) 0);
    return bytes.getString(0);
  }

  // ---- files

  @Test
  void openReportsTheErrno() throws Exception {
    backend();
    assertEquals(code(Errno.ENOENT), openFile("absent", OpenFlags.READ));
    int file = openFile("there", OpenFlags.CREATE | READ_WRITE);
    assertTrue(file > 2, () -> "open: " + file);
    int exclusive = OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.WRITE;
    assertEquals(code(Errno.EEXIST), openFile("there", exclusive));
    assertEquals(code(Errno.ENOTDIR), openFile("there/below", OpenFlags.READ));
    assertEquals(code(Errno.ENOTDIR), openFile("there/", OpenFlags.READ));
    assertEquals(code(Errno.ENOENT), openFile("absent/below", OpenFlags.CREATE | READ_WRITE));
    assertEquals(code(Errno.EISDIR), openFile("", READ_WRITE));
    assertEquals(code(Errno.EISDIR), openFile("new/", OpenFlags.CREATE | READ_WRITE));
    assertEquals(code(Errno.ENAMETOOLONG), openFile("x".repeat(256), OpenFlags.READ));
    discard(file);
  }

  @Test
  void dotsInPathsAreResolved() throws Exception {
    backend();
    int create = OpenFlags.CREATE | READ_WRITE;
    discard(openFile("file", create));
    assertSameFile("file", "./file");
    assertSameFile("file", ".//././file");
    String here = path("");
    String parent = here.substring(0, here.lastIndexOf('/', here.length() - 2));
    String name = here.substring(parent.length() + 1, here.length() - 1);
    assertSameFile("file", "../" + name + "/file");
    assertSameFile("file", "../../../../../../../../../../../../../.." + path("file"));
    assertEquals(code(Errno.ENOTDIR), openFile("file/.", OpenFlags.READ));
    assertEquals(code(Errno.ENOTDIR), openFile("file/../file", OpenFlags.READ));
    assertEquals(code(Errno.ENOENT), openFile("missing/../file", OpenFlags.READ));
    assertEquals(code(Errno.ENOENT), openFile("missing/./file", create));
    assertEquals(code(Errno.EISDIR), openFile(".", create));
    assertEquals(code(Errno.EISDIR), openFile("..", create));
    assertEquals(code(Errno.EEXIST), openFile("..", create | OpenFlags.EXCLUSIVE));
    discard(openFile(".", OpenFlags.READ));
    discard(openFile("./new", create | OpenFlags.EXCLUSIVE));
    assertSameFile("new", "../" + name + "/./new");
  }

  private void assertSameFile(String one, String other) {
    assertEquals(number(one), number(other), other);
  }

  private long number(String name) {
    int file = openFile(name, OpenFlags.READ);
    assertTrue(file >= 0, name);
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, perform(op -> op.stat(at(file), attributes)), name);
    discard(file);
    return attributes.inode;
  }

  @Test
  void bytesAreReadAtThePositionWhereTheyWereWritten() throws Exception {
    backend();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    assertEquals(6, write(file, "abcdef", Op.CURRENT_POSITION));
    assertEquals("", read(file, 10, Op.CURRENT_POSITION), "the position is at the end");
    assertEquals("cde", read(file, 3, 2));
    assertEquals(2, write(file, "XY", 3));
    assertEquals("abcXYf", read(file, 100, 0));
    assertEquals("", read(file, 10, 1000));
    assertEquals(1, write(file, "!", 9));
    assertEquals(10, perform(op -> op.read(at(file), arena.allocate(20), 0, 20, 0)));
    assertEquals(0, perform(op -> op.sync(at(file), false)));
    assertEquals(0, perform(op -> op.sync(at(file), true)));
    discard(file);
  }

  @Test
  void anAppendWritesAtTheEndWhateverThePosition() throws Exception {
    backend();
    int file = openFile("log", OpenFlags.CREATE | READ_WRITE | OpenFlags.APPEND);
    assertEquals(3, write(file, "abc", Op.CURRENT_POSITION));
    assertEquals(3, write(file, "def", 0));
    assertEquals("abcdef", read(file, 10, 0));
    int flags = call(call -> call.openFlags(at(file)));
    assertTrue((flags & OpenFlags.APPEND) != 0);
    discard(file);
  }

  @Test
  void truncatingEmptiesAFile() throws Exception {
    backend();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    write(file, "abc", 0);
    int again = openFile("file", OpenFlags.WRITE | OpenFlags.TRUNCATE);
    assertEquals("", read(file, 10, 0));
    discard(file, again);
  }

  @Test
  void theAccessModeOfAnOpenFileIsEnforced() throws Exception {
    backend();
    int writer = openFile("file", OpenFlags.CREATE | OpenFlags.WRITE);
    int reader = openFile("file", OpenFlags.READ);
    int directory = openFile("", OpenFlags.READ);
    MemorySegment bytes = arena.allocate(8);
    assertEquals(code(Errno.EBADF), perform(op -> op.read(at(writer), bytes, 0, 8, 0)));
    assertEquals(code(Errno.EBADF), perform(op -> op.write(at(reader), bytes, 0, 8, 0)));
    assertEquals(code(Errno.EISDIR), perform(op -> op.read(at(directory), bytes, 0, 8, 0)));
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.receive(at(reader), bytes, 0, 8)));
    discard(writer, reader, directory);
  }

  @Test
  void statReturnsTypeAndSize() throws Exception {
    backend();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    int directory = openFile("", OpenFlags.READ);
    int[] pipe = pipe();
    write(file, "abc", 0);
    assertEquals(FileType.REGULAR, typeOf(file, 3));
    assertEquals(FileType.DIRECTORY, typeOf(directory, -1));
    assertEquals(FileType.PIPE, typeOf(pipe[0], 0));
    assertEquals(code(Errno.EBADF), perform(op -> op.stat(at(98_765), new FileAttributes())));
    discard(file, directory, pipe[0], pipe[1]);
  }

  private FileType typeOf(int handle, long size) {
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, perform(op -> op.stat(at(handle), attributes)));
    if (size >= 0) {
      assertEquals(size, attributes.sizeBytes);
    }
    assertTrue(attributes.links >= 1);
    return attributes.type;
  }

  /** The segments of the texts. */
  private Gather gather(String... texts) {
    Gather gather = new Gather();
    for (String each : texts) {
      gather.add(text(each), 0, each.length());
    }
    return gather;
  }

  /** Segments of those sizes in one piece of memory. */
  private static Gather room(MemorySegment memory, int... sizes) {
    Gather gather = new Gather();
    long at = 0;
    for (int size : sizes) {
      gather.add(memory, at, size);
      at += size;
    }
    return gather;
  }

  @Test
  void segmentsAreWrittenAndFilledAsOne() throws Exception {
    backend();
    require(Capability.VECTORED_FILES);
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    assertEquals(6, perform(op -> op.writeGathered(at(file), gather("ab", "cdef"), HERE)));
    assertEquals(2, perform(op -> op.writeGathered(at(file), gather("X", "Y"), 3)));
    assertEquals("abcXYf", read(file, 10, 0));
    MemorySegment memory = arena.allocate(21);
    assertEquals(4, perform(op -> op.readScattered(at(file), room(memory, 1, 3), 1)));
    assertEquals("bcXY", memory.getString(0));
    assertEquals(5, perform(op -> op.readScattered(at(file), room(memory, 3, 10), 1)), "short");
    assertEquals("bcXYf", memory.getString(0));
    assertEquals(0, perform(op -> op.readScattered(at(file), room(memory, 1, 1), HERE)));
    assertEquals(0, perform(op -> op.readScattered(at(file), room(memory, 1, 1), 100)));
    discard(file);
  }

  @Test
  void segmentsGoThroughAPipe() throws Exception {
    Backend backend = backend();
    require(Capability.VECTORED_FILES);
    int[] pipe = pipe();
    MemorySegment memory = arena.allocate(21);
    Op read = backend.create(completed::add);
    backend.submit(read.readScattered(at(pipe[0]), room(memory, 2, 2, 5), HERE));
    backend.poll(0);
    assertTrue(completed.isEmpty());
    assertEquals(5, perform(op -> op.writeGathered(at(pipe[1]), gather("abc", "de"), HERE)));
    pollUntilCompleted(1);
    assertEquals(5, read.result());
    assertEquals("abcde", memory.getString(0));
    backend.submit(read.readScattered(at(pipe[0]), room(memory, 2, 2), HERE));
    backend.poll(0);
    backend.cancel(read);
    pollUntilCompleted(2);
    assertEquals(CANCELED, read.result());
    assertEquals(
        code(Errno.EBADF), perform(op -> op.writeGathered(at(pipe[0]), gather("a"), HERE)));
    discard(pipe);
  }

  // ---- pipes

  @Test
  void aPipeEndsWhenItsWriterIsClosed() throws Exception {
    backend();
    int[] pipe = pipe();
    assertEquals(3, write(pipe[1], "abc", Op.CURRENT_POSITION));
    discard(pipe[1]);
    assertEquals("abc", read(pipe[0], 10, Op.CURRENT_POSITION));
    assertEquals("", read(pipe[0], 10, Op.CURRENT_POSITION));
    int event = reportsErrors() ? PollEvents.HANG_UP : PollEvents.READABLE;
    assertEquals(event, perform(op -> op.poll(at(pipe[0]), PollEvents.READABLE)));
    assertEquals(code(Errno.EINVAL), perform(op -> op.sync(at(pipe[0]), false)));
    assertEquals(code(Errno.EBADF), perform(op -> op.write(at(pipe[0]), scratch(), 0, 1, HERE)));
    discard(pipe[0]);
  }

  @Test
  void aWriteFillsAPipeAndTheNextOneWaits() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    int length = 1 << 20; // more than a pipe holds
    MemorySegment large = arena.allocate(length);
    int written = perform(op -> op.write(at(pipe[1]), large, 0, length, HERE));
    assertTrue(written > 0 && written < length, () -> "write: " + written);
    if (backend.has(Capability.PIPE_CAPACITY)) {
      assertEquals(call(call -> call.pipeCapacity(at(pipe[1]))), written);
    }
    Op more = backend.create(completed::add);
    backend.submit(more.write(at(pipe[1]), large, 0, 4096, HERE));
    backend.poll(0);
    assertTrue(completed.isEmpty());
    assertEquals(4096, perform(op -> op.read(at(pipe[0]), large, 4096, 4096, HERE)));
    pollUntilCompleted(1);
    assertEquals(4096, more.result());
    discard(pipe);
  }

  @Test
  void onANonBlockingPipeASpliceFailsWithEagainAndAReadWaits() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    int file = openFile("file", OpenFlags.CREATE | OpenFlags.WRITE);
    makeNonBlocking(pipe[0]);
    Errno expected = backend.has(Capability.SPLICE) ? Errno.EAGAIN : Errno.EOPNOTSUPP;
    assertEquals(code(expected), perform(op -> op.splice(at(pipe[0]), at(file), 1)));
    Op read = backend.create(completed::add);
    backend.submit(read.read(at(pipe[0]), scratch(), 0, 3, HERE));
    backend.poll(0);
    assertEquals(3, write(pipe[1], "abc", Op.CURRENT_POSITION));
    pollUntilCompleted(1);
    assertEquals(3, read.result());
    discard(pipe[0], pipe[1], file);
  }

  @Test
  void pipesAreResizedInPages() throws Exception {
    backend();
    int[] pipe = pipe();
    if (!current().has(Capability.PIPE_CAPACITY)) {
      assertEquals(code(Errno.EOPNOTSUPP), call(call -> call.pipeCapacity(at(pipe[1]))));
      assertEquals(code(Errno.EOPNOTSUPP), call(call -> call.setPipeCapacity(at(pipe[1]), 5000)));
      return;
    }
    assertEquals(65_536, call(call -> call.pipeCapacity(at(pipe[1]))));
    assertEquals(8192, call(call -> call.setPipeCapacity(at(pipe[1]), 5000)));
    assertEquals(8192, call(call -> call.pipeCapacity(at(pipe[0]))));
    discard(pipe);
  }

  // ---- splices

  @Test
  void spliceMovesBytesAtPositionsAndReturnsZeroAtTheEnd() throws Exception {
    backend();
    require(Capability.SPLICE);
    int[] pipe = pipe();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    write(file, "abcdef", 0);
    int copy = openFile("copy", OpenFlags.CREATE | READ_WRITE);
    assertEquals(4, perform(op -> op.splice(at(file), at(pipe[1]), 4)));
    assertEquals(2, perform(op -> op.splice(at(file), at(pipe[1]), 100)));
    assertEquals(0, perform(op -> op.splice(at(file), at(pipe[1]), 100)));
    assertEquals(6, perform(op -> op.splice(at(pipe[0]), at(copy), 100)));
    assertEquals("abcdef", read(copy, 10, 0));
    discard(pipe[1]);
    assertEquals(0, perform(op -> op.splice(at(pipe[0]), at(copy), 100)));
    discard(pipe[0], file, copy);
  }

  @Test
  void unsupportedSplicesAreRefused() throws Exception {
    backend();
    require(Capability.SPLICE);
    int[] pipe = pipe();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    write(file, "abcdef", 0);
    int log = openFile("log", OpenFlags.CREATE | OpenFlags.WRITE | OpenFlags.APPEND);
    assertEquals(code(Errno.EINVAL), perform(op -> op.splice(at(file), at(file), 4)));
    assertEquals(code(Errno.EINVAL), perform(op -> op.splice(at(pipe[0]), at(pipe[1]), 4)));
    assertEquals(code(Errno.EBADF), perform(op -> op.splice(at(file), at(pipe[0]), 4)));
    assertEquals(3, write(pipe[1], "abc", Op.CURRENT_POSITION));
    assertEquals(code(Errno.EINVAL), perform(op -> op.splice(at(pipe[0]), at(log), 3)));
    discard(pipe[0]);
    assertEquals(code(Errno.EPIPE), perform(op -> op.splice(at(file), at(pipe[1]), 4)));
    discard(pipe[1], file, log);
  }
}
