// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an operation on names of files needs. A name is bytes without a NUL. It is relative to an
 * open directory, or to the working directory if there is none, unless it begins with a slash.
 */
public final class PathRequest {
  /** STAT_PATH and LINK: a symbolic link stands for what it leads to. */
  public static final int FOLLOW = 1;

  /** REMOVE: the name is that of a directory. */
  public static final int DIRECTORY = 1 << 1;

  /** RENAME: fails if the new name exists. */
  public static final int NO_REPLACE = 1 << 2;

  /** RENAME: each of two files gets the name of the other. */
  public static final int EXCHANGE = 1 << 3;

  /** SET_XATTR: fails if the attribute exists. */
  public static final int CREATE = 1 << 4;

  /** SET_XATTR: fails unless the attribute exists. */
  public static final int REPLACE = 1 << 5;

  /** SET_PERMISSIONS and TRUNCATE: of an open file, which stands for the directory. */
  public static final int OPEN_FILE = 1 << 6;

  private static final byte[] NONE = {};

  final Opcode opcode;
  @Nullable Handle directory;
  private final byte[] name;
  final @Nullable Handle otherDirectory;
  private final byte[] otherName;
  private final int flags;
  private final @Nullable FileAttributes attributes;
  private int permissions;
  private long sizeBytes;

  /** What is written, or has been read. */
  private byte[] value = NONE;

  private @Nullable MemorySegment names;
  private @Nullable MemorySegment valueMemory;

  private PathRequest(
      Opcode opcode,
      @Nullable Handle directory,
      byte[] name,
      @Nullable Handle otherDirectory,
      byte[] otherName,
      int flags,
      @Nullable FileAttributes attributes) {
    this.opcode = opcode;
    this.directory = directory;
    this.name = name;
    this.otherDirectory = otherDirectory;
    this.otherName = otherName;
    this.flags = flags;
    this.attributes = attributes;
  }

  /** Reads the attributes of a file into {@code target}. */
  public static PathRequest stat(
      @Nullable Handle directory, byte[] name, int flags, FileAttributes target) {
    return new PathRequest(Opcode.STAT_PATH, directory, name, null, NONE, flags, target);
  }

  /** Makes a directory; the umask takes from its permissions. */
  public static PathRequest makeDirectory(
      @Nullable Handle directory, byte[] name, int permissions) {
    PathRequest request =
        new PathRequest(Opcode.MAKE_DIRECTORY, directory, name, null, NONE, 0, null);
    request.permissions = permissions;
    return request;
  }

  /** Sets the permissions of a file; a symbolic link stands for what it leads to. */
  public static PathRequest setPermissions(
      @Nullable Handle directory, byte[] name, int permissions) {
    PathRequest request =
        new PathRequest(Opcode.SET_PERMISSIONS, directory, name, null, NONE, 0, null);
    request.permissions = permissions;
    return request;
  }

  /** Sets the permissions of an open file. */
  public static PathRequest setPermissions(Handle file, int permissions) {
    PathRequest request =
        new PathRequest(Opcode.SET_PERMISSIONS, file, NONE, null, NONE, OPEN_FILE, null);
    request.permissions = permissions;
    return request;
  }

  /** Sets the size of an open file. */
  public static PathRequest truncate(Handle file, long sizeBytes) {
    PathRequest request = new PathRequest(Opcode.TRUNCATE, file, NONE, null, NONE, OPEN_FILE, null);
    request.sizeBytes = sizeBytes;
    return request;
  }

  /** Removes a name. */
  public static PathRequest remove(@Nullable Handle directory, byte[] name, int flags) {
    return new PathRequest(Opcode.REMOVE, directory, name, null, NONE, flags, null);
  }

  /** Gives a file another name, perhaps in another directory of the same file system. */
  public static PathRequest rename(
      @Nullable Handle directory,
      byte[] name,
      @Nullable Handle newDirectory,
      byte[] newName,
      int flags) {
    return new PathRequest(Opcode.RENAME, directory, name, newDirectory, newName, flags, null);
  }

