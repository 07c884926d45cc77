// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bindings.statx;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What a backend promises of files, pipes and splices. */
abstract class FileContract extends SocketContract {
  /** The name of a file that is not there yet. */
  abstract String path(String name);

  private int openFile(String name, int flags) {
    MemorySegment path = text(path(name));
    return perform(op -> op.open(path, flags, 0644));
  }

  private int write(int file, String content, long position) {
    MemorySegment bytes = text(content);
    return perform(op -> op.write(at(file), bytes.address(), content.length(), position));
  }

  private String read(int file, int length, long position) {
    MemorySegment bytes = arena.allocate(length + 1);
    int count = perform(op -> op.read(at(file), bytes.address(), length, position));
    assertTrue(count >= 0, () -> "read: " + count);
    bytes.asSlice(count).fill((byte) 0);
    return bytes.getString(0);
  }

  // ---- files

  @Test
  void openTellsWhatIsWrong() throws Exception {
    backend();
    assertEquals(code(Errno.ENOENT), openFile("absent", weft_h.O_RDONLY()));
    int file = openFile("there", weft_h.O_CREAT() | weft_h.O_RDWR());
    assertTrue(file > 2, () -> "open: " + file);
    int exclusive = weft_h.O_CREAT() | weft_h.O_EXCL() | weft_h.O_WRONLY();
    assertEquals(code(Errno.EEXIST), openFile("there", exclusive));
    assertEquals(code(Errno.ENOTDIR), openFile("there/below", weft_h.O_RDONLY()));
    assertEquals(code(Errno.ENOTDIR), openFile("there/", weft_h.O_RDONLY()));
    assertEquals(code(Errno.ENOENT), openFile("absent/below", weft_h.O_CREAT() | weft_h.O_RDWR()));
    assertEquals(code(Errno.EISDIR), openFile("", weft_h.O_RDWR()));
    assertEquals(code(Errno.EISDIR), openFile("new/", weft_h.O_CREAT() | weft_h.O_RDWR()));
    assertEquals(code(Errno.ENAMETOOLONG), openFile("x".repeat(256), weft_h.O_RDONLY()));
    discard(file);
  }

  @Test
  void dotsInPathsStandForDirectories() throws Exception {
    backend();
    int create = weft_h.O_CREAT() | weft_h.O_RDWR();
    discard(openFile("file", create));
    assertSameFile("file", "./file");
    assertSameFile("file", ".//././file");
    String here = path("");
    String parent = here.substring(0, here.lastIndexOf('/', here.length() - 2));
    String name = here.substring(parent.length() + 1, here.length() - 1);
    assertSameFile("file", "../" + name + "/file");
    assertSameFile("file", "../../../../../../../../../../../../../.." + path("file"));
    assertEquals(code(Errno.ENOTDIR), openFile("file/.", weft_h.O_RDONLY()));
    assertEquals(code(Errno.ENOTDIR), openFile("file/../file", weft_h.O_RDONLY()));
    assertEquals(code(Errno.ENOENT), openFile("missing/../file", weft_h.O_RDONLY()));
    assertEquals(code(Errno.ENOENT), openFile("missing/./file", create));
    assertEquals(code(Errno.EISDIR), openFile(".", create));
    assertEquals(code(Errno.EISDIR), openFile("..", create));
    assertEquals(code(Errno.EEXIST), openFile("..", create | weft_h.O_EXCL()));
    discard(openFile(".", weft_h.O_RDONLY()));
    discard(openFile("./new", create | weft_h.O_EXCL()));
    assertSameFile("new", "../" + name + "/./new");
  }

  private void assertSameFile(String one, String other) {
    assertEquals(number(one), number(other), other);
  }

  private long number(String name) {
    MemorySegment status = statx.allocate(arena);
    MemorySegment path = text(path(name));
    int mask = weft_h.STATX_BASIC_STATS();
    assertEquals(0, perform(op -> op.status(path, 0, mask, status.address())), name);
    return statx.stx_ino(status);
  }

