// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.RuntimeInvisibleTypeAnnotationsAttribute;
import java.lang.classfile.attribute.RuntimeVisibleTypeAnnotationsAttribute;
import java.lang.classfile.constantpool.InvokeDynamicEntry;
import java.lang.classfile.instruction.*;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes one woven copy of a method's body. */
final class BodyWeaver {
  /** Which copy. */
  enum Kind {
    /** From the start; makes a frame when it suspends, and returns as the method does. */
    TWIN,
    /** From a suspension on; keeps its frame, and returns through the context. */
    RESUME,
    /** Both, for the body of a routine, which is its own frame. */
    ROUTINE
  }

  /** An element as it is written in one of the passes. */
  private record Place(int pass, int index) {}

  private final Kind kind;
  private final SpillPlan plan;
  private final MethodInfo method;
  private final Map<InvokeDynamicEntry, ClassDesc> lambdas;
  private final CodeBuilder to;
  private final SuspendCodegen suspensions;
  private final LoopSplitting passes;

  /** How many of the original's locals are read or written. */
  private final int usedLocals;

  /** The places that something leads to, by pass and element. */
  private final Map<Place, Label> labels = new HashMap<>();

  /** What is being written. */
  private int pass;

  /** A line number that has been read, and that nothing has been written for yet. */
  private LineNumber pendingLine = LineNumber.of(0);

  private BodyWeaver(
      Kind kind,
      SpillPlan plan,
      ClassDesc frame,
      Map<InvokeDynamicEntry, ClassDesc> lambdas,
      CodeBuilder to) {
    this.kind = kind;
    this.plan = plan;
    this.lambdas = lambdas;
    this.to = to;
    method = plan.method;
    suspensions = new SuspendCodegen(kind, plan, frame, to);
    Set<Integer> resumed = kind == Kind.TWIN ? Set.of() : plan.kept.keySet();
    passes = new LoopSplitting(plan, kind != Kind.RESUME, resumed);
    usedLocals = countUsedLocals();
  }

  static void weave(
      Kind kind,
      SpillPlan plan,
      ClassDesc frame,
      Map<InvokeDynamicEntry, ClassDesc> lambdas,
      CodeBuilder to) {
    new BodyWeaver(kind, plan, frame, lambdas, to).weave();
  }

  private void weave() {
    suspensions.enter();
    if (kind == Kind.ROUTINE && passes.last() > 0) {
      to.goto_(label(0, 0));
    }
    // Where a debugger stops at a line once, it shall be where a suspension leads: that comes
    // first.
    for (pass = passes.last(); pass >= 0; pass--) {
      writePass();
    }
    suspensions.saveAll();
    suspensions.unsaved().forEach(this::goOnUnsaved);
  }

  /**
   * What follows a call that has suspended and whose frame could not be made: out of the way, but
   * inside the handlers that the call is in.
   */
  private void goOnUnsaved(int point, SuspendCodegen.Unsaved labels) {
    Label start = to.newBoundLabel();
    suspensions.goOnUnsaved(point, labels);
    Label end = to.newBoundLabel();
    for (CodeElement element : method.code()) {
      if (element instanceof ExceptionCatch range && isIn(range, point)) {
        int handler = plan.flow.at(range.handler());
        if (passes.isMade(0, handler)) {
          to.exceptionCatch(start, end, label(0, handler), range.catchType());
        }
      }
    }
  }

  private boolean isIn(ExceptionCatch range, int index) {
    return plan.flow.at(range.tryStart()) <= index && index < plan.flow.at(range.tryEnd());
  }

  private void writePass() {
    List<CodeElement> code = method.code();
    for (int i = 0; i < code.size(); i++) {
      CodeElement element = code.get(i);
      if (element instanceof LabelTarget || labels.containsKey(new Place(pass, i))) {
        to.labelBinding(label(pass, i));
      }
      if (!(element instanceof Instruction)) {
        copyMarker(element);
      } else if (passes.isWritten(pass, i)) {
        flushLine();
        copy(element, i);
      }
      if (passes.leavesAfter(pass, i)) {
        to.goto_(label(passes.next(pass, i, i + 1), i + 1));
      }
    }
  }

  private Label label(int inPass, int index) {
    return labels.computeIfAbsent(new Place(inPass, index), _ -> to.newLabel());
  }

  /** The place of {@code label} in this pass. */
  private Label here(Label label) {
    return label(pass, plan.flow.at(label));
  }

  /** The place that a jump from element {@code index} to {@code target} leads to. */
  private Label map(int index, Label target) {
    int found = plan.flow.at(target);
    return label(passes.next(pass, index, found), found);
  }

