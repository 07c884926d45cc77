// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PRIVATE;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.classfile.ClassFile.ACC_SUPER;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;

import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import dev.weft.weaver.model.WovenAttribute;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.attribute.NestHostAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Emits the class of a method's frames. */
final class FrameWeaver {
  static final String SELF = "self";

  /** A static method that clears the references that a frame has kept and no longer needs. */
  static final String FORGET = Names.GENERATED + "forget";

  private static final MethodTypeDesc PLACE_ARGUMENTS =
      MethodTypeDesc.of(
          ConstantDescs.CD_void,
          ConstantDescs.CD_String,
          ConstantDescs.CD_String,
          ConstantDescs.CD_String,
          ConstantDescs.CD_int);

  private FrameWeaver() {}

  static byte[] weave(SpillPlan plan, ClassDesc frame) {
    return plan.method.owner.table.files().build(frame, builder -> build(plan, frame, builder));
  }

  private static void build(SpillPlan plan, ClassDesc frame, ClassBuilder builder) {
    MethodInfo method = plan.method;
    ClassInfo owner = method.owner;
    builder.withVersion(owner.model.majorVersion(), 0);
    builder.withFlags(ACC_FINAL | ACC_SYNTHETIC | ACC_SUPER).withSuperclass(Names.FRAME);
    builder.with(NestHostAttribute.of(ClassDesc.ofInternalName(owner.nestHost())));
    builder.with(WovenAttribute.generated());
    owner.source().ifPresent(file -> builder.with(SourceFileAttribute.of(file)));
    if (!method.isStatic()) {
      builder.withField(SELF, owner.desc(), 0);
    }
    plan.fields.forEach((name, type) -> builder.withField(name, ClassDesc.ofDescriptor(type), 0));
    builder.withMethodBody(
        Names.CONSTRUCTOR,
        Names.NO_ARGUMENTS,
        0,
        code ->
            code.aload(0)
                .invokespecial(Names.FRAME, Names.CONSTRUCTOR, Names.NO_ARGUMENTS)
                .return_());
    builder.withMethodBody("resume", Names.RESUME, ACC_PUBLIC, code -> resume(code, method, frame));
    builder.withMethodBody("where", Names.WHERE, ACC_PUBLIC, code -> where(code, plan));
    forget(builder, plan, frame);
  }

  private static void resume(CodeBuilder code, MethodInfo method, ClassDesc frame) {
    ClassDesc owner = method.owner.desc();
    MethodTypeDesc type = BodyWeaver.resumeType(frame);
    if (method.isStatic()) {
      code.aload(0).aload(1).invokestatic(owner, method.name, type, method.owner.isInterface());
    } else {
      code.aload(0).getfield(frame, SELF, owner).aload(0).aload(1);
      if (method.owner.isInterface()) {
        code.invokeinterface(owner, method.name, type);
      } else {
        code.invokevirtual(owner, method.name, type);
      }
    }
    code.return_();
  }

  /** The name of the static method of the woven class that makes a frame. */
  static String maker(SpillPlan plan, ClassDesc frame) {
    return Names.internal(frame).substring(plan.method.owner.name.length());
  }

  /** Its type: it takes the receiver, if there is one, and the context. */
  static MethodTypeDesc makerType(SpillPlan plan, ClassDesc frame) {
    return plan.method.isStatic()
        ? MethodTypeDesc.of(frame, Names.CONTEXT)
        : MethodTypeDesc.of(frame, plan.method.owner.desc(), Names.CONTEXT);
  }

