// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.tls.TlsPairs.SERVER;
import static dev.weft.tls.TlsPairs.read;
import static dev.weft.tls.TlsPairs.receive;
import static dev.weft.tls.TlsPairs.send;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.io.ByteStream;
import dev.weft.net.TcpSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session does when its peer breaks the rules. */
class FailedSessionTest {
  private static final int ALERT = 21;
  private static final int DATA = 23;

  /** A session with the transport of its client, on which others write too. */
  @FunctionalInterface
  private interface Attack {
    void run(TcpSocket transport, TlsSocket client, TlsSocket server) throws Exception;
  }

  private static void attack(TlsVersion version, Attack body) throws Exception {
    TlsPairs.withTcp(
        (left, right) ->
            TlsPairs.over(
                left,
                right,
                TlsPairs.client(version),
                SERVER,
                (client, server) -> body.run(left, client, server)));
  }

  @ParameterizedTest
  @EnumSource
  void aRecordThatHasBeenChangedIsRefusedAndThePeerGetsAnAlert(TlsVersion version)
      throws Exception {
    attack(
        version,
        (transport, client, server) -> {
          byte[] record = TlsRecords.encrypted(client, "pay 100");
          record[record.length - 1] ^= 1;
          send(transport, record);

          assertThrows(SSLException.class, () -> read(server));
          server.close();

          SSLException alert = assertThrows(SSLException.class, () -> read(client));
          assertTrue(String.valueOf(alert.getMessage()).contains("bad_record_mac"));
        });
  }

  @ParameterizedTest
  @EnumSource
  void aRecordThatIsRepeatedIsRefused(TlsVersion version) throws Exception {
    attack(
        version,
        (transport, client, server) -> {
          byte[] record = TlsRecords.encrypted(client, "pay 100");
          send(transport, record);
          send(transport, record);

          assertEquals("pay 100", receive(server, 7));
          assertThrows(SSLException.class, () -> read(server));
        });
  }

  @Test
  void whatCameBeforeABadRecordIsRead() throws Exception {
    attack(
        TlsVersion.TLS_1_3,
        (transport, client, server) -> {
          byte[] good = TlsRecords.encrypted(client, "good");
          byte[] both = Arrays.copyOf(good, 2 * good.length);
          System.arraycopy(good, 0, both, good.length, good.length);
          send(transport, both);

          try (Arena arena = Arena.ofShared()) {
            MemorySegment target = arena.allocate(1000);
            assertEquals(4, server.read(target));
            assertThrows(SSLException.class, () -> server.read(target));
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void textInTheClearIsRefused(TlsVersion version) throws Exception {
    attack(
        version,
        (transport, client, server) -> {
          send(transport, "in the clear, and long enough for a header");
          assertThrows(SSLException.class, () -> read(server));
        });
  }

  @Test
  void aRecordThatIsTooLongIsRefusedBeforeItHasCome() throws Exception {
    attack(
        TlsVersion.TLS_1_3,
        (transport, client, server) -> {
          send(transport, new byte[] {DATA, 3, 3, (byte) 0xff, (byte) 0xff});
          assertThrows(SSLException.class, () -> read(server));
        });
  }

  @ParameterizedTest
  @EnumSource
  void aFailedSessionSendsNothingButAnAlert(TlsVersion version) throws Exception {
    TlsPairs.withTcp(
        (left, right) -> {
          Recorder recorder = new Recorder(right);
          TlsPairs.over(
              left,
              recorder,
              TlsPairs.client(version),
              SERVER,
              (client, server) -> {
                send(server, "encrypted");
                assertEquals("encrypted", receive(client, 9));
                int before = recorder.written.size();
                send(left, "no TLS at all");
                assertThrows(SSLException.class, () -> read(server));

                assertThrows(SSLException.class, () -> send(server, "secret"));
                assertThrows(SSLException.class, server::shutdownOutput);
                server.close();

                byte[] after = recorder.written.toByteArray();
                assertTrue(after.length > before);
                // In TLS 1.3 an encrypted alert looks like data.
                assertEquals(version == TlsVersion.TLS_1_3 ? DATA : ALERT, after[before]);
                int length = (after[before + 3] & 0xff) << 8 | (after[before + 4] & 0xff);
                assertEquals(after.length, before + 5 + length, "one record");
                assertTrue(!new String(after, StandardCharsets.ISO_8859_1).contains("secret"));
              });
        });
  }

  @Test
  void aFailureDuringAWriteEndsTheWrite() throws Exception {
    attack(
        TlsVersion.TLS_1_3,
        (transport, client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment much = arena.allocate(16 << 20);
            Task<Boolean> writing = bundle.go(() -> failsToWrite(server, much));
            send(transport, "no TLS at all");
            assertThrows(SSLException.class, () -> read(server));
            Task<Boolean> reading = bundle.go(() -> failsToReadAll(client));
            assertTrue(writing.join());
            server.close();
            assertTrue(reading.join());
          }
        });
  }

  private static boolean failsToWrite(TlsSocket socket, MemorySegment source) throws IOException {
    try {
      socket.write(source);
      return false;
    } catch (SSLException e) {
      return true;
    }
  }

  private static boolean failsToReadAll(TlsSocket socket) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(100_000);
      while (socket.read(target) >= 0) {}
      return false;
    } catch (SSLException e) {
      return true;
    }
  }

  @Test
  void aBrokenTransportIsReportedAsSuch() throws Exception {
    attack(
        TlsVersion.TLS_1_3,
        (transport, client, server) -> {
          transport.resetOnClose();
          transport.close();
          assertThrows(IOException.class, () -> read(server));
          assertThrows(IOException.class, () -> read(client));
        });
  }

  /** A stream that keeps what is written to it. */
  private record Recorder(ByteStream stream, ByteArrayOutputStream written) implements ByteStream {
    Recorder(ByteStream stream) {
      this(stream, new ByteArrayOutputStream());
    }

    @Override
    public int read(MemorySegment target, Deadline deadline) throws IOException {
      return stream.read(target, deadline);
    }

    @Override
    public void write(MemorySegment source, Deadline deadline) throws IOException {
      stream.write(source, deadline);
      written.writeBytes(source.toArray(JAVA_BYTE));
    }

    @Override
    public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
      int count = stream.writeSome(source, deadline);
      written.writeBytes(source.asSlice(0, count).toArray(JAVA_BYTE));
      return count;
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