  @Test
  void bytesAreReadWhereTheyWereWritten() throws Exception {
    backend();
    int file = openFile("file", weft_h.O_CREAT() | weft_h.O_RDWR());
    assertEquals(6, write(file, "abcdef", Op.CURRENT_POSITION));
    assertEquals("", read(file, 10, Op.CURRENT_POSITION), "the position is at the end");
    assertEquals("cde", read(file, 3, 2));
    assertEquals(2, write(file, "XY", 3));
    assertEquals("abcXYf", read(file, 100, 0));
    assertEquals("", read(file, 10, 1000));
    assertEquals(1, write(file, "!", 9));
    assertEquals(10, perform(op -> op.read(at(file), arena.allocate(20).address(), 20, 0)));
    assertEquals(0, perform(op -> op.sync(at(file), false)));
    assertEquals(0, perform(op -> op.sync(at(file), true)));
    discard(file);
  }

  @Test
  void anAppendGoesToTheEndWhateverThePosition() throws Exception {
    backend();
    int file = openFile("log", weft_h.O_CREAT() | weft_h.O_RDWR() | weft_h.O_APPEND());
    assertEquals(3, write(file, "abc", Op.CURRENT_POSITION));
    assertEquals(3, write(file, "def", 0));
    assertEquals("abcdef", read(file, 10, 0));
    int flags = control(Op.FCNTL, file, weft_h.F_GETFL(), 0, 0, 0);
    assertTrue((flags & weft_h.O_APPEND()) != 0);
    discard(file);
  }

  @Test
  void truncatingEmptiesAFile() throws Exception {
    backend();
    int file = openFile("file", weft_h.O_CREAT() | weft_h.O_RDWR());
    write(file, "abc", 0);
    int again = openFile("file", weft_h.O_WRONLY() | weft_h.O_TRUNC());
    assertEquals("", read(file, 10, 0));
    discard(file, again);
  }

