// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import dev.weft.weaver.analysis.FrameTypes;
import dev.weft.weaver.codegen.BodyWeaver.Kind;
import dev.weft.weaver.codegen.SpillPlan.Value;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Emits what a woven body has besides the original: leaving at a suspension, and resuming. */
final class SuspendCodegen {
  private static final MethodTypeDesc SAVE =
      MethodTypeDesc.of(ConstantDescs.CD_void, Names.CONTEXT, ConstantDescs.CD_int);
  private static final MethodTypeDesc REFUSED = MethodTypeDesc.of(ConstantDescs.CD_boolean);
  private static final ClassDesc ILLEGAL_STATE = ClassDesc.of("java.lang.IllegalStateException");

  private final Kind kind;
  private final SpillPlan plan;
  private final MethodInfo method;
  private final ClassDesc frame;
  private final CodeBuilder to;

  /** How many fields are cleared inline at most. */
  static final int FORGET_INLINE_MAX = 2;

  /** The local of the context: the parameter; all locals of the original above it move up. */
  private final int contextLocal;

  /** The local of the frame, once there is one: the receiver, a parameter, or a new one. */
  private final int frameLocal;

  /** The first of the original's locals that has moved, and by how much. */
  private final int movedFrom;

  private final int movedBy;

  /** The resume point of each call; in a twin it is used only if the frame could not be made. */
  private final Map<Integer, Label> returns = new LinkedHashMap<>();

  /** Where each call that suspends saves its state. */
  private final Map<Integer, Label> saves = new LinkedHashMap<>();

  /** In a twin, the calls whose frames are made there. */
  private final Map<Integer, Unsaved> unsaved = new LinkedHashMap<>();

  /** Where a call makes its frame, and where it goes if it could not. */
  record Unsaved(Label makes, Label failed) {}

  SuspendCodegen(Kind kind, SpillPlan plan, ClassDesc frame, CodeBuilder to) {
    this.kind = kind;
    this.plan = plan;
    this.frame = frame;
    this.to = to;
    method = plan.method;
    int receiver = receiverSlots();
    movedFrom = kind == Kind.TWIN ? method.argumentSlots() : receiver;
    movedBy = kind == Kind.RESUME ? 2 : 1;
    contextLocal = movedFrom + movedBy - 1;
    frameLocal =
        switch (kind) {
          case TWIN -> lastLocals();
          case RESUME -> receiver;
          case ROUTINE -> 0;
        };
  }

  int receiverSlots() {
    return method.isStatic() ? 0 : 1;
  }

  /** Returns the new slot of local {@code original} of the method. */
  int local(int original) {
    return original < movedFrom ? original : original + movedBy;
  }

  private int lastLocals() {
    return local(method.codeAttribute().maxLocals());
  }

  int firstFreeLocal() {
    return lastLocals() + 1;
  }

  private boolean resumes() {
    return kind != Kind.TWIN;
  }

  // ---- coming back

  /** Emits the start of the body. */
  void enter() {
    if (kind == Kind.TWIN) {
      OverrideGuard.twin(to, method);
      frameHere(to);
    }
    if (resumes()) {
      dispatch();
    }
  }

  /**
   * Makes a stack map frame at the start of a body that will be computed stack maps for. Where JDK
   * 25's StackMapGenerator needs several rounds, each begins with the last one's locals, and a long
   * that is long gone then spoils the local before it; a frame clears them.
   */
  static void frameHere(CodeBuilder to) {
    Label here = to.newLabel();
    to.goto_(here).labelBinding(here);
  }

  /** Emits code that restores what the call has saved that the frame waits for, and jumps there. */
  private void dispatch() {
    Label unknown = to.newLabel();
    Label start = to.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    Map<Integer, Label> restores = new LinkedHashMap<>();
    if (kind == Kind.ROUTINE) {
      cases.add(SwitchCase.of(0, start));
    }
    for (int point : plan.kept.keySet()) {
      Label restore = to.newLabel();
      restores.put(point, restore);
      returns.put(point, to.newLabel());
      cases.add(SwitchCase.of(plan.label(point), restore));
    }
    to.aload(frameLocal).getfield(Names.FRAME, "label", ConstantDescs.CD_int);
    to.tableswitch(unknown, cases);
    restores.forEach(
        (point, label) -> {
          to.labelBinding(label);
          plan.kept(point).forEach(this::restore);
          to.goto_(returns.get(point));
        });
    to.labelBinding(unknown);
    if (kind == Kind.ROUTINE) {
      OverrideGuard.end(to);
      to.labelBinding(start);
      OverrideGuard.routine(to, method);
    } else {
      to.new_(ILLEGAL_STATE)
          .dup()
          .invokespecial(ILLEGAL_STATE, Names.CONSTRUCTOR, Names.NO_ARGUMENTS)
          .athrow();
    }
  }

