// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the C library calls some errors in the language of the locale. Nothing in the JDK says that,
 * so each is provoked once, before the first backend is used: later there may be no descriptors
 * left to do that with.
 */
final class LocalTexts {
  /** Longer than any file system allows. */
  private static final int NAME_LENGTH = 5000;

  private static final byte[] UNASSIGNED = {(byte) 192, 0, 2, 1}; // for documentation, RFC 5737

  private static final byte[] LOOPBACK_BROADCAST = {127, (byte) 255, (byte) 255, (byte) 255};

  /** More bytes than a datagram can have. */
  private static final int TOO_LONG = 65536;

  private static @Nullable Map<String, Errno> known;

  private LocalTexts() {}

  /** Learns the texts, unless they are English. Does nothing the second time. */
  static synchronized void prepare() {
    if (known == null) {
      Map<String, Errno> texts = new HashMap<>();
      learn(texts, Errno.ENOTDIR, LocalTexts::openBelowAFile);
      known = texts.containsKey(Errno.ENOTDIR.text()) ? texts : learn();
    }
  }

  private interface Provocation {
    void run() throws IOException;
  }

  /** The error with that description, or null. */
  static synchronized @Nullable Errno find(String text) {
    prepare();
    Map<String, Errno> texts = Objects.requireNonNull(known);
    if (!texts.containsKey(text)) { // the limit of descriptors is tested instead of provoked
      Map<String, Errno> now = new HashMap<>();
      learn(now, Errno.EMFILE, () -> open("/dev/null", StandardOpenOption.READ));
      if (now.containsKey(text)) {
        texts.put(text, Errno.EMFILE);
      }
    }
    return texts.get(text);
  }

  /** Provokes the errors; those that can't be provoked here are left out. */
  static Map<String, Errno> learn() {
    Map<String, Errno> texts = new HashMap<>();
    learn(texts, Errno.EPIPE, LocalTexts::writeWithoutReader);
    learn(texts, Errno.ECONNRESET, LocalTexts::writeAfterReset);
    learn(texts, Errno.EADDRNOTAVAIL, LocalTexts::bindElsewhere);
    learn(texts, Errno.EADDRINUSE, LocalTexts::bindTwice);
    learn(texts, Errno.EISDIR, () -> open(".", StandardOpenOption.WRITE));
    learn(texts, Errno.ENOTDIR, LocalTexts::openBelowAFile);
    learn(texts, Errno.ENOSPC, LocalTexts::writeToFullDevice);
    learn(texts, Errno.EMSGSIZE, LocalTexts::sendTooMuch);
    learn(texts, Errno.EACCES, LocalTexts::connectToBroadcast);
    learn(texts, Errno.ENAMETOOLONG, () -> open("x".repeat(NAME_LENGTH), StandardOpenOption.READ));
    return texts;
  }

  private static void learn(Map<String, Errno> texts, Errno errno, Provocation provocation) {
    try {
      provocation.run();
    } catch (FileSystemException e) {
      put(texts, e.getReason(), errno);
    } catch (IOException e) {
      put(texts, e.getMessage(), errno);
    }
  }

  private static void put(Map<String, Errno> texts, @Nullable String text, Errno errno) {
    if (text != null) {
      texts.put(text, errno);
    }
  }

  private static void open(String name, StandardOpenOption option) throws IOException {
    FileChannel.open(Path.of(name), option).close();
  }

  private static void openBelowAFile() throws IOException {
    open("/dev/null/x", StandardOpenOption.READ);
  }

  /** See full(4). */
  private static void writeToFullDevice() throws IOException {
    try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
      full.write(ByteBuffer.allocate(1));
    }
  }

  private static void sendTooMuch() throws IOException {
    try (DatagramChannel socket = DatagramChannel.open().bind(loopback())) {
      socket.send(ByteBuffer.allocate(TOO_LONG), socket.getLocalAddress());
    }
  }

  /** Refused to sockets without SO_BROADCAST, see socket(7). */
  private static void connectToBroadcast() throws IOException {
    try (DatagramChannel socket = DatagramChannel.open(StandardProtocolFamily.INET)) {
      socket.connect(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK_BROADCAST), 1));
    }
  }

  private static void writeWithoutReader() throws IOException {
    Pipe pipe = Pipe.open();
    pipe.source().close();
    try (Pipe.SinkChannel sink = pipe.sink()) {
      sink.write(ByteBuffer.allocate(1));
    }
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static void writeAfterReset() throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open().bind(loopback());
        SocketChannel client = SocketChannel.open(listener.getLocalAddress())) {
      SocketChannel server = listener.accept();
      server.setOption(StandardSocketOptions.SO_LINGER, 0);
      server.close();
      client.write(ByteBuffer.allocate(1));
    }
  }

  private static void bindTwice() throws IOException {
    try (ServerSocketChannel first = ServerSocketChannel.open().bind(loopback());
        ServerSocketChannel second = ServerSocketChannel.open()) {
      second.bind(first.getLocalAddress());
    }
  }

  private static void bindElsewhere() throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getByAddress(UNASSIGNED), 0));
    }
  }
}
