// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.net.ssl.SSLException;

/** Records of a session that its socket would not send, or not like that. */
final class TlsRecords {
  private static final int RECORD_BYTES_MAX = 20_000;

  private TlsRecords() {}

  /** A record with a text, which is not sent. */
  static byte[] encrypted(TlsSocket socket, String text) throws SSLException {
    return wrapped(socket, StandardCharsets.UTF_8.encode(text));
  }

  /** Sends what the engine itself has to say. */
  static void sendOwn(TlsSocket socket) throws IOException {
    byte[] record = wrapped(socket, ByteBuffer.allocate(0));
    try (Arena arena = Arena.ofShared()) {
      socket.transport().write(arena.allocateFrom(JAVA_BYTE, record));
    }
  }

  private static byte[] wrapped(TlsSocket socket, ByteBuffer source) throws SSLException {
    ByteBuffer target = ByteBuffer.allocate(RECORD_BYTES_MAX);
    socket.engine().wrap(source, target);
    return Arrays.copyOf(target.array(), target.position());
  }
}
