// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.classfile.ClassFile.ACC_SUPER;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;

import dev.weft.weaver.WeaveException;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.Lambda;
import dev.weft.weaver.model.Names;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.NestHostAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandleInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a class for a lambda or method reference whose body suspends, since the class that the JVM
 * spins could not be woven. The class is as javac would have written it; it is woven like any
 * other.
 */
final class LambdaWeaver {
  static final String MAKE = "make";
  private static final String ONLY = "instance";
  private static final ClassDesc NUMBER = ClassDesc.of("java.lang.Number");

  private final Lambda lambda;
  private final ClassDesc self;
  private final List<ClassDesc> captured;
  private final int line;

  private LambdaWeaver(Lambda lambda, ClassDesc self, int line) {
    this.lambda = lambda;
    this.self = self;
    this.line = line;
    captured = lambda.captured().parameterList();
  }

  /** Returns the class file of {@code self} for a lambda in {@code host}. */
  static byte[] weave(ClassInfo host, Lambda lambda, ClassDesc self, int line) {
    LambdaWeaver weaver = new LambdaWeaver(lambda, self, line);
    return host.table.files().build(self, builder -> weaver.build(host, builder));
  }

  private void build(ClassInfo host, ClassBuilder builder) {
    List<ClassDesc> types = new ArrayList<>();
    types.add(lambda.captured().returnType());
    lambda.markers().stream().filter(type -> !types.contains(type)).forEach(types::add);
    builder.withVersion(host.model.majorVersion(), 0);
    builder.withFlags(ACC_FINAL | ACC_SYNTHETIC | ACC_SUPER);
    builder.withInterfaceSymbols(types);
    builder.with(NestHostAttribute.of(ClassDesc.ofInternalName(host.nestHost())));
    host.source().ifPresent(file -> builder.with(SourceFileAttribute.of(file)));
    for (int i = 0; i < captured.size(); i++) {
      builder.withField(field(i), captured.get(i), ACC_PRIVATE | ACC_FINAL);
    }
    MethodTypeDesc arguments = MethodTypeDesc.of(ConstantDescs.CD_void, captured);
    builder.withMethodBody(Names.CONSTRUCTOR, arguments, ACC_PRIVATE, this::constructor);
    builder.withMethodBody(MAKE, lambda.captured(), ACC_STATIC, code -> make(code, arguments));
    if (captured.isEmpty()) { // as the JVM does, always the same object
      builder.withField(ONLY, self, ACC_PRIVATE | ACC_STATIC | ACC_FINAL);
      builder.withMethodBody(
          ConstantDescs.CLASS_INIT_NAME,
          Names.NO_ARGUMENTS,
          ACC_STATIC,
          code ->
              code.new_(self)
                  .dup()
                  .invokespecial(self, Names.CONSTRUCTOR, arguments)
                  .putstatic(self, ONLY, self)
                  .return_());
    }
    builder.withMethodBody(lambda.method(), lambda.erased(), ACC_PUBLIC, this::call);
    for (MethodTypeDesc bridge : lambda.bridges()) {
      if (!bridge.equals(lambda.erased())) {
        builder.withMethodBody(
            lambda.method(), bridge, ACC_PUBLIC | ACC_SYNTHETIC, code -> bridge(code, bridge));
      }
    }
  }

  private static String field(int index) {
    return "captured" + index;
  }

  private void constructor(CodeBuilder code) {
    code.aload(0).invokespecial(Names.OBJECT, Names.CONSTRUCTOR, Names.NO_ARGUMENTS);
    for (int i = 0; i < captured.size(); i++) {
      code.aload(0).loadLocal(TypeKind.from(captured.get(i)), code.parameterSlot(i));
      code.putfield(self, field(i), captured.get(i));
    }
    code.return_();
  }

  private void make(CodeBuilder code, MethodTypeDesc arguments) {
    if (captured.isEmpty()) {
      code.getstatic(self, ONLY, self).areturn();
      return;
    }
    code.new_(self).dup();
    for (int i = 0; i < captured.size(); i++) {
      code.loadLocal(TypeKind.from(captured.get(i)), code.parameterSlot(i));
    }
    code.invokespecial(self, Names.CONSTRUCTOR, arguments).areturn();
  }

  /**
   * Emits the interface's method: it passes the captured values and the arguments to the lambda's
   * body.
   */
  private void call(CodeBuilder code) {
    if (line > 0) {
      code.lineNumber(line);
    }
    MethodTypeDesc target = lambda.body().invocationType(); // the receiver comes first
    int next = 0;
    for (int i = 0; i < captured.size(); i++, next++) {
      code.aload(0).getfield(self, field(i), captured.get(i));
    }
    for (int i = 0; i < lambda.erased().parameterCount(); i++, next++) {
      ClassDesc given = lambda.erased().parameterType(i);
      code.loadLocal(TypeKind.from(given), code.parameterSlot(i));
      convert(code, given, lambda.exact().parameterType(i), target.parameterType(next));
    }
    invoke(code);
    ClassDesc result = target.returnType();
    convert(code, result, result, lambda.erased().returnType());
    code.return_(TypeKind.from(lambda.erased().returnType()));
  }