  private void restore(Value value) {
    if (value.field() == null) {
      to.aconst_null();
    } else {
      to.aload(frameLocal).getfield(frame, value.field(), ClassDesc.ofDescriptor(value.type()));
    }
    if (!value.isOperand()) {
      to.storeLocal(kindOf(value), local(value.index()));
    }
  }

  private static TypeKind kindOf(Value value) {
    return value.field() == null
        ? TypeKind.REFERENCE
        : TypeKind.fromDescriptor(value.type()).asLoadable();
  }

  // ---- calls

  /** Emits a call that may suspend, or its resume point, or both. */
  void call(InvokeInstruction call, int point, boolean isMade, boolean isResumed) {
    Label done = to.newLabel();
    if (isMade) {
      Label save = saves.computeIfAbsent(point, _ -> to.newLabel());
      guard(call, done);
      invokeTwin(call);
      to.aload(contextLocal).getfield(Names.CONTEXT, "suspended", ConstantDescs.CD_boolean);
      to.ifne(save);
      if (!resumes()) {
        returns.put(point, done);
      }
    }
    if (resumes() && isResumed) {
      if (isMade) {
        to.goto_(done);
      }
      // Inside the handlers of the call: its exception is rethrown here.
      to.labelBinding(returns.get(point));
      to.aload(contextLocal).invokevirtual(Names.CONTEXT, "resumed", Names.NO_ARGUMENTS);
      takeResult(call.typeSymbol().returnType());
    }
    to.labelBinding(done);
  }

  /** Emits a tail call: what it returns is what this method returns. */
  void tailCall(InvokeInstruction call) {
    TypeKind result = TypeKind.from(call.typeSymbol().returnType()).asLoadable();
    if (resumes()) {
      to.aload(frameLocal).iconst_m1().putfield(Names.FRAME, "label", ConstantDescs.CD_int);
    }
    Label done = to.newLabel();
    guard(call, done);
    invokeTwin(call);
    to.labelBinding(done);
    if (resumes()) {
      returnResult(result);
    } else {
      to.return_(result);
    }
  }

  private void guard(InvokeInstruction call, Label done) {
    OverrideGuard.call(to, method, call, done);
    OverrideGuard.proxy(to, method, call, firstFreeLocal(), done);
  }

  private void invokeTwin(InvokeInstruction call) {
    to.aload(contextLocal);
    to.invoke(
        call.opcode(),
        call.owner().asSymbol(),
        call.name().stringValue(),
        Names.twin(call.typeSymbol()),
        call.isInterface());
  }

  private void takeResult(ClassDesc type) {
    TypeKind result = TypeKind.from(type).asLoadable();
    if (result == TypeKind.VOID) {
      return;
    }
    to.aload(contextLocal);
    if (result == TypeKind.REFERENCE) {
      to.invokevirtual(Names.CONTEXT, "takeResult", MethodTypeDesc.of(Names.OBJECT));
      if (!type.equals(Names.OBJECT)) {
        to.checkcast(type);
      }
    } else {
      to.getfield(Names.CONTEXT, resultField(result), result.upperBound());
    }
  }

  private static String resultField(TypeKind kind) {
    return switch (kind) {
      case INT -> "intResult";
      case LONG -> "longResult";
      case FLOAT -> "floatResult";
      case DOUBLE -> "doubleResult";
      default -> "result";
    };
  }

  /** Returns the value on the stack to the caller's frame, which expects it in the context. */
  void returnResult(TypeKind kind) {
    TypeKind result = kind.asLoadable();
    if (result != TypeKind.VOID) {
      to.aload(contextLocal);
      swapBelow(result);
      ClassDesc type = result == TypeKind.REFERENCE ? Names.OBJECT : result.upperBound();
      to.putfield(Names.CONTEXT, resultField(result), type);
    }
    to.return_();
  }

  /** Moves the reference on top of the stack below the value of {@code kind}. */
  private void swapBelow(TypeKind kind) {
    if (kind.slotSize() == 2) {
      to.dup_x2().pop();
    } else {
      to.swap();
    }
  }

  // ---- leaving

  /**
   * Emits the out-of-line code at the end of the body: one piece for each call that may suspend.
   */
  void saveAll() {
    saves.forEach(
        (point, label) -> {
          to.labelBinding(label);
          save(point);
        });
  }

