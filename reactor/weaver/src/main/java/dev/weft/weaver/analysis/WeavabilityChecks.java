// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import dev.weft.weaver.Diagnostics;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds what the JVM would reject, or what would behave differently, after weaving: names that are
 * taken, types that can't be named, class files that are too old.
 */
public final class WeavabilityChecks {
  /** Most slots that the arguments of a method may take, the receiver among them. */
  private static final int ARGUMENT_SLOTS_MAX = 255;

  private static final List<String> OF_ROUTINES =
      List.of(
          MethodInfo.key("resume", Names.RESUME.descriptorString()),
          MethodInfo.key("where", Names.WHERE.descriptorString()));

  private WeavabilityChecks() {}

  /** Reports what prevents weaving anything in {@code info}. */
  public static void check(ClassInfo info, Diagnostics problems) {
    if (!info.isGenerated && info.model.majorVersion() < ClassFile.JAVA_11_VERSION) {
      problems.refuse(
          info.name,
          Names.external(info.name),
          "is compiled for a JVM before 11, which has no nest mates: compile with --release 11 or"
              + " later, or Kotlin's -jvm-target");
    }
  }

  /** Reports what prevents a twin of {@code method}. */
  public static void check(MethodInfo method, Diagnostics problems) {
    if (method.isRoutineBody()) {
      checkRoutine(method, problems);
    }
    String twin = MethodInfo.key(method.name, Names.twin(method.type).descriptorString());
    MethodInfo taken = findTaken(method, twin);
    if (taken != null) {
      refuse(
          method,
          0,
          "suspends, and its twin would be taken for " + taken + ": rename it",
          problems);
    }
    if (method.argumentSlots() >= ARGUMENT_SLOTS_MAX) {
      refuse(method, 0, "suspends, and has no room for one more argument", problems);
    }
    for (int point : method.points) {
      checkResult(method, point, problems);
    }
  }

  private static void refuse(MethodInfo method, int index, String why, Diagnostics problems) {
    problems.refuse(method.owner.name, method.at(index), why);
  }

  private static void checkRoutine(MethodInfo method, Diagnostics problems) {
    for (String made : OF_ROUTINES) {
      MethodInfo own = method.owner.method(made);
      if (own != null) {
        String why = "a routine that suspends gets this method from the weaver: leave it out";
        refuse(own, 0, why, problems);
      }
    }
  }

  /** Returns the method of a superclass that has the twin's name and type, and is no twin. */
  private static @Nullable MethodInfo findTaken(MethodInfo method, String twin) {
    for (ClassInfo type : method.owner.table.ancestors(method.owner)) {
      MethodInfo other = type.method(twin);
      if (other != null && !other.isTwin && !other.is(AccessFlag.PRIVATE)) {
        return other;
      }
    }
    return null;
  }

  /** Checks the types that calls return: on resuming, the result is cast in the calling class. */
  private static void checkResult(MethodInfo method, int point, Diagnostics problems) {
    InvokeInstruction call = (InvokeInstruction) method.code().get(point);
    String type = call.typeSymbol().returnType().descriptorString();
    String element = type.substring(type.lastIndexOf('[') + 1);
    ClassInfo found =
        element.length() > 1
            ? method.owner.table.find(Names.internal(ClassDesc.ofDescriptor(element)))
            : null;
    if (found == null
        || found.model.flags().has(AccessFlag.PUBLIC)
        || found.desc().packageName().equals(method.owner.desc().packageName())) {
      return;
    }
    refuse(
        method,
        point,
        "the call suspends, and returns a "
            + Names.external(found.name)
            + ", which is not accessible here: make that class public",
        problems);
  }
}
