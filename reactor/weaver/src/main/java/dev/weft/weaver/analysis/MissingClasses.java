// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import dev.weft.weaver.Diagnostics;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.ClassTable;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.CodeElement;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds called classes that can't be looked up because the class path is incomplete: whether their
 * methods suspend is not known, and calls would be left unwoven without a warning.
 */
public final class MissingClasses {
  private static final String LIBRARY = "dev/weft/";
  private static final String WEAVER = "dev/weft/weaver/";
  private static final String NO_RUNTIME =
      "%s is not on the class path, so that nothing is found to suspend: weft-reactor.jar has to be"
          + " in it";
  private static final String UNKNOWN =
      "calls %s, which is not on the class path and so is taken for a class that never suspends";

  private MissingClasses() {}

  public static void check(ClassTable table, Diagnostics problems) {
    List<ClassInfo> given = table.given();
    if (table.find(Names.ROUTINE) == null) {
      checkUsers(given, problems);
    } else if (!table.path().isComplete()) {
      Set<String> missing = new HashSet<>();
      for (ClassInfo info : given) {
        info.methods().forEach(method -> check(method, missing, problems));
      }
    }
  }

  /**
   * Reports that the runtime is missing: an error if a class uses the library, else a warning,
   * since the build may never use it.
   */
  private static void checkUsers(List<ClassInfo> given, Diagnostics problems) {
    String text = NO_RUNTIME.formatted(Names.external(Names.ROUTINE));
    Optional<ClassInfo> user = given.stream().filter(MissingClasses::usesLibrary).findFirst();
    if (user.isPresent()) {
      problems.error(Names.external(user.get().name), text);
    } else if (!given.isEmpty()) {
      problems.warn(Names.external(given.getFirst().name), text);
    }
  }

  private static boolean usesLibrary(ClassInfo info) {
    for (PoolEntry entry : info.model.constantPool()) {
      if (entry instanceof ClassEntry type
          && type.asInternalName().startsWith(LIBRARY)
          && !type.asInternalName().startsWith(WEAVER)) {
        return true;
      }
    }
    return false;
  }

  /** Warns of each missing class at its first call. */
  private static void check(MethodInfo method, Set<String> missing, Diagnostics problems) {
    List<CodeElement> code = method.code();
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        if (isMissing(method.owner.table, owner) && missing.add(owner)) {
          problems.warn(method.at(i), UNKNOWN.formatted(Names.external(owner)));
        }
      }
    }
  }

  /**
   * A class path does not include the JDK's tools, such as javac, nor the classes that go with
   * those woven before among what is given.
   */
  private static boolean isMissing(ClassTable table, String name) {
    return !name.startsWith("[")
        && !name.contains(Names.GENERATED)
        && !ClassTable.isOfJdk(name)
        && table.find(name) == null
        && ClassLoader.getSystemResource(name + ".class") == null;
  }
}
