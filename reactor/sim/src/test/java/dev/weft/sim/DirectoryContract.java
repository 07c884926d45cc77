// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a backend promises of the contents of directories and links, and of extended attributes. */
abstract class DirectoryContract extends PathContract {
  private static final byte[] NONE = {};

  // ---- listing

  /** Lists a directory to its end: the types by the names. */
  private Map<String, FileType> list(int directory) {
    Map<String, FileType> found = new TreeMap<>();
    DirectoryBatch batch = new DirectoryBatch();
    int count;
    while ((count = perform(op -> op.list(at(directory), batch))) > 0) {
      assertEquals(count, batch.count());
      for (int i = 0; i < count; i++) {
        String name = new String(batch.name(i), StandardCharsets.ISO_8859_1);
        assertEquals(null, found.put(name, batch.type(i)), name);
      }
    }
    assertEquals(0, count);
    return found;
  }

  @Test
  void aListingGivesEachNameOnce() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    assertEquals(0, symlink("absent", "directory/link"));
    assertEquals(0, makeDirectory("directory/below"));
    Map<String, FileType> expected = new TreeMap<>();
    expected.put("link", FileType.LINK);
    expected.put("below", FileType.DIRECTORY);
    for (int i = 0; i < 300; i++) {
      makeFile("directory/file" + i);
      expected.put("file" + i, FileType.REGULAR);
    }
    int directory = openFile("directory", OpenFlags.READ);
    assertEquals(expected, list(directory));
    assertEquals(Map.of(), list(directory), "the end stays the end");
    discard(directory);
  }

  @Test
  void anEmptyOrRemovedDirectoryHasNoEntries() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    int directory = openFile("directory", OpenFlags.READ);
    assertEquals(Map.of(), list(directory));
    int again = openFile("directory", OpenFlags.READ);
    assertEquals(0, remove("directory", PathRequest.DIRECTORY));
    if (current().has(Capability.OPEN_DIRECTORIES)) { // otherwise the name is needed
      assertEquals(Map.of(), list(again));
    }
    discard(directory, again);
  }

  @Test
  void whatChangesWhileItIsListedDisturbsNoOtherName() throws Exception {
    backend();
    assertEquals(0, makeDirectory("directory"));
    for (int i = 0; i < 1000; i++) {
      makeFile("directory/file" + i);
    }
    int directory = openFile("directory", OpenFlags.READ);
    DirectoryBatch batch = new DirectoryBatch();
    assertTrue(perform(op -> op.list(at(directory), batch)) > 0);
    Map<String, FileType> found = new TreeMap<>();
    for (int i = 0; i < batch.count(); i++) {
      found.put(new String(batch.name(i), StandardCharsets.US_ASCII), batch.type(i));
    }
    for (int i = 500; i < 1000; i++) {
      assertEquals(0, remove("directory/file" + i, 0));
    }
    makeFile("directory/new");
    found.putAll(list(directory));
    for (int i = 0; i < 500; i++) {
      assertTrue(found.containsKey("file" + i));
    }
    discard(directory);
  }

  @Test
  void onlyADirectoryIsListed() throws Exception {
    backend();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    DirectoryBatch batch = new DirectoryBatch();
    assertEquals(code(Errno.ENOTDIR), perform(op -> op.list(at(file), batch)));
    assertEquals(code(Errno.EBADF), perform(op -> op.list(at(98_765), batch)));
    discard(file);
  }

  @Test
  void aListingThatIsCancelledCompletesOnce() throws Exception {
    Backend backend = backend();
    int directory = openFile("", OpenFlags.READ);
    for (int i = 0; i < 20; i++) {
      Op op = backend.create(completed::add);
      backend.submit(op.list(at(directory), new DirectoryBatch()));
      backend.cancel(op);
    }
    pollUntilCompleted(20);
    for (Op op : completed) {
      assertTrue(op.result() >= 0 || op.result() == CANCELED, op::toString);
    }
    assertEquals(0, backend.inFlight());
    discard(directory);
  }

  @Test
  void closingWaitsForAListing() throws Exception {
    Backend backend = backend();
    int directory = openFile("", OpenFlags.READ);
    Op op = backend.create(completed::add);
    backend.submit(op.list(at(directory), new DirectoryBatch()));
    backend.poll(0);
    backend.close();
    assertEquals(1, completed.size());
  }

  // ---- contents of symbolic links

  private int readLink(String name, String expected) {
    PathRequest request = PathRequest.readLink(null, name(name));
    int result = perform(op -> op.onPath(request));
    if (result == 0) {
      assertEquals(expected, new String(request.value(), StandardCharsets.UTF_8));
    }
    return result;
  }

  @Test
  void theContentOfASymbolicLinkIsWhatWasWritten() throws Exception {
    backend();
    String long4095 = "x".repeat(4095);
    assertEquals(0, symlink("../some/where", "link"));
    assertEquals(0, readLink("link", "../some/where"));
    assertEquals(0, symlink(long4095, "long"));
    assertEquals(0, readLink("long", long4095));
    makeFile("file");
    assertEquals(code(Errno.EINVAL), readLink("file", ""));
    assertEquals(code(Errno.ENOENT), readLink("absent", ""));
    assertEquals(code(Errno.ENOENT), perform(op -> op.onPath(PathRequest.readLink(null, NONE))));
  }

  // ---- extended attributes

  private int set(String name, String attribute, byte[] value, int flags) {
    return xattr(Opcode.SET_XATTR, name, attribute, value, flags).result;
  }

  private static final class Outcome {
    final int result;
    final byte[] value;

    Outcome(int result, byte[] value) {
      this.result = result;
      this.value = value;
    }
  }

  private Outcome xattr(Opcode opcode, String name, String attribute, byte[] value, int flags) {
    byte[] bytes = attribute.getBytes(StandardCharsets.UTF_8);
    int all = flags | PathRequest.FOLLOW;
    PathRequest request = PathRequest.xattr(opcode, null, name(name), bytes, value, all);
    return new Outcome(perform(op -> op.onPath(request)), request.value());
  }

  @Test
  void attributesAreSetReadListedAndRemoved() throws Exception {
    backend();
    makeFile("file");
    byte[] value = {0, 1, -1};
    assertEquals(0, set("file", "user.one", value, 0));
    assertEquals(0, set("file", "user.two", NONE, PathRequest.CREATE));
    assertEquals(code(Errno.EEXIST), set("file", "user.one", value, PathRequest.CREATE));
    assertEquals(code(Errno.ENODATA), set("file", "user.three", value, PathRequest.REPLACE));
    Outcome read = xattr(Opcode.GET_XATTR, "file", "user.one", new byte[10], 0);
    assertEquals(0, read.result);
    assertArrayEquals(value, read.value);
    assertArrayEquals(NONE, xattr(Opcode.GET_XATTR, "file", "user.two", new byte[10], 0).value);
    Outcome tight = xattr(Opcode.GET_XATTR, "file", "user.one", new byte[2], 0);
    assertEquals(code(Errno.ERANGE), tight.result);
    Outcome listed = xattr(Opcode.LIST_XATTRS, "file", "", NONE, 0);
    assertEquals(0, listed.result);
    String[] names = new String(listed.value, StandardCharsets.UTF_8).split("\0");
    assertTrue(Arrays.asList(names).contains("user.one"));
    assertTrue(Arrays.asList(names).contains("user.two"));
    assertEquals(0, xattr(Opcode.REMOVE_XATTR, "file", "user.one", NONE, 0).result);
    int again = xattr(Opcode.REMOVE_XATTR, "file", "user.one", NONE, 0).result;
    assertEquals(code(Errno.ENODATA), again);
    Outcome gone = xattr(Opcode.GET_XATTR, "file", "user.one", new byte[10], 0);
    assertEquals(code(Errno.ENODATA), gone.result);
  }

  @Test
  void anAttributeNeedsAFileAndANamespace() throws Exception {
    backend();
    makeFile("file");
    assertEquals(code(Errno.ENOENT), set("absent", "user.one", NONE, 0));
    assertEquals(code(Errno.EOPNOTSUPP), set("file", "one", NONE, 0));
    Outcome read = xattr(Opcode.GET_XATTR, "absent", "user.one", new byte[10], 0);
    assertEquals(code(Errno.ENOENT), read.result);
  }

  @Test
  void attributesOfAnOpenFileAreThoseOfTheFile() throws Exception {
    backend();
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    byte[] name = "user.one".getBytes(StandardCharsets.UTF_8);
    byte[] value = {7};
    PathRequest set = PathRequest.xattr(Opcode.SET_XATTR, at(file), NONE, name, value, 0);
    if (!current().has(Capability.ALL_XATTRS)) {
      assertEquals(code(Errno.EOPNOTSUPP), perform(op -> op.onPath(set)));
      discard(file);
      return;
    }
    assertEquals(0, perform(op -> op.onPath(set)));
    assertEquals(0, remove("file", 0));
    PathRequest get = PathRequest.xattr(Opcode.GET_XATTR, at(file), NONE, name, new byte[10], 0);
    assertEquals(0, perform(op -> op.onPath(get)));
    assertArrayEquals(value, get.value());
    PathRequest list = PathRequest.xattr(Opcode.LIST_XATTRS, at(file), NONE, NONE, NONE, 0);
    assertEquals(0, perform(op -> op.onPath(list)));
    assertTrue(new String(list.value(), StandardCharsets.UTF_8).contains("user.one\0"));
    PathRequest remove = PathRequest.xattr(Opcode.REMOVE_XATTR, at(file), NONE, name, NONE, 0);
    assertEquals(0, perform(op -> op.onPath(remove)));
    assertEquals(code(Errno.ENODATA), perform(op -> op.onPath(remove)));
    discard(file);
  }

  @Test
  void aSymbolicLinkItselfHasNoAttributesOfUsers() throws Exception {
    backend();
    require(Capability.ALL_XATTRS);
    makeFile("file");
    assertEquals(0, set("file", "user.one", NONE, 0));
    assertEquals(0, symlink("file", "link"));
    byte[] name = "user.one".getBytes(StandardCharsets.UTF_8);
    for (Opcode opcode : new Opcode[] {Opcode.SET_XATTR, Opcode.REMOVE_XATTR}) {
      PathRequest request = PathRequest.xattr(opcode, null, name("link"), name, NONE, 0);
      assertEquals(code(Errno.EPERM), perform(op -> op.onPath(request)));
    }
    PathRequest get =
        PathRequest.xattr(Opcode.GET_XATTR, null, name("link"), name, new byte[10], 0);
    assertEquals(code(Errno.ENODATA), perform(op -> op.onPath(get)));
  }
}
