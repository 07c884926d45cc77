// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On a selector errors keep their numbers when the C library describes them in another language.
 * The test makes that language itself: a message catalogue of gettext(3), which the C library finds
 * by LANGUAGE.
 */
@Tag("mode-independent")
class OtherLocaleTest {
  private static final String PREFIX = "anders: ";
  private static final int MAGIC = 0x950412de;
  private static final int HEADER_BYTES = 7 * Integer.BYTES;
  private static final int ENTRY_BYTES = 2 * Integer.BYTES;

  /** Where the C library looks for its catalogues; LANGUAGE leads from there. */
  private static final Path CATALOGUES = Path.of("/usr/share/locale");

  @TempDir Path folder;

  /** A catalogue in which each description of an error begins with {@link #PREFIX}. */
  private static byte[] catalogue() {
    SortedMap<String, String> texts = new TreeMap<>();
    texts.put("", "Content-Type: text/plain; charset=UTF-8\n");
    for (Errno errno : Errno.values()) {
      texts.put(errno.text(), PREFIX + errno.text());
    }
    int tables = 2 * texts.size() * ENTRY_BYTES;
    int strings = 0;
    for (var entry : texts.entrySet()) {
      strings += entry.getKey().length() + entry.getValue().length() + 2;
    }
    ByteBuffer file =
        ByteBuffer.allocate(HEADER_BYTES + tables + strings).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(MAGIC).putInt(0).putInt(texts.size());
    file.putInt(HEADER_BYTES).putInt(HEADER_BYTES + tables / 2);
    file.putInt(0).putInt(HEADER_BYTES + tables); // no hash table
    int at = HEADER_BYTES + tables;
    for (var strung : List.of(texts.keySet(), texts.values())) {
      for (String text : strung) {
        file.putInt(text.length()).putInt(at);
        file.put(at, text.getBytes(StandardCharsets.US_ASCII));
        at += text.length() + 1;
      }
    }
    return file.array();
  }

  private List<String> run() throws Exception {
    Path messages = Files.createDirectories(folder.resolve("xx/LC_MESSAGES"));
    Files.write(messages.resolve("libc.mo"), catalogue());
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 200; exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-MaxFDLimit"));
    command.addAll(List.of("-Ddev.weft.fibers=baton", "--illegal-native-access=deny"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(OtherLocaleProgram.class.getName());
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder
        .environment()
        .put("LANGUAGE", CATALOGUES.toRealPath().relativize(folder.toRealPath()) + "/xx");
    Process process = builder.start();
    List<String> lines = process.inputReader().lines().toList();
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
    return lines;
  }

  @Test
  void errorsKeepTheirNumbersInAnotherLanguage() throws Exception {
    assertEquals(
        List.of(
            "a closed port: ECONNREFUSED",
            "a port in use: EADDRINUSE",
            "another machine's address: EADDRNOTAVAIL",
            "a missing file: ENOENT",
            "a directory: EISDIR",
            "below a file: ENOTDIR",
            "a long name: ENAMETOOLONG",
            "a full device: ENOSPC",
            "a reset connection, reading: ECONNRESET",
            "a reset connection, writing: EPIPE",
            "a pipe without reader: EPIPE",
            "too many files: EMFILE",
            "the JDK says: " + PREFIX + Errno.ECONNREFUSED.text()),
        run());
  }
}
