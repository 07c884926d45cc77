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
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

  private final Kind kind;
  private final SavePlan plan;
  private final MethodInfo method;
  private final Map<InvokeDynamicEntry, ClassDesc> lambdas;
  private final CodeBuilder to;
  private final Suspensions suspensions;
  private final Map<Label, Label> labels = new HashMap<>();

  /** What is written at all, and which of the calls among it are made rather than only resumed. */
  private final BitSet written = new BitSet();

  private final BitSet made = new BitSet();

  /** A line number that has been read, and that nothing has been written for yet. */
  private LineNumber pendingLine = LineNumber.of(0);

  private BodyWeaver(
      Kind kind,
      SavePlan plan,
      ClassDesc frame,
      Map<InvokeDynamicEntry, ClassDesc> lambdas,
      CodeBuilder to) {
    this.kind = kind;
    this.plan = plan;
    this.lambdas = lambdas;
    this.to = to;
    method = plan.method;
    suspensions = new Suspensions(kind, plan, frame, to);
  }

  static void weave(
      Kind kind,
      SavePlan plan,
      ClassDesc frame,
      Map<InvokeDynamicEntry, ClassDesc> lambdas,
      CodeBuilder to) {
    new BodyWeaver(kind, plan, frame, lambdas, to).weave();
  }

  private void weave() {
    List<CodeElement> code = method.code();
    if (kind == Kind.RESUME) {
      made.or(plan.flow.reachableAfter(plan.kept.keySet()));
    } else {
      made.set(0, code.size());
    }
    written.or(made);
    if (kind != Kind.TWIN) {
      plan.kept.keySet().forEach(written::set);
    }
    written.andNot(plan.dropped);
    suspensions.enter();
    for (int i = 0; i < code.size(); i++) {
      CodeElement element = code.get(i);
      if (!(element instanceof Instruction)) {
        copyMarker(element);
      } else if (written.get(i)) {
        flushLine();
        copy(element, i);
      }
    }
    suspensions.saveAll();
  }

  private Label map(Label label) {
    return labels.computeIfAbsent(label, _ -> to.newLabel());
  }

  private void copyMarker(CodeElement element) {
    switch (element) {
      case LabelTarget target -> to.labelBinding(map(target.label()));
      case LineNumber line -> pendingLine = line;
      // Of two handlers of all, the outer one is never reached from inside the inner one's range.
      case ExceptionCatch range -> {
        boolean isReached = made.get(plan.flow.at(range.handler()));
        if (isReached && isLeft(range.tryStart(), range.tryEnd())) {
          to.exceptionCatch(
              map(range.tryStart()), map(range.tryEnd()), map(range.handler()), range.catchType());
        }
      }
      // Two of one name whose scopes have become empty at one place would be refused by the JVM.
      case LocalVariable local -> {
        if (isLeft(local.startScope(), local.endScope())) {
          to.localVariable(
              local.slot(),
              local.name(),
              local.type(),
              map(local.startScope()),
              map(local.endScope()));
        }
      }
      case LocalVariableType local -> {
        if (isLeft(local.startScope(), local.endScope())) {
          to.localVariableType(
              local.slot(),
              local.name(),
              local.signature(),
              map(local.startScope()),
              map(local.endScope()));
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
    List<CodeElement> code = method.code();
    boolean inside = false;
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof LabelTarget target) {
        if (target.label().equals(start)) {
          inside = true;
        }
        if (target.label().equals(end)) {
          return false;
        }
      } else if (inside && code.get(i) instanceof Instruction && written.get(i)) {
        return true;
      }
    }
    return false;
  }

  private void copy(CodeElement element, int index) {
    switch (element) {
      case BranchInstruction branch -> to.branch(branch.opcode(), map(branch.target()));
      case TableSwitchInstruction choice ->
          to.tableswitch(
              choice.lowValue(),
              choice.highValue(),
              map(choice.defaultTarget()),
              map(choice.cases()));
      case LookupSwitchInstruction choice ->
          to.lookupswitch(map(choice.defaultTarget()), map(choice.cases()));
      case ReturnInstruction result when kind != Kind.TWIN ->
          suspensions.returnResult(result.typeKind());
      case InvokeDynamicInstruction dynamic when lambdas.containsKey(dynamic.invokedynamic()) ->
          to.invokestatic(
              lambdas.get(dynamic.invokedynamic()), LambdaWeaver.MAKE, dynamic.typeSymbol());
      case InvokeInstruction call when plan.tails.contains(index) -> suspensions.tailCall(call);
      case InvokeInstruction call when plan.kept.containsKey(index) ->
          suspensions.call(call, index, made.get(index));
      case InvokeInstruction call when plan.deferred.containsKey(index) -> construct(call);
      default -> to.with(element);
    }
  }

  private List<SwitchCase> map(List<SwitchCase> cases) {
    return cases.stream().map(each -> SwitchCase.of(each.caseValue(), map(each.target()))).toList();
  }

  /** A constructor call whose NEW has moved here: only the arguments are on the stack. */
  private void construct(InvokeInstruction call) {
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
    to.new_(call.owner()).dup();
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
