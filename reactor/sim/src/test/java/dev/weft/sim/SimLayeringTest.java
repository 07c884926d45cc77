// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.weft.Reactor;
import java.io.IOException;
import java.lang.classfile.AccessFlags;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.attribute.ModuleExportInfo;
import java.lang.constant.ModuleDesc;
import java.lang.reflect.AccessFlag;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Internal packages are exported to the test kit only. */
@Tag("mode-independent")
class SimLayeringTest {
  private static final Pattern HIDDEN = Pattern.compile("L(dev/weft/(internal|bindings)|org)/");

  @Test
  void internalPackagesAreExportedToTheTestKitOnly() throws Exception {
    int internal = 0;
    for (ModuleExportInfo export : exportsOf(LibraryFiles.of(Reactor.class))) {
      String name = export.exportedPackage().asSymbol().name();
      if (name.contains(".internal.")) {
        internal++;
        List<ModuleDesc> to = export.exportsTo().stream().map(entry -> entry.asSymbol()).toList();
        assertEquals(List.of(ModuleDesc.of("dev.weft.sim")), to, name);
      }
    }
    assertTrue(internal > 0);
  }

  private static List<ModuleExportInfo> exportsOf(LibraryFiles library) throws IOException {
    ClassModel model = ClassFile.of().parse(library.read("module-info.class"));
    return model.findAttribute(Attributes.module()).orElseThrow().exports();
  }

  /**
   * javac's own check (-Xlint:exports) is off: it would demand that modules of users require
   * JSpecify as well.
   */
  @ParameterizedTest
  @CsvSource({"dev.weft.Reactor, 50", "dev.weft.sim.Simulation, 4"})
  void exportedTypesReferToExportedTypesOnly(Class<?> type, int classesMin) throws Exception {
    LibraryFiles library = LibraryFiles.of(type);
    int checked = 0;
    for (ModuleExportInfo export : exportsOf(library)) {
      if (!export.exportsTo().isEmpty()) {
        continue;
      }
      String folder = export.exportedPackage().asSymbol().name().replace('.', '/');
      for (String file : library.list(folder)) {
        ClassModel model = ClassFile.of().parse(library.read(file));
        if (model.flags().has(AccessFlag.PUBLIC)) {
          checked++;
          shownBy(model).filter(HIDDEN.asPredicate()).forEach(shown -> fail(file + " " + shown));
        }
      }
    }
    assertTrue(checked >= classesMin, checked + " classes");
  }

  /** The types in the signatures of a class that users see. */
  private static Stream<String> shownBy(ClassModel model) {
    Stream<String> methods =
        model.methods().stream()
            .filter(method -> isShown(method.flags()))
            .map(method -> method.methodType().stringValue() + signature(method));
    Stream<String> fields =
        model.fields().stream()
            .filter(field -> isShown(field.flags()))
            .map(field -> field.fieldType().stringValue() + signature(field));
    return Stream.concat(methods, fields);
  }

  private static boolean isShown(AccessFlags flags) {
    return (flags.has(AccessFlag.PUBLIC) || flags.has(AccessFlag.PROTECTED))
        && !flags.has(AccessFlag.SYNTHETIC);
  }

  private static String signature(AttributedElement member) {
    return member
        .findAttribute(Attributes.signature())
        .map(attribute -> " " + attribute.signature().stringValue())
        .orElse("");
  }
}
