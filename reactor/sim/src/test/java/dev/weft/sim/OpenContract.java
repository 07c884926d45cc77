// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.backend.PollEvents;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a backend promises of the flags of an open, and of the size and permissions of files. */
abstract class OpenContract extends FileContract {
  private static final int CREATE = OpenFlags.CREATE | READ_WRITE;

  private byte[] bytes(String name) {
    return path(name).getBytes(StandardCharsets.UTF_8);
  }

  private FileAttributes attributes(int file) {
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, perform(op -> op.stat(at(file), attributes)));
    return attributes;
  }

  private int truncate(int file, long size) {
    return perform(op -> op.onPath(PathRequest.truncate(at(file), size)));
  }

  @Test
  void aFileIsMadeShorterAndLonger() throws Exception {
    backend();
    int file = openFile("file", CREATE);
    write(file, "abcdef", Op.CURRENT_POSITION);
    assertEquals(0, truncate(file, 2));
    assertEquals("ab", read(file, 10, 0));
    assertEquals(0, truncate(file, 4));
    assertEquals(4, attributes(file).sizeBytes);
    MemorySegment bytes = arena.allocate(8);
    assertEquals(4, perform(op -> op.read(at(file), bytes, 0, 8, 0)));
    assertEquals(0, bytes.get(java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED, 2), "zeros");
    assertEquals(0, truncate(file, 4));
    assertEquals(1, write(file, "!", Op.CURRENT_POSITION), "the position stays where it was");
    assertEquals(7, attributes(file).sizeBytes);
    discard(file);
  }

  @Test
  void onlyAFileThatIsOpenForWritingHasASizeToSet() throws Exception {
    backend();
    discard(openFile("file", CREATE));
    int reader = openFile("file", OpenFlags.READ);
    int directory = openFile("", OpenFlags.READ);
    assertEquals(code(Errno.EINVAL), truncate(reader, 0));
    assertEquals(code(Errno.EINVAL), truncate(directory, 0));
    assertEquals(code(Errno.EBADF), truncate(98_765, 0));
    discard(reader, directory);
  }

  @Test
  void permissionsAreSetWhateverTheUmask() throws Exception {
    backend();
    int file = openFile("file", CREATE);
    assertEquals(0, perform(op -> op.onPath(PathRequest.setPermissions(at(file), 0666))));
    assertEquals(0666, attributes(file).permissions);
    PathRequest named = PathRequest.setPermissions(null, bytes("file"), 0604);
    assertEquals(0, perform(op -> op.onPath(named)));
    assertEquals(0604, attributes(file).permissions);
    assertEquals(
        code(Errno.ENOENT),
        perform(op -> op.onPath(PathRequest.setPermissions(null, bytes("absent"), 0600))));
    assertEquals(
        code(Errno.EBADF), perform(op -> op.onPath(PathRequest.setPermissions(at(98_765), 0600))));
    discard(file);
  }

  @Test
  void aNewFileHasThePermissionsOfTheOpenLessTheUmask() throws Exception {
    backend();
    byte[] name = bytes("file");
    int file = perform(op -> op.open(name, CREATE, 0640));
    assertEquals(0640, attributes(file).permissions & 0740);
    assertEquals(0, attributes(file).permissions & 0137, "the umask only takes");
    discard(file);
  }

  @Test
  void aFileHasPositionsAndAPipeHasNone() throws Exception {
    backend();
    int file = openFile("file", CREATE);
    int[] pipe = pipe();
    write(file, "abc", Op.CURRENT_POSITION);
    assertEquals(0, call(call -> call.seek(at(file))));
    assertEquals(1, write(file, "d", Op.CURRENT_POSITION), "the position stays where it was");
    assertEquals("abcd", read(file, 10, 0));
    assertEquals(code(Errno.ESPIPE), call(call -> call.seek(at(pipe[0]))));
    assertEquals(code(Errno.ESPIPE), call(call -> call.seek(at(pipe[1]))));
    assertEquals(code(Errno.EBADF), call(call -> call.seek(at(98_765))));
    discard(file, pipe[0], pipe[1]);
  }

  @Test
  void aSymbolicLinkAtTheEndIsNotFollowedIfThatIsNotWanted() throws Exception {
    backend();
    int file = openFile("file", CREATE | OpenFlags.NO_FOLLOW);
    byte[] target = "file".getBytes(StandardCharsets.UTF_8);
    assertEquals(0, perform(op -> op.onPath(PathRequest.symlink(target, null, bytes("link")))));
    assertEquals(code(Errno.ELOOP), openFile("link", OpenFlags.READ | OpenFlags.NO_FOLLOW));
    int both = OpenFlags.READ | OpenFlags.NO_FOLLOW | OpenFlags.DIRECTORY;
    assertEquals(code(Errno.ENOTDIR), openFile("link", both));
    assertEquals(code(Errno.ENOTDIR), openFile("file", OpenFlags.READ | OpenFlags.DIRECTORY));
    int directory = openFile("", both);
    assertEquals(FileType.DIRECTORY, attributes(directory).type);
    discard(file, directory);
  }

  @Test
  void specialFlagsAreRefusedWhereTheyAreNotSupported() throws Exception {
    backend();
    discard(openFile("file", CREATE));
    int result = openFile("file", OpenFlags.READ | OpenFlags.NON_BLOCKING);
    if (current().has(Capability.ALL_OPEN_FLAGS)) {
      discard(result);
    } else {
      assertEquals(code(Errno.EOPNOTSUPP), result);
    }
  }

  @Test
  void aPlaceHasAttributesAndNoBytes() throws Exception {
    backend();
    require(Capability.ALL_OPEN_FLAGS);
    discard(openFile("file", CREATE));
    byte[] target = "file".getBytes(StandardCharsets.UTF_8);
    assertEquals(0, perform(op -> op.onPath(PathRequest.symlink(target, null, bytes("link")))));
    int place = openFile("file", OpenFlags.PATH);
    int link = openFile("link", OpenFlags.PATH | OpenFlags.NO_FOLLOW);
    assertEquals(FileType.REGULAR, attributes(place).type);
    assertEquals(FileType.LINK, attributes(link).type);
    assertEquals(0, call(call -> call.openFlags(at(place))) & READ_WRITE);
    MemorySegment memory = arena.allocate(8);
    assertEquals(code(Errno.EBADF), perform(op -> op.read(at(place), memory, 0, 8, 0)));
    assertEquals(code(Errno.EBADF), perform(op -> op.sync(at(place), false)));
    assertEquals(code(Errno.EBADF), perform(op -> op.list(at(place), new DirectoryBatch())));
    assertEquals(code(Errno.EBADF), perform(op -> op.poll(at(place), PollEvents.READABLE)));
    assertEquals(code(Errno.EBADF), truncate(place, 0));
    assertEquals(
        code(Errno.EBADF), perform(op -> op.onPath(PathRequest.setPermissions(at(place), 0600))));
    assertEquals(code(Errno.ENOTDIR), openFile("file", OpenFlags.PATH | OpenFlags.DIRECTORY));
    discard(place, link);
  }

  @Test
  void aTemporaryFileHasNoName() throws Exception {
    backend();
    require(Capability.ALL_OPEN_FLAGS);
    int file = openFile("", READ_WRITE | OpenFlags.TEMPORARY);
    assertEquals(3, write(file, "abc", 0));
    assertEquals("abc", read(file, 10, 0));
    FileAttributes attributes = attributes(file);
    assertEquals(FileType.REGULAR, attributes.type);
    assertEquals(0, attributes.links);
    assertEquals(code(Errno.EINVAL), openFile("", OpenFlags.READ | OpenFlags.TEMPORARY));
    assertEquals(code(Errno.ENOENT), openFile("absent", READ_WRITE | OpenFlags.TEMPORARY));
    discard(openFile("file", CREATE), file);
    assertEquals(code(Errno.ENOTDIR), openFile("file", READ_WRITE | OpenFlags.TEMPORARY));
  }

  @Test
  void directTransfersNeedAlignedMemoryAndPositions() throws Exception {
    backend();
    require(Capability.ALL_OPEN_FLAGS);
    int file = openFile("file", CREATE | OpenFlags.DIRECT_IO);
    FileAttributes attributes = attributes(file);
    int unit = attributes.directPositionAlignment;
    assertTrue(unit > 1 && attributes.directMemoryAlignment > 1, "a file system on a disk");
    MemorySegment memory = arena.allocate(3L * unit, Math.max(unit, 4096)).fill((byte) 7);
    assertEquals(2 * unit, perform(op -> op.write(at(file), memory, 0, 2 * unit, 0)));
    memory.fill((byte) 0);
    assertEquals(unit, perform(op -> op.read(at(file), memory, unit, 2 * unit, unit)), "the end");
    assertEquals(7, memory.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 2L * unit - 1));
    int refused = code(Errno.EINVAL);
    assertEquals(refused, perform(op -> op.read(at(file), memory, 0, unit - 1, 0)));
    assertEquals(refused, perform(op -> op.read(at(file), memory, 0, unit, 1)));
    assertEquals(refused, perform(op -> op.write(at(file), memory, 0, unit, 1)));
    discard(file);
  }

  @Test
  void readsNeedNotChangeTheTimeOfTheLastAccess() throws Exception {
    backend();
    require(Capability.ALL_OPEN_FLAGS);
    int file = openFile("file", CREATE | OpenFlags.NO_ACCESS_TIME);
    write(file, "abc", 0);
    FileAttributes before = attributes(file);
    assertEquals("abc", read(file, 3, 0));
    assertEquals(before.accessed, attributes(file).accessed);
    int flags = call(call -> call.openFlags(at(file)));
    assertTrue((flags & OpenFlags.NO_ACCESS_TIME) != 0);
    discard(file);
  }
}
