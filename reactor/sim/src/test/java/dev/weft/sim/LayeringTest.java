// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Reactor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.classfile.attribute.ModuleExportInfo;
import java.lang.constant.ModuleDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is internal is open to the test kit, and to nobody else. */
class LayeringTest {
  @Test
  void internalPackagesAreExportedToTheTestKitAlone() throws Exception {
    ModuleAttribute module;
    try (InputStream in = moduleInfoBesides(Reactor.class)) {
      ClassModel model = ClassFile.of().parse(in.readAllBytes());
      module = model.findAttribute(Attributes.module()).orElseThrow();
    }
    int internal = 0;
    for (ModuleExportInfo export : module.exports()) {
      String name = export.exportedPackage().asSymbol().name();
      if (name.contains(".internal.")) {
        internal++;
        List<ModuleDesc> to = export.exportsTo().stream().map(entry -> entry.asSymbol()).toList();
        assertEquals(List.of(ModuleDesc.of("dev.weft.sim")), to, name);
      }
    }
    assertTrue(internal > 0);
  }

  private static InputStream moduleInfoBesides(Class<?> type) throws IOException {
    String place = type.getProtectionDomain().getCodeSource().getLocation().toString();
    String file =
        place.endsWith(".jar")
            ? "jar:" + place + "!/module-info.class"
            : place + "module-info.class";
    return java.net.URI.create(file).toURL().openStream();
  }

  @Test
  void theTestKitShowsNothingInternal() throws Exception {
    Path classes = Path.of(System.getProperty("basedir", "."), "target", "classes");
    int checked = 0;
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        ClassModel model = ClassFile.of().parse(file);
        if (!model.flags().has(java.lang.reflect.AccessFlag.PUBLIC)) {
          continue;
        }
        checked++;
        model.methods().stream()
            .filter(method -> method.flags().has(java.lang.reflect.AccessFlag.PUBLIC))
            .map(method -> method.methodType().stringValue())
            .forEach(type -> assertTrue(!type.contains("internal"), () -> file + " " + type));
      }
    }
    assertTrue(checked >= 4);
  }
}
