// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Looks up classes that are not woven: in folders and jars, then in the JDK that runs the weaver.
 */
public final class ClassPath implements AutoCloseable {
  private final List<JarFile> jars = new ArrayList<>();

  /** The entries in their order: a Path that is a folder, or a JarFile. */
  private final List<Object> entries = new ArrayList<>();

  private final ClassLoader rest;

  /**
   * Opens the entries. Those that do not exist are skipped, as the JVM does.
   *
   * @param paths folders and jars
   * @throws IOException if a jar can't be read
   */
  public ClassPath(List<Path> paths) throws IOException {
    this(paths, ClassLoader.getPlatformClassLoader());
  }

  /** Opens the entries; {@code rest} is searched after them. */
  ClassPath(List<Path> paths, ClassLoader rest) throws IOException {
    this.rest = rest;
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        entries.add(path);
      } else if (Files.isRegularFile(path)) {
        JarFile jar = open(path);
        jars.add(jar);
        entries.add(jar);
      }
    }
  }

  private static JarFile open(Path path) throws IOException {
    try {
      return new JarFile(path.toFile(), false, ZipFile.OPEN_READ, Runtime.version());
    } catch (ZipException e) {
      throw new IOException(path + ": not a jar: " + e.getMessage(), e);
    }
  }

  /**
   * {@return whether this is the class path of the running program: a class that it lacks can't be
   * called}
   */
  public boolean isComplete() {
    return rest == ClassLoader.getSystemClassLoader();
  }

  /**
   * Splits a class path as the JVM and javac do: an entry that ends with {@code *} stands for all
   * files in its folder whose names end with {@code .jar} or {@code .JAR}.
   *
   * @param classPath paths with the system's separator between them
   * @return the paths, without empty ones; the jars of a folder in the order of their names
   * @throws IllegalArgumentException if the folder of a {@code *} can't be read
   */
  public static List<Path> split(String classPath) {
    List<Path> paths = new ArrayList<>();
    for (String part : classPath.split(File.pathSeparator, -1)) {
      if (part.equals("*") || part.endsWith(File.separator + "*")) {
        paths.addAll(jars(Path.of(part.substring(0, part.length() - 1))));
      } else if (!part.isEmpty()) {
        paths.add(Path.of(part));
      }
    }
    return paths;
  }

  private static List<Path> jars(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of(); // as other entries that do not exist
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".jar") || file.toString().endsWith(".JAR"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the jars of " + folder + " can't be listed: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a class file.
   *
   * @param internalName the name of the class, such as {@code java/lang/String}
   * @return the bytes, or null if there is no such class
   * @throws UncheckedIOException if it can't be read
   */
  public byte @Nullable [] find(String internalName) {
    String file = internalName + ".class";
    try {
      for (Object entry : entries) {
        byte[] found =
            entry instanceof Path folder ? read(folder, file) : read((JarFile) entry, file);
        if (found != null) {
          return found;
        }
      }
      try (InputStream in = rest.getResourceAsStream(file)) {
        return in == null ? null : in.readAllBytes();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file + " can't be read: " + e.getMessage(), e);
    }
  }

  private static byte @Nullable [] read(Path folder, String file) throws IOException {
    Path path = folder.resolve(file);
    return Files.isRegularFile(path) ? Files.readAllBytes(path) : null;
  }

  private static byte @Nullable [] read(JarFile jar, String file) throws IOException {
    ZipEntry entry = jar.getEntry(file);
    if (entry == null) {
      return null;
    }
    try (InputStream in = jar.getInputStream(entry)) {
      return in.readAllBytes();
    }
  }

  @Override
  public void close() throws IOException {
    for (JarFile jar : jars) {
      jar.close();
    }
  }
}
