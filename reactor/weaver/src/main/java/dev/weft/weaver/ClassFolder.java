// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import dev.weft.weaver.model.Names;
import dev.weft.weaver.model.WovenAttribute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassModel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Weaves the classes of a folder in place. The originals are kept in a second folder, and each run
 * starts from them: whatever has been recompiled since, the result is that of a clean build. With
 * that second folder first on the class path, a program runs unwoven.
 */
public final class ClassFolder {
  private static final String SUFFIX = ".class";
  private static final String OF_OTHER_VERSIONS = "META-INF/";

  private final Path folder;
  private final Path unwoven;

  /** The class files as the compiler made them. */
  private final SortedMap<String, byte[]> originals = new TreeMap<>();

  /** Classes that were woven before and whose originals are gone. */
  private final SortedMap<String, byte[]> woven = new TreeMap<>();

  /** The names of classes that earlier runs have made. */
  private final SortedSet<String> generated = new TreeSet<>();

  /** Multi-release variants of other classes. */
  private final List<Path> ignored = new ArrayList<>();

  /**
   * The result of a run.
   *
   * @param read how many classes the folder has, without those that the weaver makes
   * @param rewritten how many of them suspend, or make something that does
   * @param made how many classes were made besides
   * @param problems errors and warnings
   */
  public record Summary(int read, int rewritten, int made, Diagnostics problems) {
    /** The counts in words. */
    @Override
    public String toString() {
      return "%d of %d classes woven, %d made".formatted(rewritten, read, made);
    }
  }

  private ClassFolder(Path folder, Path unwoven) {
    this.folder = folder;
    this.unwoven = unwoven;
  }

  /**
   * Where originals are kept unless another place is named: beside the folder, or beside what it
   * leads to if it is a symbolic link.
   *
   * @param folder what is woven
   * @return the folder of the originals, which need not exist
   */
  public static Path unwovenBeside(Path folder) {
    Path absolute = real(folder);
    return absolute.resolveSibling(absolute.getFileName() + "-unwoven");
  }

