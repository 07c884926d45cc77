// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of one module of the library: a jar or a folder of classes, depending on the build.
 *
 * @param place the jar or the folder
 */
record LibraryFiles(Path place) {
  /** The module that {@code type} is in. */
  static LibraryFiles of(Class<?> type) {
    try {
      return new LibraryFiles(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] read(String file) throws IOException {
    return within(root -> Files.readAllBytes(root.resolve(file)));
  }

  /** The class files of a package, without those of the packages below. */
  List<String> list(String folder) throws IOException {
    return within(
        root -> {
          try (Stream<Path> files = Files.list(root.resolve(folder))) {
            return files
                .map(path -> folder + "/" + path.getFileName())
                .filter(name -> name.endsWith(".class") && !name.endsWith("package-info.class"))
                .toList();
          }
        });
  }

  private interface Reading<T> {
    T of(Path root) throws IOException;
  }

  private <T> T within(Reading<T> reading) throws IOException {
    if (Files.isDirectory(place)) {
      return reading.of(place);
    }
    try (FileSystem jar = FileSystems.newFileSystem(place)) {
      return reading.of(jar.getPath("/"));
    }
  }
}
