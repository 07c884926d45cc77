// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import dev.weft.weaver.Diagnostics;
import dev.weft.weaver.WeaveException;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.ClassTable;
import dev.weft.weaver.model.Lambda;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Infers which methods may suspend: those that call one that may. The roots are handwritten pairs
 * and what other builds have woven, both known by their twins. Methods that override one another
 * suspend together, since a call does not say which of them it reaches.
 */
public final class SuspendInference {
  private static final String CLOSE = "close()V";
  private static final Set<String> CLOSEABLES =
      Set.of("java/lang/AutoCloseable", "java/io/Closeable");

  /** Where a lambda is made: the method, and the instruction's index there. */
  private record Site(MethodInfo method, int index, Lambda lambda) {}

  /** Two methods that suspend together. */
  private record Link(MethodInfo one, MethodInfo other) {}

  private final ClassTable table;
  private final Diagnostics problems;
  private final Map<MethodInfo, List<MethodInfo>> calls = new LinkedHashMap<>();
  private final List<Link> links = new ArrayList<>();
  private final List<Site> lambdas = new ArrayList<>();

  public SuspendInference(ClassTable table, Diagnostics problems) {
    this.table = table;
    this.problems = problems;
  }

  /** Sets {@link MethodInfo#suspends} of the input, and reports what can't be woven. */
  public void run() {
    for (ClassInfo info : table.given()) {
      for (MethodInfo method : info.methods()) {
        reporting(method, () -> collect(method));
      }
      collectInherited(info);
    }
    boolean changed = true;
    while (changed) {
      changed = spread();
    }
    lambdas.forEach(this::check);
    table.given().forEach(this::check);
  }

  /** Runs {@code step}, and refuses the class of {@code method} if it throws. */
  private void reporting(MethodInfo method, Runnable step) {
    try {
      step.run();
    } catch (WeaveException e) {
      e.report(problems, method.owner.name, method.toString());
    } catch (IllegalArgumentException e) {
      problems.refuse(
          method.owner.name, method.toString(), "is no valid class file: " + e.getMessage());
    }
  }

  private void collect(MethodInfo method) {
    if (method.isTwin) {
      return;
    }
    List<MethodInfo> targets = new ArrayList<>();
    List<CodeElement> code = method.code();
    for (int i = 0; i < code.size(); i++) {
      MethodInfo target = table.target(code.get(i));
      if (target != null) {
        targets.add(target);
      }
      Lambda lambda = Lambda.madeBy(code.get(i));
      if (lambda != null) {
        lambdas.add(new Site(method, i, lambda));
      }
    }
    if (!targets.isEmpty()) {
      calls.put(method, targets);
    }
    if (method.isVirtual()) {
      for (MethodInfo overridden : table.overridden(method)) {
        if (!isRoutine(overridden)) {
          links.add(new Link(method, overridden));
        }
      }
    }
  }

  /** Links each interface method to the implementation that {@code info} inherits for it. */
  private void collectInherited(ClassInfo info) {
    if (info.isInterface()) {
      return;
    }
    for (ClassInfo type : table.ancestors(info)) {
      if (!type.isInterface() || ClassTable.isOfJdk(type.name)) {
        continue;
      }
      for (MethodInfo declared : type.methods()) {
        MethodInfo implementation =
            declared.isVirtual() ? table.resolve(info.name, declared.key()) : null;
        if (implementation != null
            && implementation.owner != info
            && implementation.owner != type
            && implementation.isVirtual()) {
          links.add(new Link(implementation, declared));
        }
      }
    }
  }

  /** Runs one round; returns whether another is needed. */
  private boolean spread() {
    boolean changed = false;
    for (Map.Entry<MethodInfo, List<MethodInfo>> entry : calls.entrySet()) {
      MethodInfo method = entry.getKey();
      if (!method.suspends && entry.getValue().stream().anyMatch(target -> target.suspends)) {
        method.suspends = true;
        changed = true;
      }
    }
    for (Link link : links) {
      if (link.one.suspends != link.other.suspends) {
        changed |= join(link.one);
        changed |= join(link.other);
      }
    }
    for (Site site : lambdas) {
      MethodInfo target = site.lambda.target(table);
      MethodInfo declared = site.lambda.declared(table);
      if (target != null && target.suspends && declared != null && !declared.suspends) {
        changed |= join(declared);
      }
    }
    return changed;
  }

