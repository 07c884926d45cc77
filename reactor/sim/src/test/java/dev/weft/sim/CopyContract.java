// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import org.junit.jupiter.api.Test;

/** What a backend promises of copies between files, and of splices at positions. */
abstract class CopyContract extends UnixContract {
  static final int READ_WRITE = OpenFlags.READ | OpenFlags.WRITE;
  private static final int CREATE = OpenFlags.CREATE | READ_WRITE;

  abstract int openFile(String name, int flags);

  abstract int write(int file, String content, long position);

  abstract String read(int file, int length, long position);

  private int written(String name, String content) {
    int file = openFile(name, CREATE);
    assertEquals(content.length(), write(file, content, 0));
    return file;
  }

  private int splice(int from, long fromPosition, int to, long toPosition, int length) {
    return perform(op -> op.splice(at(from), fromPosition, at(to), toPosition, length));
  }

  private int copy(int from, long fromPosition, int to, long toPosition, int length) {
    return perform(op -> op.copyRange(at(from), fromPosition, at(to), toPosition, length));
  }

  private int tee(int from, int to, int length) {
    return perform(op -> op.tee(at(from), at(to), length));
  }

  @Test
  void aSpliceAtAPositionLeavesThatOfTheFile() throws Exception {
    backend();
    require(Capability.SPLICE);
    int[] pipe = pipe();
    int file = written("file", "abcdef");
    int copy = openFile("copy", CREATE);
    assertEquals(3, splice(file, 2, pipe[1], HERE, 3));
    assertEquals(3, splice(pipe[0], HERE, copy, 5, 100));
    assertEquals("cde", read(copy, 10, 5));
    assertEquals("abcdef", read(file, 10, HERE), "the position is still the start");
    assertEquals(0, splice(file, 100, pipe[1], HERE, 3));
    assertEquals(code(Errno.ESPIPE), splice(file, 0, pipe[1], 0, 3));
    assertEquals(3, splice(file, 0, pipe[1], HERE, 3));
    assertEquals(code(Errno.ESPIPE), splice(pipe[0], 0, copy, 0, 3));
    discard(pipe[0], pipe[1], file, copy);
  }

  @Test
  void aTeeLeavesTheBytesInTheFirstPipe() throws Exception {
    Backend backend = backend();
    require(Capability.SPLICE);
    int[] pipe = pipe();
    int[] other = pipe();
    int file = written("file", "abc");
    Op waiting = backend.create(completed::add);
    backend.submit(waiting.tee(at(pipe[0]), at(other[1]), 2));
    backend.poll(0);
    assertTrue(completed.isEmpty(), "there is nothing to copy");
    assertEquals(3, write(pipe[1], "abc", HERE));
    pollUntilCompleted(1);
    assertEquals(2, waiting.result());
    assertEquals("abc", read(pipe[0], 10, HERE));
    assertEquals("ab", read(other[0], 10, HERE));
    assertEquals(code(Errno.EINVAL), tee(file, other[1], 1));
    assertEquals(code(Errno.EINVAL), tee(pipe[0], file, 1));
    assertEquals(code(Errno.EINVAL), tee(pipe[0], pipe[1], 1));
    assertEquals(code(Errno.EBADF), tee(pipe[1], other[1], 1));
    discard(pipe[1]);
    assertEquals(0, tee(pipe[0], other[1], 1));
    discard(pipe[0], other[0], other[1], file);
  }

  @Test
  void aCopyReadsAndWritesWhereTheFilesAre() throws Exception {
    backend();
    require(Capability.FILE_COPIES);
    int file = written("file", "abcdef");
    int copy = openFile("copy", CREATE);
    assertEquals(4, copy(file, HERE, copy, HERE, 4));
    assertEquals(2, copy(file, HERE, copy, HERE, 100));
    assertEquals(0, copy(file, HERE, copy, HERE, 100));
    assertEquals("abcdef", read(copy, 10, 0));
    assertEquals("", read(copy, 10, HERE), "the position is at the end");
    discard(file, copy);
  }

  @Test
  void aCopyAtPositionsLeavesThoseOfTheFiles() throws Exception {
    backend();
    require(Capability.FILE_COPIES);
    int file = written("file", "abcdef");
    int copy = openFile("copy", CREATE);
    assertEquals(3, copy(file, 2, copy, 1, 3));
    assertEquals("cde", read(copy, 10, 1));
    assertEquals(4, perform(op -> op.read(at(copy), arena.allocate(9), 0, 9, HERE)));
    assertEquals("abcdef", read(file, 10, HERE));
    assertEquals(0, copy(file, 6, copy, 0, 3));
    assertEquals(2, copy(file, 0, file, 4, 2));
    assertEquals("abcdab", read(file, 10, 0));
    assertEquals(code(Errno.EINVAL), copy(file, 0, file, 2, 4), "they overlap");
    discard(file, copy);
  }

  @Test
  void aCopyThatCantBeIsRefused() throws Exception {
    backend();
    require(Capability.FILE_COPIES);
    int file = written("file", "abc");
    int reader = openFile("file", OpenFlags.READ);
    int log = openFile("log", OpenFlags.CREATE | OpenFlags.WRITE | OpenFlags.APPEND);
    int directory = openFile("", OpenFlags.READ);
    int[] pipe = pipe();
    assertEquals(code(Errno.EBADF), copy(file, 0, reader, 0, 3));
    assertEquals(code(Errno.EBADF), copy(log, 0, file, 0, 3));
    assertEquals(code(Errno.EBADF), copy(file, 0, log, 0, 3));
    assertEquals(code(Errno.EISDIR), copy(directory, 0, file, 0, 3));
    assertEquals(code(Errno.EINVAL), copy(file, HERE, pipe[1], HERE, 3));
    assertEquals(code(Errno.EINVAL), copy(pipe[0], HERE, file, HERE, 3));
    assertEquals("abc", read(file, 10, 0));
    discard(file, reader, log, directory, pipe[0], pipe[1]);
  }

  @Test
  void aCloneHasTheBytesOrTheFileSystemHasNone() throws Exception {
    backend();
    require(Capability.FILE_COPIES);
    int file = written("file", "abc");
    int other = written("other", "defghi");
    int directory = openFile("", OpenFlags.READ);
    int result = perform(op -> op.cloneFile(at(file), at(other)));
    if (result == 0) {
      assertEquals("abc", read(other, 10, 0));
    } else {
      assertEquals(code(Errno.EOPNOTSUPP), result);
      assertEquals("defghi", read(other, 10, 0));
    }
    int refused = perform(op -> op.cloneFile(at(file), at(directory)));
    assertTrue(refused == code(Errno.EISDIR) || refused == code(Errno.EBADF), () -> "" + refused);
    discard(file, other, directory);
  }
}
