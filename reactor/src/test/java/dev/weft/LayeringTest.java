// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Packages use only those below them, and what is internal stays so: read from the class files. */
@Tag("mode-independent")
class LayeringTest {
  private static final Path CLASSES =
      Path.of(System.getProperty("basedir", "."), "target", "classes");

  /** Lowest first. A routine, its stack and the code that the weaver makes of it are one layer. */
  private static final List<List<String>> LAYERS =
      List.of(
          List.of("dev.weft.bindings", "dev.weft.error"),
          List.of("dev.weft.internal.failure"),
          List.of("dev.weft.routine", "dev.weft.routine.codegen", "dev.weft.internal.routine"),
          List.of("dev.weft.internal.os"),
          List.of("dev.weft.internal.mem"),
          List.of("dev.weft.internal.queue", "dev.weft.internal.jvm", "dev.weft.internal.fs"),
          List.of("dev.weft.internal.uring"),
          List.of("dev.weft.internal.backend"),
          List.of("dev.weft.internal.backend.uring", "dev.weft.internal.backend.selector"),
          List.of("dev.weft.internal.backend.factory"),
          List.of("dev.weft.internal.access"),
          List.of("dev.weft.internal.strand"),
          List.of("dev.weft.internal.cross", "dev.weft.internal.diag"),
          List.of("dev.weft.internal.io"),
          List.of("dev.weft.internal.fiber"),
          List.of("dev.weft.internal.micro.io"),
          List.of("dev.weft"),
          List.of("dev.weft.sync", "dev.weft.internal.micro.run"),
          List.of("dev.weft.io", "dev.weft.internal.net"),
          List.of(
              "dev.weft.internal.framing", "dev.weft.internal.process", "dev.weft.internal.socks"),
          List.of("dev.weft.internal.server"),
          List.of(
              "dev.weft.net", "dev.weft.fs", "dev.weft.os", "dev.weft.framing", "dev.weft.text"),
          List.of("dev.weft.internal.tls"),
          List.of("dev.weft.micro", "dev.weft.process", "dev.weft.tls"));

  /** Packages of one layer that use each other. */
  private static final Set<String> ONE_CONCEPT =
      Set.of("dev.weft.routine", "dev.weft.routine.codegen", "dev.weft.internal.routine");

  /** The only packages that know constants and structures of the kernel. */
  private static final Set<String> KERNEL_SIDE =
      Set.of("dev.weft.internal.os", "dev.weft.internal.uring", "dev.weft.internal.backend.uring");

  private static final String BINDINGS = "dev.weft.bindings";

  /** Loads the library; it names nothing of the kernel. */
  private static final String LOADER = "dev/weft/bindings/NativeLibrary";

  private static int layerOf(String packageName) {
    for (int layer = 0; layer < LAYERS.size(); layer++) {
      if (LAYERS.get(layer).contains(packageName)) {
        return layer;
      }
    }
    return -1;
  }

  private static List<ClassModel> classes() throws IOException {
    List<ClassModel> models = new ArrayList<>();
    try (Stream<Path> files = Files.walk(CLASSES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        models.add(ClassFile.of().parse(file));
      }
    }
    return models;
  }

  private static String packageOf(String internalName) {
    String name = internalName.replaceFirst("^\\[+L?", "").replace('/', '.');
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(0, dot);
  }

  @Test
  void packagesUseOnlyThoseBelowThem() throws Exception {
    List<String> upward = new ArrayList<>();
    int checked = 0;

    for (ClassModel model : classes()) {
      String from = packageOf(model.thisClass().asInternalName());
      if (from.isEmpty()) {
        continue; // module-info
      }
      assertFalse(layerOf(from) < 0, () -> from + " is in no layer");
      checked++;
      for (PoolEntry entry : model.constantPool()) {
        if (entry instanceof ClassEntry used) {
          String to = packageOf(used.asInternalName());
          if (!to.equals(from)
              && layerOf(to) >= layerOf(from)
              && !(ONE_CONCEPT.contains(from) && ONE_CONCEPT.contains(to))) {
            upward.add(model.thisClass().asInternalName() + " uses " + used.asInternalName());
          }
        }
      }
    }

    assertEquals(List.of(), upward);
    assertFalse(checked == 0, "no classes were found");
  }

  @Test
  void constantsOfTheKernelAreKnownToTheKernelSideAlone() throws Exception {
    List<String> offenders = new ArrayList<>();
    int allowed = 0;

    for (ClassModel model : classes()) {
      String from = packageOf(model.thisClass().asInternalName());
      for (PoolEntry entry : model.constantPool()) {
        if (entry instanceof ClassEntry used
            && packageOf(used.asInternalName()).equals(BINDINGS)
            && !used.asInternalName().equals(LOADER)) {
          if (KERNEL_SIDE.contains(from)) {
            allowed++;
          } else {
            offenders.add(model.thisClass().asInternalName() + " uses " + used.asInternalName());
          }
        }
      }
    }

    assertEquals(List.of(), offenders);
    assertFalse(allowed == 0, "no bindings are used at all");
  }

  @Test
  void theRingIsKnownToItsBackendAloneAndThatToTheFactory() throws Exception {
    assertEquals(
        Set.of("dev.weft.internal.uring", "dev.weft.internal.backend.uring"),
        usersOf("dev.weft.internal.uring"));
    assertEquals(
        Set.of("dev.weft.internal.backend.uring", "dev.weft.internal.backend.factory"),
        usersOf("dev.weft.internal.backend.uring"));
  }

  /** The packages with classes that use one of {@code packageName}. */
  private static Set<String> usersOf(String packageName) throws IOException {
    Set<String> users = new HashSet<>();
    for (ClassModel model : classes()) {
      for (PoolEntry entry : model.constantPool()) {
        if (entry instanceof ClassEntry used
            && packageOf(used.asInternalName()).equals(packageName)) {
          users.add(packageOf(model.thisClass().asInternalName()));
        }
      }
    }
    users.remove(""); // module-info
    return users;
  }
}
