// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Extended attributes (xattr(7)), which root may use in all namespaces. */
final class Xattrs {
  private static final List<String> NAMESPACES = List.of("user.", "trusted.", "security.");
  private static final int NAME_MAX = 255;
  private static final int VALUE_MAX = 65536;

  private Xattrs() {}

  /** Returns 0, or -errno. */
  static int perform(Opcode opcode, Node node, PathRequest request, long now) {
    if (opcode == Opcode.LIST_XATTRS) {
      return request.answer(names(node));
    }
    String name = PathLookup.text(request.otherName());
    int refusal = check(opcode, node, name);
    if (refusal < 0) {
      return refusal;
    }
    byte[] value = node.xattrs.get(name);
    return switch (opcode) {
      case GET_XATTR -> get(value, request);
      case SET_XATTR -> set(node, name, value, request, now);
      default -> {
        if (value == null) {
          yield -Errno.ENODATA.code();
        }
        node.xattrs.remove(name);
        node.changed = now;
        yield 0;
      }
    };
  }

  private static int check(Opcode opcode, Node node, String name) {
    if (name.isEmpty() || name.length() > NAME_MAX) {
      return -Errno.ERANGE.code();
    }
    if (NAMESPACES.stream().noneMatch(each -> name.startsWith(each) && !name.equals(each))) {
      return -Errno.EOPNOTSUPP.code();
    }
    boolean refused = node.target != null && name.startsWith("user.");
    if (!refused) {
      return 0;
    }
    return -(opcode == Opcode.GET_XATTR ? Errno.ENODATA : Errno.EPERM).code();
  }

  private static byte[] names(Node node) {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (String name : node.xattrs.keySet()) {
      names.writeBytes(name.getBytes(StandardCharsets.ISO_8859_1));
      names.write(0);
    }
    return names.toByteArray();
  }

  private static int get(byte @Nullable [] value, PathRequest request) {
    if (value == null) {
      return -Errno.ENODATA.code();
    }
    boolean fits = value.length <= request.value().length;
    return fits ? request.answer(value.clone()) : -Errno.ERANGE.code();
  }

  private static int set(
      Node node, String name, byte @Nullable [] before, PathRequest request, long now) {
    if (before == null && request.has(PathRequest.REPLACE)) {
      return -Errno.ENODATA.code();
    }
    if (before != null && request.has(PathRequest.CREATE)) {
      return -Errno.EEXIST.code();
    }
    if (request.value().length > VALUE_MAX) {
      return -Errno.E2BIG.code();
    }
    node.xattrs.put(name, request.value().clone());
    node.changed = now;
    return 0;
  }
}