  private static boolean join(MethodInfo method) {
    if (method.suspends || method.owner.role == ClassInfo.Role.LIBRARY) {
      return false;
    }
    method.suspends = true;
    return true;
  }

  // ---- what is found out once all is known

  private void check(Site site) {
    MethodInfo target = site.lambda.target(table);
    if (target == null || !target.suspends || site.method.name.equals("$deserializeLambda$")) {
      return;
    }
    MethodInfo declared = site.lambda.declared(table);
    String type = Names.external(site.lambda.type());
    if (declared == null || !declared.suspends) {
      problems.warn(
          site.method.at(site.index),
          "the lambda or method reference suspends, but "
              + type
              + " is not woven: called from there it can't; it works where all runs stackful");
    } else if (site.lambda.isSerializable()) {
      problems.warn(
          site.method.at(site.index),
          "the lambda suspends, but is serializable, which keeps it from being woven");
    }
  }

  private void check(ClassInfo info) {
    for (MethodInfo method : info.methods()) {
      if (!method.suspends || method.hasTwin) {
        continue;
      }
      if (!info.isOurs()) {
        checkWoven(method);
        continue;
      }
      checkOverridden(method);
    }
  }

  /** Rejects a class woven before that would need another twin: its original code can't get one. */
  private void checkWoven(MethodInfo method) {
    boolean entered = method.owner.method("resume(Ldev/weft/routine/codegen/Context;)V") != null;
    if (!(method.isRoutineBody() && entered) && calls.containsKey(method)) {
      problems.refuse(
          method.owner.name,
          method.at(0),
          "suspends now, but was woven when it did not, and what it was woven from is gone:"
              + " recompile the class");
    }
  }

  /**
   * Warns of an override whose callers know only the overridden method and are not woven: they call
   * the plain method.
   */
  private void checkOverridden(MethodInfo method) {
    if (!method.isVirtual() || !calls.containsKey(method)) {
      return;
    }
    for (MethodInfo overridden : table.overridden(method)) {
      boolean harmless =
          overridden.suspends
              || isRoutine(overridden)
              || isClose(overridden); // reported where it is called
      if (!harmless) {
        problems.warn(
            method.at(0),
            "suspends, but overrides "
                + overridden
                + ", which is not woven: called as that it can't; it works where all runs stackful");
      }
    }
  }

  /**
   * Whether the method is Routine's own: a routine is entered by resume, so its run need not
   * suspend with all others.
   */
  private static boolean isRoutine(MethodInfo method) {
    return method.owner.name.equals(Names.ROUTINE);
  }

  private static boolean isClose(MethodInfo method) {
    return method.key().equals(CLOSE) && ClassTable.isOfJdk(method.owner.name);
  }

  // ---- the calls

  /**
   * Sets {@link MethodInfo#points} of every method to be woven, which lambda classes are now too.
   */
  public void findPoints() {
    Map<String, MethodInfo> closing = new HashMap<>();
    for (ClassInfo info : table.ours()) {
      for (MethodInfo method : info.methods()) {
        if (method.suspends && method.key().equals(CLOSE)) {
          closing.putIfAbsent(info.name, method);
        }
      }
    }
    for (ClassInfo info : table.ours()) {
      for (MethodInfo method : info.methods()) {
        reporting(method, () -> findPointsAndCheck(method, closing));
      }
    }
    for (Link link : links) {
      if (link.other.suspends) {
        link.one.called = true;
      }
    }
  }

  private void findPointsAndCheck(MethodInfo method, Map<String, MethodInfo> closing) {
    if (method.suspends && !method.hasTwin) {
      findPoints(method, closing);
      BlockingCalls.check(method, problems);
    }
    if (method.code().stream().anyMatch(SuspendInference::callsCloseOfKotlin)) {
      checkUses(method);
    }
  }

