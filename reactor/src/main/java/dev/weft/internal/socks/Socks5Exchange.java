// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.socks;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.mem.Memory;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Messages of one handshake. A message is put together with the {@code put} methods and sent;
 * another one is read piece by piece, of which no more is read than belongs to it: the bytes after
 * a handshake are of another protocol.
 */
public final class Socks5Exchange implements AutoCloseable {
  /** The longest message: a version, and a user and a password after their lengths. */
  private static final int BUFFER_BYTES = 1 + 1 + 255 + 1 + 255;

  private final ByteStream stream;
  private final String operation;
  private final String subject;
  private final Deadline deadline;

  // A backend that can't access addresses can't access what is confined to a fiber either.
  private final Arena arena = Memory.isAccessible() ? Arena.ofConfined() : Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
  private int at;

  /**
   * Begins an exchange.
   *
   * @param operation what it is for; a failure is of that
   * @param subject the object of the operation
   */
  public Socks5Exchange(ByteStream stream, String operation, String subject, Deadline deadline) {
    this.stream = stream;
    this.operation = operation;
    this.subject = subject;
    this.deadline = deadline;
  }

  /** A failure of the exchange. */
  public ErrnoException failure(Errno errno, String detail) {
    return new ErrnoException(operation, subject + ": " + detail, errno.code());
  }

  private ErrnoException violation(String detail) {
    return failure(Errno.EPROTO, detail);
  }

  // ---- sending

  /** Appends a byte to the message. */
  public Socks5Exchange put(int value) {
    buffer.set(JAVA_BYTE, at++, (byte) value);
    return this;
  }

  private void append(byte[] bytes) {
    MemorySegment.copy(bytes, 0, buffer, JAVA_BYTE, at, bytes.length);
    at += bytes.length;
  }

  /** Appends a text of at most 255 bytes, after its length. */
  public Socks5Exchange put(byte[] text) {
    put(text.length);
    append(text);
    return this;
  }

  /** Appends an address and its port; a name if it is not resolved. */
  public Socks5Exchange put(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    if (ip == null) {
      put(Socks5.NAME).put(address.getHostString().getBytes(US_ASCII));
    } else {
      byte[] bytes = ip.getAddress();
      put(bytes.length == 4 ? Socks5.IPV4 : Socks5.IPV6);
      append(bytes);
    }
    int port = address.getPort();
    return put(port >>> 8).put(port);
  }

  /** Throws if an address can't be sent. */
  public static void check(InetSocketAddress address) {
    if (!address.isUnresolved()) {
      return;
    }
    String name = address.getHostString();
    if (name.isEmpty() || name.length() > 255 || !name.chars().allMatch(Socks5Exchange::isOfName)) {
      throw new IllegalArgumentException(
          "a host name must have 1 to 255 visible ASCII characters in SOCKS5: " + name);
    }
  }

  private static boolean isOfName(int character) {
    return character > ' ' && character < 0x7f;
  }

  /** Sends the message. Suspends. */
  public void send() throws IOException {
    int bytes = at;
    at = 0;
    stream.write(buffer.asSlice(0, bytes), deadline);
    buffer.fill((byte) 0); // it may hold a password
  }

  // ---- receiving

  private MemorySegment read(int bytes) throws IOException {
    MemorySegment target = buffer.asSlice(0, bytes);
    if (bytes > 0) {
      stream.readFully(target, deadline);
    }
    return target;
  }

  private static int unsigned(MemorySegment segment, int index) {
    return segment.get(JAVA_BYTE, index) & 0xff;
  }

  /** Receives a version, which must be {@code version}, and the byte after it. Suspends. */
  public int receiveVersioned(int version, String what) throws IOException {
    MemorySegment both = read(2);
    int received = unsigned(both, 0);
    if (received != version) {
      throw violation(what + " has version " + received + " instead of " + version);
    }
    return unsigned(both, 1);
  }

  /** Receives a byte. Suspends. */
  public int receive() throws IOException {
    return unsigned(read(1), 0);
  }

  /** Receives {@code count} bytes; returns whether {@code value} is among them. Suspends. */
  public boolean receiveAndFind(int count, int value) throws IOException {
    MemorySegment bytes = read(count);
    boolean isFound = false;
    for (int i = 0; i < count; i++) {
      isFound |= unsigned(bytes, i) == value;
    }
    return isFound;
  }

  /** Receives a text of {@code length} bytes. Suspends. */
  public String receiveText(int length) throws IOException {
    MemorySegment bytes = read(length);
    String text = new String(bytes.toArray(JAVA_BYTE), UTF_8);
    bytes.fill((byte) 0); // it may be a password
    return text;
  }

  /**
   * Receives the reserved byte, and an address and its port; a name is returned unresolved.
   * Suspends.
   *
   * @throws ErrnoException EAFNOSUPPORT if the address is of an unknown type; EPROTO if it is not
   *     one
   */
  public InetSocketAddress receiveAddress() throws IOException {
    MemorySegment head = read(2); // the reserved byte may have any value
    int type = unsigned(head, 1);
    if (type == Socks5.NAME) {
      return receiveName();
    }
    if (type != Socks5.IPV4 && type != Socks5.IPV6) {
      throw failure(Errno.EAFNOSUPPORT, "the type of the address is " + type);
    }
    int bytes = type == Socks5.IPV4 ? 4 : 16;
    MemorySegment rest = read(bytes + 2);
    InetAddress ip = InetAddress.getByAddress(rest.asSlice(0, bytes).toArray(JAVA_BYTE));
    return new InetSocketAddress(ip, port(rest, bytes));
  }

  private InetSocketAddress receiveName() throws IOException {
    int length = receive();
    MemorySegment rest = read(length + 2);
    String name = new String(rest.asSlice(0, length).toArray(JAVA_BYTE), US_ASCII);
    if (name.isEmpty()) {
      throw violation("the host name is empty");
    }
    for (int i = 0; i < length; i++) {
      if (!isOfName(unsigned(rest, i))) {
        throw violation("the host name has the byte " + unsigned(rest, i));
      }
    }
    return InetSocketAddress.createUnresolved(name, port(rest, length));
  }

  private static int port(MemorySegment segment, int index) {
    return unsigned(segment, index) << 8 | unsigned(segment, index + 1);
  }

  /** The usual notation of an address. */
  public static String text(InetSocketAddress address) {
    return InetAddresses.text(address);
  }

  /** Frees the memory of the exchange; the stream stays open. */
  @Override
  public void close() {
    arena.close();
  }
}
