// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.FiberTask;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.ByteStream;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.tls.CertifiedKey;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import dev.weft.tls.TlsSocket;
import dev.weft.tls.TlsVersion;
import dev.weft.tls.TrustStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;

/**
 * TLS records that have been changed, in handshakes and in sessions, on a simulated network.
 * Whatever has been changed, a session ends, and its reader gets what was sent up to some place,
 * and no more. The bytes depend on random keys; what is changed, and where, depends on the seed.
 */
class TlsFuzzTest {
  private static final String INPUTS = "dev.weft.fuzz.inputs";
  private static final String SEED = "dev.weft.fuzz.seed";
  private static final int INPUTS_OF_A_BUILD = 60;
  private static final long SEED_OF_A_BUILD = 1;

  private static final Duration LONG = Duration.ofHours(1);
  private static final int PAYLOAD_BYTES_MAX = 60_000;
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Path KEYS =
      Path.of(System.getProperty("basedir", "sim")).resolve("../src/test/resources/tls");

  private static final TlsContext SERVER = server();
  private static final TlsContext[] CLIENTS = {
    client(TlsVersion.TLS_1_2), client(TlsVersion.TLS_1_3)
  };
  private static final byte[] CLIENT_HELLO = clientHello();

  private static TlsContext server() {
    try {
      CertifiedKey key =
          CertifiedKey.read(KEYS.resolve("ed25519.pem"), KEYS.resolve("ed25519-key.pem"));
      return TlsContext.server(TlsOptions.defaults().withKey(key));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TlsContext client(TlsVersion version) {
    try {
      return TlsContext.client(
          TlsOptions.defaults()
              .withTrust(TrustStore.read(KEYS.resolve("ca.pem")))
              .withVersions(version, version));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a client sends first; the same in each JVM. */
  private static byte[] clientHello() {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(1);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, null, random);
      SSLEngine engine = context.createSSLEngine("localhost", 1);
      engine.setUseClientMode(true);
      ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
      engine.wrap(ByteBuffer.allocate(0), hello);
      return Arrays.copyOf(hello.array(), hello.position());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- runs

  @FunctionalInterface
  private interface Input {
    FiberTask of(long seed);
  }

  private static void fuzz(Input input) {
    int inputs = Integer.getInteger(INPUTS, INPUTS_OF_A_BUILD);
    long first = Long.getLong(SEED, SEED_OF_A_BUILD);
    for (long seed = first; seed < first + inputs; seed++) {
      try {
        Simulation.seed(seed).withFaults(Faults.ordinary()).run(input.of(seed));
      } catch (SimulationFailure e) {
        throw new AssertionError(
            "seed " + seed + " fails: scripts/fuzz tls --inputs 1 --seed " + seed, e);
      }
    }
  }

  @Test
  void aHandshakeThatHasBeenChangedEnds() {
    fuzz(seed -> () -> greet(new Random(seed)));
  }

  @Test
  void aSessionThatHasBeenChangedEndsAfterWhatWasIntact() {
    fuzz(seed -> () -> converse(new Random(seed)));
  }

  /** The first message of a client, changed; the client never answers. */
  private static void greet(Random random) throws IOException {
    byte[] hello = CLIENT_HELLO;
    for (int i = random.nextInt(4); i >= 0; i--) {
      hello = changed(hello, random);
    }
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle bundle = Bundle.open();
        TcpSocket client = TcpSocket.connect(listener.localAddress())) {
      Task<Boolean> accepting = bundle.go(() -> isRefused(listener));
      byte[] input = hello;
      boolean ends = random.nextBoolean();
      bundle.go(() -> sendAll(client, input, ends));
      assertRecords(receiveAll(client));
      assertTrue(accepting.join());
      bundle.await();
    }
  }

  private static boolean isRefused(TcpListener listener) throws IOException {
    TcpSocket connection = listener.accept();
    try (TlsSocket socket = TlsSocket.accept(connection, SERVER, Deadline.after(LONG))) {
      return !socket.isOpen();
    } catch (IOException | DeadlineExceededException e) {
      return !connection.isOpen();
    }
  }

  private static void sendAll(TcpSocket socket, byte[] bytes, boolean ends) {
    try (Arena arena = Arena.ofShared()) {
      socket.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
      if (ends) {
        socket.shutdownOutput();
      }
    } catch (IOException e) {
      // the server has closed the connection already
    }
  }

  private static byte[] receiveAll(ByteStream stream) {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(10_000);
      for (int count; (count = stream.read(buffer)) >= 0; ) {
        received.writeBytes(buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE));
      }
    } catch (IOException e) {
      // reset, or the session has failed: what came before counts
    }
    return received.toByteArray();
  }

  /** The server sends whole records of TLS and nothing else, unless a reset has cut them off. */
  private static void assertRecords(byte[] bytes) {
    for (int at = 0; at + 5 <= bytes.length; ) {
      assertTrue(bytes[at] >= 20 && bytes[at] <= 23, "type " + bytes[at]);
      assertEquals(3, bytes[at + 1]);
      at += 5 + ((bytes[at + 3] & 0xff) << 8) + (bytes[at + 4] & 0xff);
    }
  }

  /** A client whose records are changed once the session has been made. */
  private static void converse(Random random) throws IOException {
    byte[] payload = new byte[random.nextInt(PAYLOAD_BYTES_MAX)];
    random.nextBytes(payload);
    TlsContext context = CLIENTS[random.nextInt(CLIENTS.length)];
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle bundle = Bundle.open()) {
      Task<byte[]> accepting = bundle.go(() -> acceptAndReceive(listener));
      TcpSocket connection = TcpSocket.connect(listener.localAddress());
      ChangingStream changing = new ChangingStream(connection, random);
      try (TlsSocket socket = TlsSocket.connect(changing, context, "localhost")) {
        changing.left = 1 + random.nextInt(3);
        send(socket, payload, random);
        connection.shutdownOutput();
      } catch (IOException e) {
        // the server has refused a record
      }
      byte[] received = accepting.join();
      assertTrue(received.length <= payload.length);
      assertArrayEquals(Arrays.copyOf(payload, received.length), received);
    }
  }

