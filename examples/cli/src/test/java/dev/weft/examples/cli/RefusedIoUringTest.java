// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import dev.weft.refusal.RefuseIoUring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs where the kernel refuses io_uring. */
@Tag("mode-independent")
class RefusedIoUringTest {
  private static final String READY = "tcp listening on 127.0.0.1:";
  private static final String UNAVAILABLE = "io_uring is not available: io_uring_setup is refused";

  private static ChildProcess startRefused(String errno, String program, String... args)
      throws IOException {
    return ChildProcess.shell(Main.class, RefuseIoUring.line(errno), program, args);
  }

  /** The lines of standard error up to the one that names the port. */
  private static List<String> untilReady(ChildProcess server) throws IOException {
    List<String> lines = new ArrayList<>();
    do {
      String line = server.error();
      assertTrue(line != null, lines::toString);
      lines.add(line);
    } while (!lines.getLast().startsWith(READY));
    return lines;
  }

  private static Socket connect(List<String> lines) throws IOException {
    int port = Integer.parseInt(lines.getLast().substring(READY.length()));
    return new Socket(InetAddress.getLoopbackAddress(), port);
  }

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({"EPERM,1", "EPERM,2", "ENOSYS,1"})
  void theServerEchoesAndDrainsAfterSigterm(String errno, String reactors) throws Exception {
    try (ChildProcess server =
        startRefused(
            errno, "iou_port7", "--listen=127.0.0.1:0", "--grace=1000", "--reactors=" + reactors)) {
      List<String> lines = untilReady(server);
      try (Socket socket = connect(lines)) {
        byte[] sent = random(1 << 20);
        Thread writer =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        socket.getOutputStream().write(sent);
                      } catch (IOException e) {
                        throw new IllegalStateException(e);
                      }
                    });
        assertArrayEquals(sent, socket.getInputStream().readNBytes(sent.length));
        writer.join();

        server.signal("TERM");
        socket.getOutputStream().write('a');
        assertEquals('a', socket.getInputStream().read());
        socket.shutdownOutput();
        assertEquals(-1, socket.getInputStream().read());
      }
      assertEquals(0, server.status());
    }
  }

  @Test
  void theReasonIsLoggedOnceForAllReactors() throws Exception {
    try (ChildProcess server =
        startRefused("EPERM", "iou_port7", "--listen=127.0.0.1:0", "--reactors=3")) {
      List<String> lines = new ArrayList<>(untilReady(server));
      server.signal("TERM");
      assertEquals(0, server.status());
      lines.addAll(server.errors().lines().toList());

      assertEquals(3, lines.size(), lines::toString);
      assertTrue(lines.getFirst().contains(" INFO using a selector instead"), lines::toString);
      assertTrue(lines.getFirst().contains(UNAVAILABLE), lines::toString);
      assertTrue(lines.get(2).startsWith("udp listening on "), lines::toString);
    }
  }

  @Test
  void nothingIsLoggedIfTheSelectorIsAskedFor() throws Exception {
    try (ChildProcess server =
        startRefused("EPERM", "iou_port7", "--listen=127.0.0.1:0", "--backend=selector")) {
      assertEquals(1, untilReady(server).size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"iou_port7", "iou_cat"})
  void aProgramThatMustHaveIoUringFails(String program) throws Exception {
    try (ChildProcess started = startRefused("EPERM", program, "--backend", "io_uring")) {
      assertEquals(
          program
              + ": "
              + UNAVAILABLE
              + " (EPERM), most likely by the seccomp profile of a container or service; allow"
              + " io_uring_setup, io_uring_enter and io_uring_register in it",
          started.errors());
      assertEquals(1, started.status());
    }
  }

  @Test
  void catCopiesFilesAndStandardInput(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("file"), random(3_000_000));
    Path copy = folder.resolve("copy");
    try (ChildProcess cat = startRefused("EPERM", "iou_cat", file.toString(), "-")) {
      cat.process.getOutputStream().write("the end".getBytes(StandardCharsets.UTF_8));
      cat.process.getOutputStream().close();
      Files.copy(cat.process.getInputStream(), copy);
      assertEquals(0, cat.status());
    }
    Files.writeString(file, "the end", StandardOpenOption.APPEND);
    assertEquals(-1, Files.mismatch(file, copy));
  }

  @Test
  void catEndsWithItsReader() throws Exception {
    String line = "set -o pipefail; { " + RefuseIoUring.line("EPERM") + "; } | head -c 1";
    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat", "/dev/zero")) {
      assertEquals("\0", cat.output());
      assertEquals(141, cat.status());
    }
  }
}
