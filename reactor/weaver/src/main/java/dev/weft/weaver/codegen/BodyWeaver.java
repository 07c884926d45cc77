// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
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
  /** The copies of a body. */
  enum Kind {
    /** Runs from the start; makes a frame when it suspends, and returns as the method does. */
    TWIN,
    /** Resumes after a suspension; keeps its frame, and returns through the context. */
    RESUME,
    /** Does both, for the body of a routine, which is its own frame. */
    ROUTINE
  }

  /** An element of the body as it is emitted in one pass. */
  private record Place(int pass, int index) {}

  private final Kind kind;
  private final SpillPlan plan;
  private final MethodInfo method;
  private final Map<InvokeDynamicEntry, ClassDesc> lambdas;
  private final CodeBuilder to;
  private final SuspendCodegen suspensions;
  private final LoopSplitting passes;

  /** The number of locals that the original reads or writes. */
  private final int usedLocals;

  /** Branch targets, by pass and element. */
  private final Map<Place, Label> labels = new HashMap<>();

  /** The pass that is emitted. */
  private int pass;

  /** A line number that was read, and for which nothing has been emitted yet. */
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
    // Some debuggers stop at a line in one place only: the first. That should be a resume point.
    for (pass = passes.last(); pass >= 0; pass--) {
      writePass();
    }
    suspensions.saveAll();
    suspensions.unsaved().forEach(this::goOnUnsaved);
  }

  /**
   * Emits what follows a call that has suspended and whose frame could not be made. It is out of
   * line, but inside the exception handlers of the call.
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

  /** Returns the place of {@code label} in this pass. */
  private Label here(Label label) {
    return label(pass, plan.flow.at(label));
  }

  /** Returns the place that a jump from element {@code index} to {@code target} leads to. */
  private Label map(int index, Label target) {
    int found = plan.flow.at(target);
    return label(passes.next(pass, index, found), found);
  }

  private void copyMarker(CodeElement element) {
    switch (element) {
      case LabelTarget _ -> {} // bound like every place
      case LineNumber line -> pendingLine = line;
      // If two handlers catch everything, the inner one's range never reaches the outer one.
      case ExceptionCatch range -> {
        int handler = plan.flow.at(range.handler());
        int in = passes.caught(pass, handler);
        if (passes.isMade(in, handler) && isLeft(range.tryStart(), range.tryEnd())) {
          to.exceptionCatch(
              here(range.tryStart()), here(range.tryEnd()), label(in, handler), range.catchType());
        }
      }
      // The JVM rejects two variables of one name with empty ranges at the same place.
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
      // Dropped: nothing reads them at run time, and their labels belong to the original.
      case CharacterRange _,
          RuntimeVisibleTypeAnnotationsAttribute _,
          RuntimeInvisibleTypeAnnotationsAttribute _ -> {}
      default -> to.with(element);
    }
  }

  /**
   * Emits the pending line number. It is deferred because a line without code would catch
   * breakpoints at the code that follows.
   */
  private void flushLine() {
    if (pendingLine.line() != 0) {
      to.with(pendingLine);
      pendingLine = LineNumber.of(0);
    }
  }

  /** Whether any code is emitted between two places. */
  private boolean isLeft(Label start, Label end) {
    return passes.isAnyWritten(pass, plan.flow.at(start), plan.flow.at(end));
  }

  /** Whether the local is among those that this copy still uses. */
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

  /** Emits a constructor call whose NEW has moved here: only the arguments are on the stack. */
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

  /** Returns the type of the copy that resumes a method with frames of {@code frame}. */
  static MethodTypeDesc resumeType(ClassDesc frame) {
    return Names.RESUME.insertParameterTypes(0, frame);
  }
}