  private static byte[] acceptAndReceive(TcpListener listener) throws IOException {
    try (TlsSocket socket = TlsSocket.accept(listener.accept(), SERVER)) {
      return receiveAll(socket);
    }
  }

  private static void send(TlsSocket socket, byte[] payload, Random random) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = arena.allocateFrom(ValueLayout.JAVA_BYTE, payload);
      for (int from = 0; from < payload.length; ) {
        int count = Math.min(payload.length - from, 1 + random.nextInt(20_000));
        socket.write(source.asSlice(from, count));
        from += count;
      }
      socket.shutdownOutput();
    }
  }

  // ---- changes

  /** Changes a few of the writes to a stream. */
  private static final class ChangingStream implements ByteStream {
    private final TcpSocket stream;
    private final Random random;

    /** How many writes are still to be changed. */
    private int left;

    ChangingStream(TcpSocket stream, Random random) {
      this.stream = stream;
      this.random = random;
    }

    @Override
    public int read(MemorySegment target, Deadline deadline) throws IOException {
      return stream.read(target, deadline);
    }

    @Override
    public void write(MemorySegment source, Deadline deadline) throws IOException {
      if (left == 0 || random.nextBoolean()) {
        stream.write(source, deadline);
        return;
      }
      left--;
      try (Arena arena = Arena.ofShared()) {
        byte[] bytes = changed(source.toArray(ValueLayout.JAVA_BYTE), random);
        stream.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), deadline);
      }
    }

    @Override
    public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
      write(source, deadline);
      return (int) source.byteSize();
    }

    @Override
    public void close() {
      stream.close();
    }
  }

  /** Changes, drops, repeats or inserts some bytes. */
  private static byte[] changed(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return bytes;
    }
    int at = random.nextInt(random.nextBoolean() ? Math.min(6, bytes.length) : bytes.length);
    int length = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : 300));
    byte[] head = Arrays.copyOf(bytes, at);
    byte[] part = Arrays.copyOfRange(bytes, at, at + length);
    byte[] tail = Arrays.copyOfRange(bytes, at + length, bytes.length);
    switch (random.nextInt(6)) {
      case 0 -> part[0] ^= (byte) (1 << random.nextInt(8));
      case 1 -> random.nextBytes(part);
      case 2 -> part = new byte[0];
      case 3 -> part = joined(part, part);
      case 4 -> tail = new byte[0];
      default -> {
        byte[] more = new byte[length];
        random.nextBytes(more);
        part = joined(part, more);
      }
    }
    return joined(joined(head, part), tail);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