  private void copyMarker(CodeElement element) {
    switch (element) {
      case LabelTarget _ -> {} // is bound as any place
      case LineNumber line -> pendingLine = line;
      // Of two handlers of all, the outer one is never reached from inside the inner one's range.
      case ExceptionCatch range -> {
        int handler = plan.flow.at(range.handler());
        int in = passes.caught(pass, handler);
        if (passes.isMade(in, handler) && isLeft(range.tryStart(), range.tryEnd())) {
          to.exceptionCatch(
              here(range.tryStart()), here(range.tryEnd()), label(in, handler), range.catchType());
        }
      }
      // Two of one name whose scopes have become empty at one place would be refused by the JVM.
      case LocalVariable local -> {
        if (isKnown(local.slot(), local.typeSymbol())
            && isLeft(local.startScope(), local.endScope())) {
          to.localVariable(
              suspensions.local(local.slot()),
              local.name(),
              local.type(),
              here(local.startScope()),
              here(local.endScope()));
        }
      }
      case LocalVariableType local -> {
        if (isKnown(local.slot(), Names.OBJECT) && isLeft(local.startScope(), local.endScope())) {
          to.localVariableType(
              suspensions.local(local.slot()),
              local.name(),
              local.signature(),
              here(local.startScope()),
              here(local.endScope()));
        }
      }
      // Nothing reads them of code at run time, and their labels are those of the other copy.
      case CharacterRange _,
          RuntimeVisibleTypeAnnotationsAttribute _,
          RuntimeInvisibleTypeAnnotationsAttribute _ -> {}
      default -> to.with(element);
    }
  }

  /** Lines of which nothing is left would catch breakpoints at what comes next. */
  private void flushLine() {
    if (pendingLine.line() != 0) {
      to.with(pendingLine);
      pendingLine = LineNumber.of(0);
    }
  }

  /** Whether anything is left between two places. */
  private boolean isLeft(Label start, Label end) {
    return passes.isAnyWritten(pass, plan.flow.at(start), plan.flow.at(end));
  }

  /** Whether a local is among those that are there still, with what is not written left out. */
  private boolean isKnown(int slot, ClassDesc type) {
    return slot + TypeKind.from(type).slotSize() <= usedLocals;
  }

  private int countUsedLocals() {
    int used = kind == Kind.TWIN ? method.argumentSlots() : suspensions.receiverSlots();
    for (int i = 0; i < method.code().size(); i++) {
      int end =
          switch (method.code().get(i)) {
            case LoadInstruction load -> load.slot() + load.typeKind().slotSize();
            case StoreInstruction store -> store.slot() + store.typeKind().slotSize();
            case IncrementInstruction increment -> increment.slot() + 1;
            default -> 0;
          };
      if (end > used && passes.isWrittenAtAll(i)) {
        used = end;
      }
    }
    return used;
  }

  private void copy(CodeElement element, int index) {
    switch (element) {
      case BranchInstruction branch -> to.branch(branch.opcode(), map(index, branch.target()));
      case TableSwitchInstruction choice ->
          to.tableswitch(
              choice.lowValue(),
              choice.highValue(),
              map(index, choice.defaultTarget()),
              map(index, choice.cases()));
      case LookupSwitchInstruction choice ->
          to.lookupswitch(map(index, choice.defaultTarget()), map(index, choice.cases()));
      case ReturnInstruction result when kind != Kind.TWIN ->
          suspensions.returnResult(result.typeKind());
      case LoadInstruction load -> to.loadLocal(load.typeKind(), suspensions.local(load.slot()));
      case StoreInstruction store ->
          to.storeLocal(store.typeKind(), suspensions.local(store.slot()));
      case IncrementInstruction increment ->
          to.iinc(suspensions.local(increment.slot()), increment.constant());
      case InvokeDynamicInstruction dynamic when lambdas.containsKey(dynamic.invokedynamic()) ->
          to.invokestatic(
              lambdas.get(dynamic.invokedynamic()), LambdaWeaver.MAKE, dynamic.typeSymbol());
      case InvokeInstruction call when plan.tails.contains(index) -> suspensions.tailCall(call);
      case InvokeInstruction call when plan.kept.containsKey(index) ->
          suspensions.call(call, index, passes.isMade(pass, index), passes.of(index) == pass);
      case InvokeInstruction call when plan.deferred.containsKey(index) -> construct(call, index);
      default -> to.with(element);
    }
  }

  private List<SwitchCase> map(int index, List<SwitchCase> cases) {
    return cases.stream()
        .map(each -> SwitchCase.of(each.caseValue(), map(index, each.target())))
        .toList();
  }

  /** A constructor call whose NEW has moved here: only the arguments are on the stack. */
  private void construct(InvokeInstruction call, int index) {
    List<ClassDesc> parameters = call.typeSymbol().parameterList();
    int[] slots = new int[parameters.size()];
    int next = suspensions.firstFreeLocal();
    for (int i = 0; i < slots.length; i++) {
      slots[i] = next;
      next += TypeKind.from(parameters.get(i)).slotSize();
    }
    for (int i = slots.length - 1; i >= 0; i--) {
      to.storeLocal(TypeKind.from(parameters.get(i)), slots[i]);
    }
    to.new_(call.owner());
    if (!plan.unwanted.contains(plan.deferred.get(index))) {
      to.dup();
    }
    for (int i = 0; i < slots.length; i++) {
      to.loadLocal(TypeKind.from(parameters.get(i)), slots[i]);
    }
    to.with(call);
  }

  /** The type of the copy that resumes a method with frames of {@code frame}. */
  static MethodTypeDesc resumeType(ClassDesc frame) {
    return Names.RESUME.insertParameterTypes(0, frame);
  }
}