  private void invoke(CodeBuilder code) {
    ClassDesc owner = lambda.body().owner();
    String name = lambda.body().methodName();
    MethodTypeDesc type = MethodTypeDesc.ofDescriptor(lambda.body().lookupDescriptor());
    boolean inInterface = lambda.body().isOwnerInterface();
    switch (lambda.body().refKind()) {
      case MethodHandleInfo.REF_invokeStatic -> code.invokestatic(owner, name, type, inInterface);
      case MethodHandleInfo.REF_invokeVirtual,
          MethodHandleInfo.REF_invokeSpecial,
          MethodHandleInfo.REF_invokeInterface -> {
        if (inInterface) {
          code.invokeinterface(owner, name, type);
        } else {
          code.invokevirtual(owner, name, type);
        }
      }
      default -> throw new WeaveException("a reference to " + name + " of an unknown kind");
    }
  }

  private void bridge(CodeBuilder code, MethodTypeDesc bridge) {
    code.aload(0);
    for (int i = 0; i < bridge.parameterCount(); i++) {
      ClassDesc given = bridge.parameterType(i);
      ClassDesc expected = lambda.erased().parameterType(i);
      code.loadLocal(TypeKind.from(given), code.parameterSlot(i));
      convert(code, given, expected, expected);
    }
    code.invokevirtual(self, lambda.method(), lambda.erased());
    code.return_(TypeKind.from(bridge.returnType()));
  }

  /** Converts a {@code from}, known to be an {@code exact}, to a {@code to}. */
  private static void convert(CodeBuilder code, ClassDesc from, ClassDesc exact, ClassDesc to) {
    TypeKind kind = TypeKind.from(from);
    if (to.equals(ConstantDescs.CD_void)) {
      switch (kind.slotSize()) {
        case 2 -> code.pop2();
        case 1 -> code.pop();
        default -> {}
      }
    } else if (from.isPrimitive() && to.isPrimitive()) {
      widen(code, from, to);
    } else if (from.isPrimitive()) {
      ClassDesc box = box(from);
      code.invokestatic(box, "valueOf", MethodTypeDesc.of(box, from));
    } else if (to.isPrimitive()) {
      // As in the JVM: a type that is no box is converted from any Number, or from the box that
      // fits.
      ClassDesc box = isBox(exact) ? exact : isNumber(to) ? NUMBER : box(to);
      ClassDesc inside = isBox(exact) ? unboxed(exact) : to;
      if (!from.equals(box)) {
        code.checkcast(box);
      }
      code.invokevirtual(box, inside.displayName() + "Value", MethodTypeDesc.of(inside));
      widen(code, inside, to);
    } else if (!to.equals(Names.OBJECT) && !from.equals(to)) {
      code.checkcast(to);
    }
  }

  private static void widen(CodeBuilder code, ClassDesc from, ClassDesc to) {
    TypeKind kind = TypeKind.from(from).asLoadable();
    TypeKind expected = TypeKind.from(to).asLoadable();
    if (kind != expected) {
      code.conversion(kind, expected);
    }
  }

  private static final List<ClassDesc> PRIMITIVES =
      List.of(
          ConstantDescs.CD_boolean,
          ConstantDescs.CD_byte,
          ConstantDescs.CD_char,
          ConstantDescs.CD_short,
          ConstantDescs.CD_int,
          ConstantDescs.CD_long,
          ConstantDescs.CD_float,
          ConstantDescs.CD_double);
  private static final List<ClassDesc> BOXES =
      List.of(
          ConstantDescs.CD_Boolean,
          ConstantDescs.CD_Byte,
          ConstantDescs.CD_Character,
          ConstantDescs.CD_Short,
          ConstantDescs.CD_Integer,
          ConstantDescs.CD_Long,
          ConstantDescs.CD_Float,
          ConstantDescs.CD_Double);

  private static ClassDesc box(ClassDesc primitive) {
    return BOXES.get(PRIMITIVES.indexOf(primitive));
  }

  private static boolean isNumber(ClassDesc primitive) {
    return !primitive.equals(ConstantDescs.CD_boolean) && !primitive.equals(ConstantDescs.CD_char);
  }

  private static boolean isBox(ClassDesc type) {
    return BOXES.contains(type);
  }

  private static ClassDesc unboxed(ClassDesc box) {
    return PRIMITIVES.get(BOXES.indexOf(box));
  }
}