  /**
   * Emits the body of the method that makes a frame. If making it fails, the method returns null
   * and leaves the reason in the context: the operands of the method that suspends are still needed
   * then, and an exception would have cleared them. The method is in the woven class, so that a
   * failure to load the frame's class is caught as well.
   */
  static void make(CodeBuilder code, SpillPlan plan, ClassDesc frame) {
    boolean isStatic = plan.method.isStatic();
    Label start = code.newBoundLabel();
    code.new_(frame).dup().invokespecial(frame, Names.CONSTRUCTOR, Names.NO_ARGUMENTS);
    if (!isStatic) {
      code.dup().aload(0).putfield(frame, SELF, plan.method.owner.desc());
    }
    code.areturn();
    Label failed = code.newBoundLabel();
    code.exceptionCatchAll(start, failed, failed);
    code.aload(isStatic ? 0 : 1).swap();
    code.putfield(Names.CONTEXT, "failure", ConstantDescs.CD_Throwable);
    code.aconst_null().areturn();
  }

  /** The type of {@link #FORGET}: it takes the frame, and the fields to keep as a mask. */
  static MethodTypeDesc forgetType(ClassDesc frame) {
    return MethodTypeDesc.of(ConstantDescs.CD_void, frame, ConstantDescs.CD_long);
  }

  /** Adds the method {@link #FORGET} if it is called. */
  static void forget(ClassBuilder builder, SpillPlan plan, ClassDesc frame) {
    if (plan.needsForget()) {
      int flags = ACC_STATIC | ACC_SYNTHETIC | (plan.isFlat ? ACC_PRIVATE : 0);
      builder.withMethodBody(FORGET, forgetType(frame), flags, code -> forget(code, plan, frame));
    }
  }

  private static void forget(CodeBuilder code, SpillPlan plan, ClassDesc frame) {
    Label none = code.newLabel();
    Map<Label, Set<String>> pieces = new LinkedHashMap<>();
    List<SwitchCase> cases = new ArrayList<>();
    Label start = code.newLabel(); // a routine that starts over has kept anything
    pieces.put(start, plan.references());
    cases.add(SwitchCase.of(0, start));
    for (int point : plan.kept.keySet()) {
      Label label = code.newLabel();
      pieces.put(label, plan.references(point));
      cases.add(SwitchCase.of(plan.label(point), label));
    }
    code.aload(0).getfield(Names.FRAME, "label", ConstantDescs.CD_int).tableswitch(none, cases);
    pieces.forEach(
        (label, fields) -> {
          code.labelBinding(label);
          fields.forEach(field -> forgetUnlessKept(code, plan, frame, field));
          code.return_();
        });
    code.labelBinding(none).return_();
  }

  private static void forgetUnlessKept(
      CodeBuilder code, SpillPlan plan, ClassDesc frame, String field) {
    Label kept = code.newLabel();
    long bit = plan.mask(Set.of(field));
    if (bit != 0) { // or there are too many fields, and it is stored again
      code.lload(1).loadConstant(bit).land().lconst_0().lcmp().ifne(kept);
    }
    code.aload(0).aconst_null();
    code.putfield(frame, field, ClassDesc.ofDescriptor(plan.typeOf(field)));
    code.labelBinding(kept);
  }

  /** Emits the body of a frame's method where(). */
  static void where(CodeBuilder code, SpillPlan plan) {
    Label elsewhere = code.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    Map<Label, Integer> places = new LinkedHashMap<>();
    for (int point : plan.kept.keySet()) {
      Label label = code.newLabel();
      places.put(label, plan.method.line(point));
      cases.add(SwitchCase.of(plan.label(point), label));
    }
    code.aload(0).getfield(Names.FRAME, "label", ConstantDescs.CD_int);
    code.tableswitch(elsewhere, cases);
    places.forEach((label, line) -> place(code.labelBinding(label), plan.method, line));
    place(code.labelBinding(elsewhere), plan.method, plan.method.line(0));
  }

  private static void place(CodeBuilder code, MethodInfo method, int line) {
    code.new_(Names.PLACE).dup();
    code.loadConstant(Names.external(method.owner.name)).loadConstant(method.name);
    String file = method.owner.sourceFile();
    if (file == null) {
      code.aconst_null();
    } else {
      code.loadConstant(file);
    }
    code.loadConstant(line);
    code.invokespecial(Names.PLACE, Names.CONSTRUCTOR, PLACE_ARGUMENTS).areturn();
  }
}