  @Test
  void theModeOfAnOpenFileIsObeyed() throws Exception {
    backend();
    int writer = openFile("file", weft_h.O_CREAT() | weft_h.O_WRONLY());
    int reader = openFile("file", weft_h.O_RDONLY());
    int directory = openFile("", weft_h.O_RDONLY());
    MemorySegment bytes = arena.allocate(8);
    assertEquals(code(Errno.EBADF), perform(op -> op.read(at(writer), bytes.address(), 8, 0)));
    assertEquals(code(Errno.EBADF), perform(op -> op.write(at(reader), bytes.address(), 8, 0)));
    assertEquals(code(Errno.EISDIR), perform(op -> op.read(at(directory), bytes.address(), 8, 0)));
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.receive(at(reader), bytes.address(), 8)));
    discard(writer, reader, directory);
  }

  @Test
  void statusTellsKindAndSize() throws Exception {
    backend();
    int file = openFile("file", weft_h.O_CREAT() | weft_h.O_RDWR());
    int directory = openFile("", weft_h.O_RDONLY());
    int[] pipe = pipe();
    write(file, "abc", 0);
    assertEquals(weft_h.S_IFREG(), kindBy(file, 3));
    assertEquals(weft_h.S_IFDIR(), kindBy(directory, -1));
    assertEquals(weft_h.S_IFIFO(), kindBy(pipe[0], 0));
    assertEquals(code(Errno.EBADF), status(98_765).result());
    discard(file, directory, pipe[0], pipe[1]);
  }

  private Op status(int handle) {
    return statusOp(
        op ->
            op.status(
                at(handle),
                text("").address(),
                weft_h.AT_EMPTY_PATH(),
                weft_h.STATX_BASIC_STATS(),
                op.scratch()));
  }

  private Op statusOp(UnaryOperator<Op> request) {
    Op op = current().create(done -> {});
    current().submit(request.apply(op));
    pollUntilDone(op);
    return op;
  }

  private int kindBy(int handle, long size) {
    Op op = status(handle);
    assertEquals(0, op.result());
    MemorySegment status = Memory.at(op.scratch(), statx.sizeof());
    if (size >= 0) {
      assertEquals(size, statx.stx_size(status));
    }
    assertTrue(statx.stx_nlink(status) >= 1);
    return Short.toUnsignedInt(statx.stx_mode(status)) & weft_h.S_IFMT();
  }

  // ---- pipes

  @Test
  void aPipeEndsWhenItsWriterIsGone() throws Exception {
    backend();
    int[] pipe = pipe();
    assertEquals(3, write(pipe[1], "abc", Op.CURRENT_POSITION));
    discard(pipe[1]);
    assertEquals("abc", read(pipe[0], 10, Op.CURRENT_POSITION));
    assertEquals("", read(pipe[0], 10, Op.CURRENT_POSITION));
    assertEquals(weft_h.POLLHUP(), perform(op -> op.poll(at(pipe[0]), weft_h.POLLIN())));
    assertEquals(code(Errno.EINVAL), perform(op -> op.sync(at(pipe[0]), false)));
    assertEquals(code(Errno.EBADF), perform(op -> op.write(at(pipe[0]), op.scratch(), 1, HERE)));
    discard(pipe[0]);
  }

  @Test
  void aFullPipeTakesWhatFitsAndThenWaits() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    int capacity = control(Op.FCNTL, pipe[1], weft_h.F_GETPIPE_SZ(), 0, 0, 0);
    MemorySegment large = arena.allocate(capacity + 5000);
    assertEquals(
        capacity, perform(op -> op.write(at(pipe[1]), large.address(), capacity + 5000, HERE)));
    Op more = backend.create(completed::add);
    backend.submit(more.write(at(pipe[1]), large.address(), 4096, HERE));
    backend.poll(0);
    assertTrue(completed.isEmpty());
    assertEquals(4096, perform(op -> op.read(at(pipe[0]), large.address() + 4096, 4096, HERE)));
    pollUntilCompleted(1);
    assertEquals(4096, more.result());
    discard(pipe);
  }

  @Test
  void onANonBlockingPipeASpliceSaysAgainAndAReadWaits() throws Exception {
    Backend backend = backend();
    int[] pipe = pipe();
    int file = openFile("file", weft_h.O_CREAT() | weft_h.O_WRONLY());
    assertEquals(0, control(Op.FCNTL, pipe[0], weft_h.F_SETFL(), weft_h.O_NONBLOCK(), 0, 0));
    assertEquals(code(Errno.EAGAIN), perform(op -> op.splice(at(pipe[0]), at(file), 1)));
    Op read = backend.create(completed::add);
    backend.submit(read.read(at(pipe[0]), read.scratch(), 3, HERE));
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
    assertEquals(65_536, control(Op.FCNTL, pipe[1], weft_h.F_GETPIPE_SZ(), 0, 0, 0));
    assertEquals(8192, control(Op.FCNTL, pipe[1], weft_h.F_SETPIPE_SZ(), 5000, 0, 0));
    assertEquals(8192, control(Op.FCNTL, pipe[0], weft_h.F_GETPIPE_SZ(), 0, 0, 0));
    discard(pipe);
  }

  // ---- splices

  @Test
  void spliceMovesBytesAtPositionsAndSaysZeroAtTheEnd() throws Exception {
    backend();
    int[] pipe = pipe();
    int file = openFile("file", weft_h.O_CREAT() | weft_h.O_RDWR());
    write(file, "abcdef", 0);
    int copy = openFile("copy", weft_h.O_CREAT() | weft_h.O_RDWR());
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
  void spliceRefusesWhatItCannotDo() throws Exception {
    backend();
    int[] pipe = pipe();
    int file = openFile("file", weft_h.O_CREAT() | weft_h.O_RDWR());
    write(file, "abcdef", 0);
    int log = openFile("log", weft_h.O_CREAT() | weft_h.O_WRONLY() | weft_h.O_APPEND());
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
