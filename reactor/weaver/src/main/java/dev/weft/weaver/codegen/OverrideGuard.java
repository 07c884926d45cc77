// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.List;

/**
 * Emits guards for classes that override a woven method and have not been woven. Such a class
 * inherits the twin; callers reach the twin where they mean the overriding method, which it would
 * bypass.
 */
final class OverrideGuard {
  private static final MethodTypeDesc GET_CLASS = MethodTypeDesc.of(ConstantDescs.CD_Class);
  private static final MethodTypeDesc ARE_BYPASSED =
      MethodTypeDesc.of(ConstantDescs.CD_boolean, Names.OBJECT, ConstantDescs.CD_String);
  private static final ClassDesc PROXY = ClassDesc.of("java.lang.reflect.Proxy");
  private static final ClassDesc ROUTINE = ClassDesc.ofInternalName(Names.ROUTINE);
  private static final MethodTypeDesc BEGIN =
      MethodTypeDesc.of(ConstantDescs.CD_void, ROUTINE, Names.CONTEXT);

  private OverrideGuard() {}

  /** At the start of the twin of {@code method}: calls the plain method if that is overridden. */
  static void twin(CodeBuilder to, MethodInfo method) {
    if (method.isOverridable()) {
      Label woven = to.newLabel();
      unlessBypassed(to, method.owner, method, woven);
      callPlain(to, method);
      to.labelBinding(woven);
    }
  }

  /** At the start of a routine's body: runs run() on a continuation if it is overridden. */
  static void routine(CodeBuilder to, MethodInfo method) {
    if (method.isOverridable()) {
      Label woven = to.newLabel();
      unlessBypassed(to, method.owner, method, woven);
      to.aload(0).aload(1).invokestatic(Names.OVERRIDES, "begin", BEGIN).return_();
      to.labelBinding(woven);
    }
  }

  /**
   * Before a call in {@code method}: if it is a super call of a twin that would dispatch to an
   * override in a subclass, calls the plain method instead, and continues at {@code done}.
   */
  static void call(CodeBuilder to, MethodInfo method, InvokeInstruction call, Label done) {
    if (call.opcode() != Opcode.INVOKESPECIAL || !method.owner.isOpen()) {
      return;
    }
    MethodInfo target = method.owner.table.target(call);
    boolean isByHand = target != null && target.hasTwin && !target.isTwinWoven();
    if (target != null && target.isOverridable() && !isByHand) {
      Label woven = to.newLabel();
      unlessBypassed(to, method.owner, target, woven);
      to.with(call).goto_(done).labelBinding(woven);
    }
  }

  /**
   * Before an interface call: if the receiver is a proxy, whose class has the twin as one more
   * method for its handler, calls the plain method, which the handler knows, and continues at
   * {@code done}. Locals from {@code free} on hold the arguments meanwhile.
   */
  static void proxy(
      CodeBuilder to, MethodInfo method, InvokeInstruction call, int free, Label done) {
    if (call.opcode() != Opcode.INVOKEINTERFACE) {
      return;
    }
    MethodInfo target = method.owner.table.target(call);
    if (target != null && !target.isOverridable()) {
      return;
    }
    List<TypeKind> kinds = call.typeSymbol().parameterList().stream().map(TypeKind::from).toList();
    int next = free;
    for (TypeKind kind : kinds.reversed()) {
      to.storeLocal(kind, next);
      next += kind.slotSize();
    }
    Label woven = to.newLabel();
    to.dup().instanceOf(PROXY).ifeq(woven);
    load(to, kinds, next);
    to.with(call).goto_(done).labelBinding(woven);
    load(to, kinds, next);
  }

  private static void load(CodeBuilder to, List<TypeKind> kinds, int end) {
    int next = end;
    for (TypeKind kind : kinds) {
      next -= kind.slotSize();
      to.loadLocal(kind, next);
    }
  }

  /** Where a routine is resumed that waits for no call of its own. */
  static void end(CodeBuilder to) {
    to.aload(0).aload(1).invokestatic(Names.OVERRIDES, "end", BEGIN).return_();
  }

  /**
   * Jumps to {@code woven} unless {@code target}, reached as a twin through this object, is
   * bypassed. It costs a comparison of classes if the object is of class {@code here} itself.
   */
  private static void unlessBypassed(
      CodeBuilder to, ClassInfo here, MethodInfo target, Label woven) {
    if (!here.model.flags().has(AccessFlag.ABSTRACT)) {
      to.aload(0).invokevirtual(Names.OBJECT, "getClass", GET_CLASS);
      to.loadConstant(here.desc()).if_acmpeq(woven);
    }
    to.aload(0).loadConstant(Names.external(target.owner.name) + '.' + target.key());
    to.invokestatic(Names.OVERRIDES, "areBypassed", ARE_BYPASSED).ifeq(woven);
  }

  /** Calls the plain {@code method} with the arguments of its twin, and returns its result. */
  static void callPlain(CodeBuilder to, MethodInfo method) {
    ClassInfo owner = method.owner;
    if (!method.isStatic()) {
      to.aload(0);
    }
    for (int i = 0; i < method.type.parameterCount(); i++) {
      to.loadLocal(TypeKind.from(method.type.parameterType(i)), to.parameterSlot(i));
    }
    if (method.isStatic()) {
      to.invokestatic(owner.desc(), method.name, method.type, owner.isInterface());
    } else if (owner.isInterface()) {
      to.invokeinterface(owner.desc(), method.name, method.type);
    } else {
      to.invokevirtual(owner.desc(), method.name, method.type);
    }
    to.return_(TypeKind.from(method.type.returnType()));
  }
}
