// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.strand.Strand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations on the extended attributes of a file: an open one, or the one that a path leads to.
 * Each suspends.
 */
public final class XattrCalls {
  private static final byte[] NONE = {};

  /** Values up to so many bytes are read by one operation. */
  private static final int SHORT_VALUE = 256;

  /** The most bytes of any value, XATTR_SIZE_MAX. */
  private static final int VALUE_MAX = 65536;

  private XattrCalls() {}

  /** The value of an attribute, or null if there is none of that name. */
  public static byte @Nullable [] get(
      @Nullable Endpoint file, Object subject, String attribute, long deadline) throws IOException {
    byte[] name = bytes(attribute);
    int capacity = SHORT_VALUE;
    while (true) {
      PathRequest request = request(Opcode.GET_XATTR, file, subject, name, new byte[capacity], 0);
      int result = perform(file, "getxattr", subject, request, deadline);
      if (result == -Errno.ENODATA.code()) {
        return null;
      }
      if (result != -Errno.ERANGE.code() || capacity == VALUE_MAX) {
        PathCalls.check("getxattr", subject, result);
        return request.value();
      }
      capacity = VALUE_MAX;
    }
  }

  /** Sets an attribute; {@code flags} are those of a {@link PathRequest}. */
  public static void set(
      @Nullable Endpoint file,
      Object subject,
      String attribute,
      byte[] value,
      int flags,
      long deadline)
      throws IOException {
    byte[] written = value.clone(); // until the operation is done
    PathRequest request =
        request(Opcode.SET_XATTR, file, subject, bytes(attribute), written, flags);
    PathCalls.check("setxattr", subject, perform(file, "setxattr", subject, request, deadline));
  }

  public static void remove(
      @Nullable Endpoint file, Object subject, String attribute, long deadline) throws IOException {
    PathRequest request = request(Opcode.REMOVE_XATTR, file, subject, bytes(attribute), NONE, 0);
    int result = perform(file, "removexattr", subject, request, deadline);
    PathCalls.check("removexattr", subject, result);
  }

  /** The names of the attributes. */
  public static List<String> list(@Nullable Endpoint file, Object subject, long deadline)
      throws IOException {
    PathRequest request = request(Opcode.LIST_XATTRS, file, subject, NONE, NONE, 0);
    PathCalls.check("listxattr", subject, perform(file, "listxattr", subject, request, deadline));
    byte[] bytes = request.value();
    List<String> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        names.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
        start = i + 1;
      }
    }
    return names;
  }

  private static byte[] bytes(String attribute) {
    if (attribute.indexOf(0) >= 0) {
      throw new IllegalArgumentException("the name of an attribute contains a NUL: " + attribute);
    }
    return attribute.getBytes(StandardCharsets.UTF_8);
  }

  private static PathRequest request(
      Opcode opcode,
      @Nullable Endpoint file,
      Object subject,
      byte[] attribute,
      byte[] value,
      int flags) {
    byte[] path = subject instanceof Path named ? PathCalls.bytes(named) : NONE;
    return file == null
        ? PathRequest.xattr(opcode, null, path, attribute, value, flags | PathRequest.FOLLOW)
        : PathRequest.xattr(opcode, file.handle(), NONE, attribute, value, flags);
  }

  private static int perform(
      @Nullable Endpoint file, String verb, Object subject, PathRequest request, long deadline)
      throws IOException {
    Strand strand = PathCalls.enter(file, verb);
    Backend backend = strand.loop.backend();
    if (file == null) {
      return PathCalls.perform(strand, verb, subject, request, deadline);
    }
    backend.require(Capability.ALL_XATTRS, verb + " of an open file");
    return FileCalls.perform(strand, verb, file, subject, request, deadline);
  }
}
