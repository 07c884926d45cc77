// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.os.LibcFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** System calls that a ring has no opcode for. They block: for threads of their own. */
final class WorkerCalls {
  private static final LibcFunction READLINKAT = LibcFunction.find("readlinkat", 4);
  private static final LibcFunction GETDENTS = LibcFunction.find("getdents64", 3);
  private static final LibcFunction FLISTXATTR = LibcFunction.find("flistxattr", 3);
  private static final LibcFunction LISTXATTR = LibcFunction.find("listxattr", 3);
  private static final LibcFunction LLISTXATTR = LibcFunction.find("llistxattr", 3);
  private static final LibcFunction FREMOVEXATTR = LibcFunction.find("fremovexattr", 2);
  private static final LibcFunction REMOVEXATTR = LibcFunction.find("removexattr", 2);
  private static final LibcFunction LREMOVEXATTR = LibcFunction.find("lremovexattr", 2);
  private static final LibcFunction LGETXATTR = LibcFunction.find("lgetxattr", 4);
  private static final LibcFunction FCHMOD = LibcFunction.find("fchmod", 2);
  private static final LibcFunction FCHMODAT = LibcFunction.find("fchmodat", 4);
  private static final LibcFunction FTRUNCATE = LibcFunction.find("ftruncate", 2);
  private static final LibcFunction LSETXATTR = LibcFunction.find("lsetxattr", 5);

  /** Longer than the content of any symbolic link, PATH_MAX. */
  private static final int LINK_BYTES = 4096;

  /** XATTR_LIST_MAX. */
  private static final int LIST_BYTES = 65536;

  private static final int ENTRIES_BYTES = 32768;

  // struct linux_dirent64, see getdents(2)
  private static final int RECORD_LENGTH = 16;
  private static final int TYPE = 18;
  private static final int NAME = 19;

  /** The type of an entry is the S_IFMT bits of its mode, shifted (readdir(3)). */
  private static final int TYPE_SHIFT = 12;

  private WorkerCalls() {}

  /** Carries out a request on names; returns at least 0, or -errno. */
  static int perform(Opcode opcode, int handle, PathRequest request) {
    boolean isOpen = request.isInDirectory();
    boolean follows = request.has(PathRequest.FOLLOW);
    MemorySegment names = request.names();
    long name = names.address();
    long other = name + request.name().length + 1;
    int size = request.value().length;
    MemorySegment value = request.valueMemory(capacity(opcode, size));
    long target = value.address();
    long capacity = value.byteSize();
    return switch (opcode) {
      case READ_LINK -> {
        int directory = isOpen ? handle : weft_h.AT_FDCWD();
        yield answer(request, READLINKAT.call(directory, name, target, capacity));
      }
      case LIST_XATTRS ->
          answer(
              request,
              isOpen
                  ? FLISTXATTR.call(handle, target, capacity)
                  : (follows ? LISTXATTR : LLISTXATTR).call(name, target, capacity));
      case REMOVE_XATTR ->
          isOpen
              ? FREMOVEXATTR.call(handle, other)
              : (follows ? REMOVEXATTR : LREMOVEXATTR).call(name, other);
      case GET_XATTR -> answer(request, LGETXATTR.call(name, other, target, size));
      case TRUNCATE -> FTRUNCATE.call(handle, request.sizeBytes());
      case SET_PERMISSIONS ->
          request.has(PathRequest.OPEN_FILE)
              ? FCHMOD.call(handle, request.permissions())
              : FCHMODAT.call(isOpen ? handle : weft_h.AT_FDCWD(), name, request.permissions(), 0);
      case SET_XATTR -> LSETXATTR.call(name, other, target, size, PathEntries.xattrFlags(request));
      default -> throw new AssertionError(opcode);
    };
  }

  private static int capacity(Opcode opcode, int size) {
    return switch (opcode) {
      case READ_LINK -> LINK_BYTES;
      case LIST_XATTRS -> LIST_BYTES;
      default -> size;
    };
  }

  private static int answer(PathRequest request, int result) {
    return result < 0 ? result : request.answerFromMemory(result);
  }

  /** Reads entries of a directory; returns their number, or -errno. */
  static int list(int handle, DirectoryBatch target) {
    target.clear();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(ENTRIES_BYTES, Long.BYTES);
      int bytes;
      do {
        bytes = GETDENTS.call(handle, buffer.address(), buffer.byteSize());
        decode(buffer, bytes, target);
      } while (bytes > 0 && target.count() == 0);
      return bytes == -Errno.ENOENT.code() ? 0 : Math.min(bytes, target.count()); // or removed
    }
  }

  private static void decode(MemorySegment entries, int bytes, DirectoryBatch target) {
    for (long at = 0; at < bytes; ) {
      int length = Short.toUnsignedInt(entries.get(JAVA_SHORT_UNALIGNED, at + RECORD_LENGTH));
      long first = at + NAME;
      long end = first;
      while (entries.get(JAVA_BYTE, end) != 0) {
        end++;
      }
      byte[] name = entries.asSlice(first, end - first).toArray(JAVA_BYTE);
      if (!isDots(name)) {
        FileType type = KernelCodes.fileType(entries.get(JAVA_BYTE, at + TYPE) << TYPE_SHIFT);
        target.add(name, type, entries.get(JAVA_LONG_UNALIGNED, at));
      }
      at += length;
    }
  }

  private static boolean isDots(byte[] name) {
    return name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
  }
}
