// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a backend promises of names of files. */
abstract class PathContract extends RangeContract {
  private static final int CREATE = OpenFlags.CREATE | READ_WRITE;

  final byte[] name(String name) {
    return path(name).getBytes(StandardCharsets.UTF_8);
  }

  static byte[] relative(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  final int perform(PathRequest request) {
    return perform(op -> op.onPath(request));
  }

  final int stat(String name, int flags, FileAttributes target) {
    return perform(PathRequest.stat(null, name(name), flags, target));
  }

  final FileType typeOf(String name, int flags) {
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, stat(name, flags, attributes), name);
    return attributes.type;
  }

  final long inode(String name) {
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, stat(name, 0, attributes), name);
    return attributes.inode;
  }

  final int absent(String name) {
    return stat(name, 0, new FileAttributes());
  }

  final int makeDirectory(String name) {
    return perform(PathRequest.makeDirectory(null, name(name), 0750));
  }

  final int remove(String name, int flags) {
    return perform(PathRequest.remove(null, name(name), flags));
  }

  final int rename(String name, String renamed, int flags) {
    return perform(PathRequest.rename(null, name(name), null, name(renamed), flags));
  }

  final int link(String name, String linked, int flags) {
    return perform(PathRequest.link(null, name(name), null, name(linked), flags));
  }

  final int symlink(String content, String name) {
    return perform(PathRequest.symlink(relative(content), null, name(name)));
  }

  final void makeFile(String name) {
    int file = openFile(name, CREATE);
    assertTrue(file >= 0, () -> name + ": " + file);
    write(file, name, 0);
    discard(file);
  }

  @Test
  void aDirectoryIsMadeOnceAndRemovedWhenItIsEmpty() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, stat("directory", 0, attributes));
    assertEquals(FileType.DIRECTORY, attributes.type);
    assertEquals(0750, attributes.permissions);
    assertEquals(code(Errno.EEXIST), makeDirectory("directory"));
    makeFile("directory/file");
    assertEquals(code(Errno.ENOTEMPTY), remove("directory", PathRequest.DIRECTORY));
    assertEquals(code(Errno.EISDIR), remove("directory", 0));
    assertEquals(code(Errno.ENOTDIR), remove("directory/file", PathRequest.DIRECTORY));
    assertEquals(0, remove("directory/file", 0));
    assertEquals(0, remove("directory", PathRequest.DIRECTORY));
    assertEquals(code(Errno.ENOENT), absent("directory"));
    assertEquals(code(Errno.ENOENT), remove("directory", PathRequest.DIRECTORY));
    assertEquals(code(Errno.ENOENT), remove("directory", 0));
    assertEquals(code(Errno.ENOENT), makeDirectory("directory/below"));
  }

  @Test
  void aRemovedFileCanBeReadWhileItIsOpen() throws Exception {
    backend();
    int file = openFile("file", CREATE);
    write(file, "abc", 0);
    assertEquals(0, remove("file", 0));
    assertEquals(code(Errno.ENOENT), absent("file"));
    assertEquals("abc", read(file, 10, 0));
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, perform(op -> op.stat(at(file), attributes)));
    assertEquals(0, attributes.links);
    discard(file);
  }

  @Test
  void aRenamedFileReplacesTheOneOfThatName() throws Exception {
    backend();
    makeFile("one");
    makeFile("two");
    long inode = inode("one");
    assertEquals(0, rename("one", "two", 0));
    assertEquals(inode, inode("two"));
    assertEquals(code(Errno.ENOENT), absent("one"));
    assertEquals(code(Errno.ENOENT), rename("one", "three", 0));
    assertEquals(0, makeDirectory("directory"));
    assertEquals(0, rename("two", "directory/two", 0));
    assertEquals(inode, inode("directory/two"));
  }

  @Test
  void directoriesAreReplacedByDirectoriesAloneAndOnlyIfTheyAreEmpty() throws Exception {
    backend();
    makeFile("file");
    assertEquals(0, makeDirectory("one"));
    assertEquals(0, makeDirectory("two"));
    makeFile("two/file");
    assertEquals(code(Errno.EISDIR), rename("file", "one", 0));
    assertEquals(code(Errno.ENOTDIR), rename("one", "file", 0));
    assertEquals(code(Errno.ENOTEMPTY), rename("one", "two", 0));
    assertEquals(code(Errno.EISDIR), rename("file", "two", 0));
    assertEquals(code(Errno.EINVAL), rename("two", "two/below", 0));
    long inode = inode("two");
    assertEquals(0, rename("two", "one", 0));
    assertEquals(inode, inode("one"));
    assertEquals(FileType.REGULAR, typeOf("one/file", 0));
  }

  @Test
  void aRenameCanSpareWhatIsThereOrExchangeBoth() throws Exception {
    backend();
    makeFile("file");
    makeFile("other");
    assertEquals(0, makeDirectory("directory"));
    if (!current().has(Capability.RENAME_FLAGS)) {
      int refused = code(Errno.EOPNOTSUPP);
      assertEquals(refused, rename("file", "other", PathRequest.NO_REPLACE));
      assertEquals(refused, rename("file", "other", PathRequest.EXCHANGE));
      return;
    }
    assertEquals(code(Errno.EEXIST), rename("file", "other", PathRequest.NO_REPLACE));
    assertEquals(code(Errno.ENOENT), rename("file", "absent", PathRequest.EXCHANGE));
    long inode = inode("file");
    assertEquals(0, rename("file", "directory", PathRequest.EXCHANGE));
    assertEquals(inode, inode("directory"));
    assertEquals(FileType.DIRECTORY, typeOf("file", 0));
    assertEquals(0, rename("directory", "file/new", PathRequest.NO_REPLACE));
    assertEquals(inode, inode("file/new"));
    assertEquals(code(Errno.EINVAL), rename("file", "file/new", PathRequest.EXCHANGE));
    assertEquals(code(Errno.EINVAL), rename("file/new", "file", PathRequest.EXCHANGE));
  }

  @Test
  void aLinkIsOneMoreNameOfAFile() throws Exception {
    backend();
    makeFile("file");
    assertEquals(0, link("file", "link", 0));
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, stat("link", 0, attributes));
    assertEquals(2, attributes.links);
    assertEquals(inode("file"), attributes.inode);
    assertEquals(code(Errno.EEXIST), link("file", "link", 0));
    assertEquals(code(Errno.ENOENT), link("absent", "other", 0));
    assertEquals(0, makeDirectory("directory"));
    assertEquals(code(Errno.EPERM), link("directory", "other", 0));
    assertEquals(0, remove("file", 0));
    assertEquals(attributes.inode, inode("link"));
  }

  @Test
  void aSymbolicLinkIsFollowedExceptAtTheEndOfAName() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    makeFile("directory/file");
    assertEquals(0, symlink("directory", "link"));
    assertEquals(FileType.LINK, typeOf("link", 0));
    assertEquals(FileType.DIRECTORY, typeOf("link", PathRequest.FOLLOW));
    assertEquals(inode("directory/file"), inode("link/file"));
    assertEquals(0, symlink("../link/file", "directory/second"));
    int file = openFile("directory/second", OpenFlags.READ);
    assertEquals("directory/file", read(file, 100, 0));
    discard(file);
    assertEquals(0, link("directory/second", "third", PathRequest.FOLLOW));
    assertEquals(inode("directory/file"), inode("third"));
    assertEquals(0, link("link", "fourth", 0));
    assertEquals(FileType.LINK, typeOf("fourth", 0));
    assertEquals(code(Errno.EEXIST), symlink("directory", "link"));
    assertEquals(code(Errno.ENOENT), symlink("", "empty"));
    assertEquals(code(Errno.EEXIST), makeDirectory("link"));
    assertEquals(0, remove("link", 0));
    assertEquals(FileType.REGULAR, typeOf("directory/file", 0));
  }

  @Test
  void aSymbolicLinkMayLeadNowhereOrToItself() throws Exception {
    backend();
    assertEquals(0, symlink("absent", "dangling"));
    assertEquals(FileType.LINK, typeOf("dangling", 0));
    FileAttributes attributes = new FileAttributes();
    assertEquals(code(Errno.ENOENT), stat("dangling", PathRequest.FOLLOW, attributes));
    int exclusive = CREATE | OpenFlags.EXCLUSIVE;
    assertEquals(code(Errno.EEXIST), openFile("dangling", exclusive));
    makeFile("dangling"); // makes what the link leads to
    assertEquals(FileType.REGULAR, typeOf("absent", 0));
    assertEquals(0, symlink("loop", "loop"));
    assertEquals(code(Errno.ELOOP), stat("loop", PathRequest.FOLLOW, attributes));
    assertEquals(code(Errno.ELOOP), stat("loop/file", 0, attributes));
    assertEquals(FileType.LINK, typeOf("loop", 0));
  }

  @Test
  void filesOfOneFileSystemHaveItsDevice() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    makeFile("directory/file");
    FileAttributes one = new FileAttributes();
    FileAttributes other = new FileAttributes();
    assertEquals(0, stat("directory", 0, one));
    int file = openFile("directory/file", OpenFlags.READ);
    assertEquals(0, perform(op -> op.stat(at(file), other)));
    assertTrue(one.device != 0);
    assertEquals(one.device, other.device);
    discard(file);
  }

  @Test
  void namesAreBytesOfAnyValueAndOfTheSystemsLength() throws Exception {
    backend();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(name("line\n"));
    bytes.write(0xff);
    bytes.write(0xfe);
    byte[] odd = bytes.toByteArray();
    assertEquals(0, perform(PathRequest.makeDirectory(null, odd, 0700)));
    FileAttributes attributes = new FileAttributes();
    assertEquals(0, perform(PathRequest.stat(null, odd, 0, attributes)));
    assertEquals(FileType.DIRECTORY, attributes.type);
    assertEquals(0, perform(PathRequest.rename(null, odd, null, name("plain"), 0)));
    assertEquals(FileType.DIRECTORY, typeOf("plain", 0));
    assertEquals(0, makeDirectory("x".repeat(255)));
    assertEquals(code(Errno.ENAMETOOLONG), makeDirectory("x".repeat(256)));
    int room = 4095 - path("").length();
    String file = room % 2 == 0 ? "file" : "files";
    String dots = "./".repeat((room - file.length()) / 2);
    makeFile(file);
    assertEquals(FileType.REGULAR, typeOf(dots + file, 0));
    assertEquals(code(Errno.ENAMETOOLONG), absent(dots + file + "x"));
    assertEquals(code(Errno.ENOENT), perform(PathRequest.stat(null, relative(""), 0, attributes)));
  }

  @Test
  void namesInAnOpenDirectoryAreFoundWhateverItsOwnNameIs() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    int descriptor = openFile("directory", OpenFlags.READ);
    Handle directory = at(descriptor);
    FileAttributes attributes = new FileAttributes();
    byte[] one = relative("one");
    byte[] two = relative("two");
    if (!current().has(Capability.OPEN_DIRECTORIES)) {
      int refused = code(Errno.EOPNOTSUPP);
      assertEquals(refused, perform(PathRequest.makeDirectory(directory, one, 0700)));
      assertEquals(refused, perform(op -> op.open(directory, two, CREATE, 0600)));
      discard(descriptor);
      return;
    }
    assertEquals(0, rename("directory", "renamed", 0));
    assertEquals(0, perform(PathRequest.makeDirectory(directory, one, 0700)));
    int file = perform(op -> op.open(directory, two, CREATE, 0600));
    assertTrue(file >= 0, () -> "open: " + file);
    assertEquals(FileType.REGULAR, typeOf("renamed/two", 0));
    assertEquals(0, perform(PathRequest.rename(directory, two, null, name("moved"), 0)));
    assertEquals(0, perform(PathRequest.link(null, name("moved"), directory, two, 0)));
    assertEquals(0, perform(PathRequest.symlink(two, directory, relative("three"))));
    assertEquals(
        0, perform(PathRequest.stat(directory, relative("three"), PathRequest.FOLLOW, attributes)));
    assertEquals(FileType.REGULAR, attributes.type);
    assertEquals(0, perform(PathRequest.remove(directory, one, PathRequest.DIRECTORY)));
    Handle notOne = at(file);
    assertEquals(code(Errno.ENOTDIR), perform(PathRequest.makeDirectory(notOne, one, 0700)));
    discard(descriptor, file);
  }
}