  private void findPoints(MethodInfo method, Map<String, MethodInfo> closing) {
    List<Integer> points = new ArrayList<>();
    List<CodeElement> code = method.code();
    for (int i = 0; i < code.size(); i++) {
      MethodInfo target = table.target(code.get(i));
      if (target != null && suspends(code.get(i), target)) {
        points.add(i);
        target.called = true;
      } else if (callsCloseUnknown(code.get(i))) {
        String which = closesAs(code.get(i), closing);
        if (which != null) {
          problems.warn(
              method.at(i),
              "closes it without knowing its class: if that is " + which + ", it can't suspend");
        }
      }
    }
    if (points.isEmpty()) {
      return;
    }
    int first = points.getFirst();
    if (method.isInitializer()) {
      String kind = method.name.equals(Names.CONSTRUCTOR) ? "constructor" : "static initialiser";
      refuse(method, first, "a " + kind + " can't suspend; do it in a static method");
    } else if (method.is(AccessFlag.SYNCHRONIZED)) {
      refuse(method, first, "a synchronized method can't suspend; use a lock for fibers");
    } else {
      method.points = points;
    }
  }

  private void refuse(MethodInfo method, int index, String why) {
    problems.refuse(method.owner.name, method.at(index), why);
  }

  /**
   * Whether the call {@code element} may suspend. If only overrides of {@code target} do, its twin
   * calls the plain method, even if it is overridden; so a super call must not use the twin, or it
   * would come back to the caller.
   */
  private boolean suspends(CodeElement element, MethodInfo target) {
    boolean bySuper =
        element instanceof InvokeInstruction call
            && call.opcode() == Opcode.INVOKESPECIAL
            && target.isVirtual();
    return target.suspends && (!bySuper || suspendsItself(target));
  }

  /** Whether the body of {@code method} suspends, rather than only an override. */
  private boolean suspendsItself(MethodInfo method) {
    if (method.hasTwin && !method.isTwinWoven()) {
      return true;
    }
    for (CodeElement element : method.code()) {
      MethodInfo target = table.target(element);
      if (target != null && suspends(element, target)) {
        return true;
      }
    }
    return false;
  }

  private static boolean callsCloseUnknown(CodeElement element) {
    return element instanceof InvokeInstruction call
        && call.name().equalsString("close")
        && call.type().equalsString("()V")
        && CLOSEABLES.contains(call.owner().asInternalName());
  }

  /**
   * Kotlin's {@code use} is written out where it is called, but has a method of Kotlin's library
   * close the object, which it is handed as an AutoCloseable. So the call is of none that suspends.
   */
  private void checkUses(MethodInfo method) {
    FrameTypes types = new FrameTypes(method);
    for (int i = 0; i < method.code().size(); i++) {
      FrameTypes.State before = types.before(i);
      if (before != null && isCastForClosing(method.code().get(i))) {
        String type = before.operands().getLast();
        MethodInfo close =
            type.startsWith("L")
                ? table.resolve(type.substring(1, type.length() - 1), CLOSE)
                : null;
        if (close != null && close.suspends) {
          problems.warn(
              method.at(i),
              "Kotlin's use calls "
                  + close
                  + " by way of its library, which is not woven: called from there it can't"
                  + " suspend; close it in a finally");
        }
      }
    }
  }

  private static boolean callsCloseOfKotlin(CodeElement element) {
    return element instanceof InvokeInstruction call
        && call.name().equalsString("closeFinally")
        && call.owner().asInternalName().startsWith("kotlin/");
  }

  private static boolean isCastForClosing(CodeElement element) {
    return element instanceof TypeCheckInstruction cast
        && cast.opcode() == Opcode.CHECKCAST
        && CLOSEABLES.contains(cast.type().asInternalName());
  }

  private @Nullable String closesAs(CodeElement element, Map<String, MethodInfo> closing) {
    String type = ((InvokeInstruction) element).owner().asInternalName();
    return closing.keySet().stream()
        .filter(name -> table.isA(name, type))
        .findFirst()
        .map(Names::external)
        .orElse(null);
  }
}