  /** Gives a file one more name. */
  public static PathRequest link(
      @Nullable Handle directory,
      byte[] name,
      @Nullable Handle newDirectory,
      byte[] newName,
      int flags) {
    return new PathRequest(Opcode.LINK, directory, name, newDirectory, newName, flags, null);
  }

  /**
   * Makes a symbolic link.
   *
   * @param content what the link leads to, as it is written in it: the {@link #name} of the request
   * @param directory where the link is
   * @param name the {@link #otherName} of the request
   */
  public static PathRequest symlink(byte[] content, @Nullable Handle directory, byte[] name) {
    return new PathRequest(Opcode.SYMLINK, null, content, directory, name, 0, null);
  }

  /** Reads the content of a symbolic link: the {@link #value}. */
  public static PathRequest readLink(@Nullable Handle directory, byte[] name) {
    return new PathRequest(Opcode.READ_LINK, directory, name, null, NONE, 0, null);
  }

  /**
   * Reads, writes, removes or lists extended attributes (xattr(7)): those of an open file if the
   * name is empty, otherwise of the file of that name, without a symbolic link at its end if FOLLOW
   * is not set.
   *
   * @param opcode GET_XATTR, SET_XATTR, REMOVE_XATTR or LIST_XATTRS
   * @param file an open file, or null
   * @param name relative to the working directory
   * @param attribute the {@link #otherName} of the request; empty for LIST_XATTRS
   * @param value what SET_XATTR writes
   */
  public static PathRequest xattr(
      Opcode opcode,
      @Nullable Handle file,
      byte[] name,
      byte[] attribute,
      byte[] value,
      int flags) {
    PathRequest request = new PathRequest(opcode, file, name, null, attribute, flags, null);
    request.value = value;
    return request;
  }

  /** Uses another descriptor of the open file that the request is about. */
  public void use(Handle file) {
    directory = file;
  }

  /** Whether the name is looked up in an open directory. */
  public boolean isInDirectory() {
    return directory != null;
  }

  public byte[] name() {
    return name;
  }

  /** Whether the other name is looked up in an open directory. */
  public boolean isOtherInDirectory() {
    return otherDirectory != null;
  }

  /** The new name of RENAME and LINK, or that of SYMLINK. */
  public byte[] otherName() {
    return otherName;
  }

  /** Whether a flag is set. */
  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Those of MAKE_DIRECTORY and SET_PERMISSIONS. */
  public int permissions() {
    return permissions;
  }

  /** That of TRUNCATE. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** What STAT_PATH fills. */
  public FileAttributes attributes() {
    return Objects.requireNonNull(attributes);
  }

  /** The names, each with a NUL, in native memory that lives as long as this. */
  public MemorySegment names() {
    MemorySegment found = names;
    if (found == null) {
      found = Arena.ofAuto().allocate(name.length + otherName.length + 2L);
      MemorySegment.copy(name, 0, found, JAVA_BYTE, 0, name.length);
      MemorySegment.copy(otherName, 0, found, JAVA_BYTE, name.length + 1L, otherName.length);
      names = found;
    }
    return found;
  }

  /** The content of READ_LINK, the value of an attribute, or all names, each with a NUL. */
  public byte[] value() {
    return value;
  }

  /** Sets what has been read; returns 0, the result. */
  public int answer(byte[] value) {
    this.value = value;
    return 0;
  }

  /** The value in native memory that lives as long as this, with {@code capacity} bytes. */
  public MemorySegment valueMemory(long capacity) {
    MemorySegment found = valueMemory;
    if (found == null) {
      found = Arena.ofAuto().allocate(Math.max(1, Math.max(capacity, value.length)));
      MemorySegment.copy(value, 0, found, JAVA_BYTE, 0, value.length);
      valueMemory = found;
    }
    return found;
  }

  /** Takes what the kernel has written to {@link #valueMemory}; returns 0. */
  public int answerFromMemory(int length) {
    MemorySegment source = valueMemory(0);
    return answer(source.asSlice(0, Math.min(length, source.byteSize())).toArray(JAVA_BYTE));
  }
}
