// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.model;

import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.LambdaMetafactory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A lambda or method reference, as described by the invokedynamic instruction that makes one.
 *
 * @param captured the types of what it captures, to the interface
 * @param method the name of the interface's method
 * @param erased the type of the interface's method
 * @param exact its type where the lambda stands, with generics filled in
 * @param body what it calls
 * @param markers further interfaces
 * @param bridges further types of the method
 */
public record Lambda(
    MethodTypeDesc captured,
    String method,
    MethodTypeDesc erased,
    MethodTypeDesc exact,
    DirectMethodHandleDesc body,
    List<ClassDesc> markers,
    List<MethodTypeDesc> bridges,
    boolean isSerializable) {

  private static final String FACTORY = LambdaMetafactory.class.getName();

  /** Returns the lambda that {@code element} makes, or null if it makes none. */
  public static @Nullable Lambda madeBy(CodeElement element) {
    if (!(element instanceof InvokeDynamicInstruction dynamic)) {
      return null;
    }
    DirectMethodHandleDesc factory = dynamic.bootstrapMethod();
    if (!Names.external(Names.internal(factory.owner())).equals(FACTORY)) {
      return null;
    }
    List<ConstantDesc> arguments = dynamic.bootstrapArgs();
    List<ClassDesc> markers = new ArrayList<>();
    List<MethodTypeDesc> bridges = new ArrayList<>();
    int flags = 0;
    if (factory.methodName().equals("altMetafactory")) {
      int next = 3;
      flags = (Integer) arguments.get(next++);
      if ((flags & LambdaMetafactory.FLAG_MARKERS) != 0) {
        int count = (Integer) arguments.get(next++);
        for (int i = 0; i < count; i++) {
          markers.add((ClassDesc) arguments.get(next++));
        }
      }
      if ((flags & LambdaMetafactory.FLAG_BRIDGES) != 0) {
        int count = (Integer) arguments.get(next++);
        for (int i = 0; i < count; i++) {
          bridges.add((MethodTypeDesc) arguments.get(next++));
        }
      }
    }
    return new Lambda(
        dynamic.typeSymbol(),
        dynamic.name().stringValue(),
        (MethodTypeDesc) arguments.get(0),
        (MethodTypeDesc) arguments.get(2),
        (DirectMethodHandleDesc) arguments.get(1),
        markers,
        bridges,
        (flags & LambdaMetafactory.FLAG_SERIALIZABLE) != 0);
  }

  /** Returns the internal name of the interface. */
  public String type() {
    return Names.internal(captured.returnType());
  }

  /** Returns the interface's method, or null if the interface is not found. */
  public @Nullable MethodInfo declared(ClassTable table) {
    return table.resolve(type(), MethodInfo.key(method, erased.descriptorString()));
  }

  /** Returns the method that the lambda calls, or null if that is not found. */
  public @Nullable MethodInfo target(ClassTable table) {
    String owner = Names.internal(body.owner());
    if (ClassTable.isOfJdk(owner) || owner.startsWith("[")) {
      return null;
    }
    return table.resolve(owner, MethodInfo.key(body.methodName(), body.lookupDescriptor()));
  }
}