  private void save(int point) {
    InvokeInstruction call = (InvokeInstruction) method.code().get(point);
    dropResult(TypeKind.from(call.typeSymbol().returnType()));
    if (resumes()) {
      forgetOthers(point);
    } else {
      newFrame(point);
    }
    for (Value value : plan.kept(point).reversed()) {
      if (value.isOperand()) {
        saveOperand(value);
      } else if (value.field() != null) {
        saveLocal(value, value.field());
      }
    }
    to.aload(frameLocal).aload(contextLocal).loadConstant(plan.label(point));
    to.invokevirtual(Names.FRAME, resumes() ? "again" : "save", SAVE);
    returnNothing();
  }

  private void dropResult(TypeKind kind) {
    switch (kind.slotSize()) {
      case 1 -> to.pop();
      case 2 -> to.pop2();
      default -> {}
    }
  }

  private void newFrame(int point) {
    Unsaved labels = new Unsaved(to.newBoundLabel(), to.newLabel());
    unsaved.put(point, labels);
    if (!method.isStatic()) {
      to.aload(0);
    }
    to.aload(contextLocal);
    to.invokestatic(
        method.owner.desc(),
        FrameWeaver.maker(plan, frame),
        FrameWeaver.makerType(plan, frame),
        method.owner.isInterface());
    to.dup().astore(frameLocal).ifnull(labels.failed);
  }

  /** Returns the calls whose frames may fail to be made. */
  Map<Integer, Unsaved> unsaved() {
    return unsaved;
  }

  /**
   * Continues after a call whose frame could not be made: with its result, or by suspending again
   * if it has suspended again.
   */
  void goOnUnsaved(int point, Unsaved labels) {
    InvokeInstruction call = (InvokeInstruction) method.code().get(point);
    Label done = returns.get(point);
    if (method.line(point) > 0) {
      to.lineNumber(method.line(point));
    }
    to.labelBinding(labels.failed);
    to.aload(contextLocal).invokevirtual(Names.CONTEXT, "refused", REFUSED).ifne(labels.makes);
    takeResult(call.typeSymbol().returnType());
    to.goto_(done);
  }

  private void saveOperand(Value value) {
    if (value.field() == null) {
      to.pop();
      return;
    }
    to.aload(frameLocal);
    swapBelow(kindOf(value));
    to.putfield(frame, value.field(), ClassDesc.ofDescriptor(value.type()));
  }

  private void saveLocal(Value value, String field) {
    ClassDesc type = ClassDesc.ofDescriptor(value.type());
    boolean mayBeThere = resumes() && FrameTypes.isReference(value.type());
    Label same = to.newLabel();
    if (mayBeThere) { // comparing is cheaper than the collector's barrier
      to.aload(frameLocal).getfield(frame, field, type).aload(local(value.index())).if_acmpeq(same);
    }
    to.aload(frameLocal)
        .loadLocal(kindOf(value), local(value.index()))
        .putfield(frame, field, type);
    to.labelBinding(same);
  }

  /**
   * Clears what was saved at another call and is not at this one, so that the collector may reclaim
   * it.
   */
  private void forgetOthers(int point) {
    Set<String> others = plan.references();
    Set<String> here = plan.references(point);
    others.removeAll(here);
    if (others.size() <= FORGET_INLINE_MAX) {
      others.forEach(field -> forget(field, ClassDesc.ofDescriptor(plan.typeOf(field))));
      return;
    }
    // Code for each field at each call would grow with the square of the method's size.
    Label same = to.newLabel();
    to.aload(frameLocal).getfield(Names.FRAME, "label", ConstantDescs.CD_int);
    to.loadConstant(plan.label(point)).if_icmpeq(same);
    to.aload(frameLocal).loadConstant(plan.mask(here));
    to.invokestatic(frame, FrameWeaver.FORGET, FrameWeaver.forgetType(frame));
    to.labelBinding(same);
  }

  private void forget(String field, ClassDesc type) {
    Label empty = to.newLabel();
    to.aload(frameLocal).getfield(frame, field, type).ifnull(empty);
    to.aload(frameLocal).aconst_null().putfield(frame, field, type);
    to.labelBinding(empty);
  }

  private void returnNothing() {
    TypeKind result =
        resumes() ? TypeKind.VOID : TypeKind.from(method.type.returnType()).asLoadable();
    switch (result) {
      case INT -> to.iconst_0();
      case LONG -> to.lconst_0();
      case FLOAT -> to.fconst_0();
      case DOUBLE -> to.dconst_0();
      case REFERENCE -> to.aconst_null();
      default -> {}
    }
    to.return_(result);
  }
}
