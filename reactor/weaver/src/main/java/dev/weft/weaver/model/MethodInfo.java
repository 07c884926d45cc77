// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.model;

import dev.weft.weaver.WeaveException;
import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A method, and what the weaver knows about it. */
public final class MethodInfo {
  /** How deep calls are followed to find out that a method is a leaf. */
  private static final int LEAF_DEPTH_MAX = 4;

  /** Classes of the JDK whose methods call no unknown code. */
  private static final Set<String> HARMLESS =
      Set.of(
          "java/lang/Boolean",
          "java/lang/Byte",
          "java/lang/Character",
          "java/lang/Double",
          "java/lang/Float",
          "java/lang/Integer",
          "java/lang/Long",
          "java/lang/Math",
          "java/lang/Short",
          "java/lang/StrictMath");

  public final ClassInfo owner;
  public final MethodModel model;
  public final String name;
  public final MethodTypeDesc type;

  /** Whether the method may suspend, and so has a twin or gets one. */
  public boolean suspends;

  /** Whether the class file had its twin already. */
  public boolean hasTwin;

  /** Whether the method is the twin of another one, handwritten or woven. */
  public boolean isTwin;

  /** Whether woven code, or code that may be woven, calls its twin. */
  public boolean called;

  /** The calls in the method that may suspend, as indexes into {@link #code}. */
  public List<Integer> points = List.of();

  private @Nullable List<CodeElement> code;

  MethodInfo(ClassInfo owner, MethodModel model) {
    this.owner = owner;
    this.model = model;
    name = model.methodName().stringValue();
    type = model.methodTypeSymbol();
  }

  public static String key(String name, String descriptor) {
    return name + descriptor;
  }

  public String key() {
    return key(name, type.descriptorString());
  }

  public boolean is(AccessFlag flag) {
    return model.flags().has(flag);
  }

  public boolean isStatic() {
    return is(AccessFlag.STATIC);
  }

  /** Whether the method can override and be overridden. */
  public boolean isVirtual() {
    return !isStatic() && !is(AccessFlag.PRIVATE) && !isInitializer();
  }

  /** Whether a class that is not woven together with its own may override the method. */
  public boolean isOverridable() {
    return isVirtual() && !is(AccessFlag.FINAL) && owner.isOpen();
  }

  /** Whether a weaver has made its twin; otherwise it is handwritten. */
  public boolean isTwinWoven() {
    MethodInfo twin = owner.method(key(name, Names.twin(type).descriptorString()));
    return twin != null && twin.is(AccessFlag.SYNTHETIC);
  }

  /** Whether the method is a constructor or a static initialiser. */
  public boolean isInitializer() {
    return name.startsWith("<");
  }

  /** Whether the method is the body of a routine, whose state is kept in the routine itself. */
  public boolean isRoutineBody() {
    return key().equals("run()V") && owner.isRoutine();
  }

  /**
   * Whether the method can neither suspend nor block: it takes no monitor, and calls only static
   * and private methods of which the same is true, and a few of the JDK.
   */
  public boolean isLeaf() {
    return isLeaf(LEAF_DEPTH_MAX);
  }

  private boolean isLeaf(int depth) {
    boolean leaf = depth > 0 && owner.isOurs() && !code().isEmpty() && !isVirtual();
    for (int i = 0; leaf && i < code().size(); i++) {
      MethodInfo target = owner.table.target(code().get(i));
      leaf =
          switch (code().get(i)) {
            case InvokeInstruction call ->
                target == null ? isHarmless(call) : target.isLeaf(depth - 1);
            case InvokeDynamicInstruction _, MonitorInstruction _ -> false;
            default -> true;
          };
    }
    return leaf && !is(AccessFlag.SYNCHRONIZED);
  }

  /** Whether a method of the JDK only computes, such as boxing. */
  private static boolean isHarmless(InvokeInstruction call) {
    String owner = call.owner().asInternalName();
    return HARMLESS.contains(owner)
        || (owner.startsWith("java/util/concurrent/atomic/")
            && !call.type().stringValue().contains("java/util/function/"));
  }

  /** Whether the method is annotated as suspending, whatever the inference finds. */
  boolean isSaidToSuspend() {
    return model
        .findAttribute(Attributes.runtimeInvisibleAnnotations())
        .map(found -> found.annotations().stream())
        .orElse(Stream.empty())
        .anyMatch(annotation -> annotation.classSymbol().equals(Names.SUSPENDS));
  }

  /** Returns its instructions, labels and other elements; the same objects at each call. */
  public List<CodeElement> code() {
    List<CodeElement> elements = code;
    if (elements == null) {
      // Each call of elementList decodes anew, into other objects.
      elements = model.code().map(body -> body.elementList()).orElse(List.of());
      code = elements;
    }
    return elements;
  }

  public CodeAttribute codeAttribute() {
    return model.findAttribute(Attributes.code()).orElseThrow();
  }

  /** Returns the number of slots of its arguments, including the receiver. */
  public int argumentSlots() {
    return (isStatic() ? 0 : 1) + slots(type);
  }

  /** Returns the number of slots of the parameters of {@code type}. */
  public static int slots(MethodTypeDesc type) {
    int slots = 0;
    for (ClassDesc parameter : type.parameterList()) {
      slots += TypeKind.from(parameter).slotSize();
    }
    return slots;
  }

  /** Returns the source line of element {@code index}, or -1 if the class file has none. */
  public int line(int index) {
    List<CodeElement> elements = code();
    for (int i = Math.min(index, elements.size() - 1); i >= 0; i--) {
      if (elements.get(i) instanceof LineNumber line) {
        return line.line();
      }
    }
    for (int i = index + 1; i < elements.size(); i++) {
      if (elements.get(i) instanceof LineNumber line) {
        return line.line();
      }
    }
    return -1;
  }

  /** Returns the place of element {@code index} in the form of a stack trace. */
  public String at(int index) {
    String className = Names.external(owner.name);
    return new StackTraceElement(className, name, owner.sourceFile(), line(index)).toString();
  }

  public WeaveException error(int index, String what) {
    return new WeaveException(at(index), what);
  }

  @Override
  public String toString() {
    return Names.external(owner.name) + "." + name;
  }
}