  /** Returns the folder's path without symbolic links; a missing folder is reported later. */
  private static Path real(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      return folder.toAbsolutePath().normalize();
    }
  }

  /**
   * Weaves the classes under {@code folder}, of which none is excluded but those that always are.
   *
   * @param folder what is woven
   * @param unwoven where the originals are kept
   * @param path the class path of the input
   * @return what was done
   * @throws IOException if a file can't be read or written, or is no class file
   */
  public static Summary weave(Path folder, Path unwoven, ClassPath path) throws IOException {
    return weave(folder, unwoven, path, Excludes.of(List.of()));
  }

  /**
   * Weaves the classes under {@code folder}, symbolic links included. Those that can't be woven are
   * left as they were.
   *
   * @param folder what is woven
   * @param unwoven where the originals are kept
   * @param path the class path of the input
   * @param excludes the classes that are to be left as they were
   * @return what was done
   * @throws IOException if a file can't be read or written, or is no class file
   */
  public static Summary weave(Path folder, Path unwoven, ClassPath path, Excludes excludes)
      throws IOException {
    try {
      return new ClassFolder(folder, unwoven).weave(path, excludes);
    } catch (FileSystemException e) {
      throw new IOException(textOf(e), e);
    }
  }

  /** Returns a readable reason: for some failures the system's message is only the file's name. */
  private static String textOf(FileSystemException failure) {
    String reason =
        switch (failure) {
          case AccessDeniedException _ -> "permission denied";
          case NoSuchFileException _ -> "no such file";
          case FileSystemLoopException _ -> "is a symbolic link to a folder that it is in";
          case FileAlreadyExistsException _ -> "is there already, and no folder";
          default -> failure.getReason();
        };
    return failure.getFile() + ": " + (reason == null ? failure.getClass().getName() : reason);
  }

  private Summary weave(ClassPath path, Excludes excludes) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + ": not a folder");
    }
    for (Path file : classFiles(folder)) {
      read(file);
    }
    Weaver.Result result = Weaver.weave(originals, woven, path, excludes);
    ignored.forEach(
        file ->
            result.problems().warn(file.toString(), "is left as it is, since it is in META-INF"));
    if (!result.problems().isFatal()) {
      write(result);
    }
    int made = result.generated().size();
    int rewritten = result.classes().size() - made;
    return new Summary(originals.size() + woven.size(), rewritten, made, result.problems());
  }

  static List<Path> classFiles(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
      return files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String nameOf(Path root, Path file) {
    String path = root.relativize(file).toString().replace('\\', '/');
    return path.substring(0, path.length() - SUFFIX.length());
  }

  private static Path fileOf(Path root, String name) {
    return root.resolve(name + SUFFIX);
  }

  private void read(Path file) throws IOException {
    String name = nameOf(folder, file);
    byte[] bytes = Files.readAllBytes(file);
    ClassModel model = parse(file, bytes);
    String className = model.thisClass().asInternalName();
    if (!name.equals(className)) {
      misplaced(file, name, className);
      return;
    }
    Optional<WovenAttribute> mark = WovenAttribute.of(model);
    if (mark.isEmpty()) {
      originals.put(name, bytes);
    } else if (mark.get().isGenerated()) {
      generated.add(name);
    } else {
      byte[] original = readIfThere(fileOf(unwoven, name));
      if (original != null && mark.get().isFrom(original)) {
        originals.put(name, original);
      } else {
        woven.put(name, bytes);
      }
    }
  }

  /** Adds a file, or refuses it if its class is another than its path says. */
  private void misplaced(Path file, String name, String className) throws IOException {
    if (name.startsWith(OF_OTHER_VERSIONS)) {
      if (!className.equals("module-info")) {
        ignored.add(file);
      }
      return;
    }
    String message = file + ": is class " + Names.external(className);
    if (name.endsWith('/' + className)) {
      String root = name.substring(0, name.length() - className.length() - 1);
      message += ", so what has to be woven is the folder " + folder.resolve(root);
    }
    throw new IOException(message);
  }

  private static ClassModel parse(Path file, byte[] bytes) throws IOException {
    try {
      return WovenAttribute.parse(bytes);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": not a class file: " + e.getMessage(), e);
    }
  }

  private static byte @Nullable [] readIfThere(Path file) throws IOException {
    return Files.isRegularFile(file) ? Files.readAllBytes(file) : null;
  }

  /** Writes only what has changed, originals first: an interrupted run can be repeated. */
  private void write(Weaver.Result result) throws IOException {
    SortedMap<String, byte[]> classes = result.classes();
    for (String name : originals.keySet()) {
      if (classes.containsKey(name)) {
        update(fileOf(unwoven, name), originals.get(name));
      }
    }
    for (String name : classes.keySet()) {
      update(fileOf(folder, name), classes.get(name));
    }
    for (String name : originals.keySet()) {
      if (!classes.containsKey(name)) { // it may have been woven before
        update(fileOf(folder, name), originals.get(name));
      }
    }
    deleteStale(result);
  }

  private void deleteStale(Weaver.Result result) throws IOException {
    for (String name : generated) {
      boolean isOfWoven = woven.containsKey(name.substring(0, name.indexOf(Names.GENERATED)));
      if (!result.generated().contains(name) && !isOfWoven) {
        Files.deleteIfExists(fileOf(folder, name));
      }
    }
    for (Path file : classFiles(unwoven)) {
      String name = nameOf(unwoven, file);
      if (!originals.containsKey(name) || !result.classes().containsKey(name)) {
        Files.delete(file);
      }
    }
  }

  private static void update(Path file, byte @Nullable [] bytes) throws IOException {
    if (bytes == null || Arrays.equals(bytes, readIfThere(file))) {
      return;
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path whole = file.resolveSibling(file.getFileName() + ".new");
    Files.write(whole, bytes);
    Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
