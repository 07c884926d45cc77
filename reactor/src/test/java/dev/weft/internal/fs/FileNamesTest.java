// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactors;
import dev.weft.fs.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileNamesTest {
  @TempDir Path folder;

  private static String latin1(Path path) {
    return new String(FileNames.bytes(path), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "/a/b, /a/b",
    "/%FC, /\u00fc",
    "/%C3%BC/%80, /\u00c3\u00bc/\u0080",
    "/a/../%FF/./b, /a/../\u00ff/./b",
    "/%25/%FC%20b, /%/\u00fc b",
  })
  void theBytesOfAPathAreThoseItWasMadeFrom(String uri, String bytes) {
    assertEquals(bytes, latin1(Path.of(URI.create("file://" + uri))));
  }

  @Test
  void aRelativePathStaysRelative() {
    Path absolute = Path.of(URI.create("file:///a/%FC/../%FD"));
    assertEquals("\u00fc/../\u00fd", latin1(absolute.subpath(1, 4)));
    assertArrayEquals(new byte[0], FileNames.bytes(Path.of("")));
    assertEquals("a/.", latin1(Path.of("a/.")));
  }

  @Test
  void everyListedFileCanBeOpened() throws Exception {
    List<String> names = List.of("plain", "%C3%BC", "%FC", "%E2%82", "a%20%0A%25b", "%F0%9F%90%98");
    for (String name : names) {
      Path path = Path.of(URI.create(folder.toUri() + name));
      Files.writeString(path, name);
    }
    Reactors.run(
        () -> {
          try (Stream<Path> listed = Files.list(folder)) {
            List<Path> paths = listed.toList();
            assertEquals(names.size(), paths.size());
            for (Path path : paths) {
              try (File file = File.open(path)) {
                assertEquals(Files.size(path), file.stat().sizeBytes());
              }
            }
          }
        });
  }
}
