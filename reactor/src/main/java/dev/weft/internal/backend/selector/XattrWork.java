// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;

/** Extended attributes, of which the JDK knows those in the namespace {@code user}. */
final class XattrWork {
  private static final String NAMESPACE = "user.";

  private XattrWork() {}

  /** Returns 0, or -errno. */
  static int perform(Opcode opcode, Path path, PathRequest request) throws IOException {
    if (!request.has(PathRequest.FOLLOW) && Files.isSymbolicLink(path)) {
      return Entry.UNSUPPORTED;
    }
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(path, UserDefinedFileAttributeView.class, new LinkOption[0]);
    if (view == null) {
      return Entry.UNSUPPORTED;
    }
    if (opcode == Opcode.LIST_XATTRS) {
      return request.answer(names(view));
    }
    String full = new String(request.otherName(), StandardCharsets.UTF_8);
    if (!full.startsWith(NAMESPACE) || full.length() == NAMESPACE.length()) {
      return Entry.UNSUPPORTED;
    }
    String name = full.substring(NAMESPACE.length());
    return switch (opcode) {
      case GET_XATTR -> get(view, name, request);
      case SET_XATTR -> set(view, name, request);
      case REMOVE_XATTR -> {
        view.delete(name);
        yield 0;
      }
      default -> throw new AssertionError(opcode);
    };
  }

  private static byte[] names(UserDefinedFileAttributeView view) throws IOException {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (String name : view.list()) {
      names.writeBytes((NAMESPACE + name).getBytes(StandardCharsets.UTF_8));
      names.write(0);
    }
    return names.toByteArray();
  }

  private static int get(UserDefinedFileAttributeView view, String name, PathRequest request)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(view.size(name));
    if (buffer.capacity() > request.value().length) {
      return -Errno.ERANGE.code();
    }
    view.read(name, buffer);
    byte[] value = new byte[buffer.flip().remaining()];
    buffer.get(value);
    return request.answer(value);
  }

  private static int set(UserDefinedFileAttributeView view, String name, PathRequest request)
      throws IOException {
    if (request.has(PathRequest.CREATE | PathRequest.REPLACE)) {
      boolean exists = view.list().contains(name);
      if (exists == request.has(PathRequest.CREATE)) {
        return exists ? -Errno.EEXIST.code() : -Errno.ENODATA.code();
      }
    }
    view.write(name, ByteBuffer.wrap(request.value()));
    return 0;
  }
}
