// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import dev.weft.weaver.WeaveException;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.StackMapFrameInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.ObjectVerificationTypeInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.SimpleVerificationTypeInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.UninitializedVerificationTypeInfo;
import java.lang.classfile.attribute.StackMapFrameInfo.VerificationTypeInfo;
import java.lang.classfile.instruction.*;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The types of the locals and of the operand stack before each instruction of a method, as the
 * verifier knows them. They are read off the stack maps at branch targets and followed from there
 * in one pass, so no types have to be merged and no class looked up.
 *
 * <p>A type is a string: a descriptor, of which int stands for the smaller ones too, or one of the
 * constants here, or {@link #UNINITIALIZED} and the index of the NEW that made the object. Long and
 * double take two slots, the second of which is {@link #SECOND}.
 */
public final class FrameTypes {
  public static final String NULL = "null";
  public static final String UNKNOWN = "?";
  public static final String SECOND = "-";
  public static final String UNINITIALIZED = "new ";
  private static final String UNINITIALIZED_THIS = "this";

  private static final String ANY_OBJECT = "Ljava/lang/Object;";

  /** The types before an instruction, one for each slot. */
  public record State(List<String> locals, List<String> operands) {}

  private final List<CodeElement> code;
  private final @Nullable State[] before;
  private final Map<Label, Integer> positions = new HashMap<>();
  private final String[] locals;
  private final ArrayList<String> operands = new ArrayList<>();
  private boolean reachable = true;

  public FrameTypes(MethodInfo method) {
    code = method.code();
    before = new State[code.size()];
    locals = new String[method.codeAttribute().maxLocals()];
    Arrays.fill(locals, UNKNOWN);
    enter(method);
    Map<Label, StackMapFrameInfo> frames = new HashMap<>();
    method
        .codeAttribute()
        .findAttribute(Attributes.stackMapTable())
        .ifPresent(table -> table.entries().forEach(frame -> frames.put(frame.target(), frame)));
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof LabelTarget target) {
        positions.put(target.label(), i);
      }
    }
    for (int i = 0; i < code.size(); i++) {
      CodeElement element = code.get(i);
      if (element instanceof LabelTarget target && frames.containsKey(target.label())) {
        int followed = operands.size();
        set(frames.get(target.label()));
        if (reachable && followed != operands.size()) {
          throw method.error(i, "the stack map disagrees with the code");
        }
        reachable = true;
      }
      if (reachable) {
        before[i] = new State(List.of(locals), List.copyOf(operands));
        if (element instanceof Instruction instruction) {
          follow(instruction, i);
        }
      }
    }
  }

  /** Returns the types before element {@code index}, or null if it is never reached. */
  public @Nullable State before(int index) {
    return before[index];
  }

  static boolean isWide(String type) {
    return type.equals("J") || type.equals("D");
  }

  public static boolean isReference(String type) {
    return type.length() > 1;
  }

  private void enter(MethodInfo method) {
    int slot = 0;
    if (!method.isStatic()) {
      boolean constructs = method.name.equals(Names.CONSTRUCTOR);
      locals[slot++] = constructs ? UNINITIALIZED_THIS : "L" + method.owner.name + ";";
    }
    for (ClassDesc parameter : method.type.parameterList()) {
      slot = setLocal(slot, stackType(parameter));
    }
  }

  private void set(StackMapFrameInfo frame) {
    Arrays.fill(locals, UNKNOWN);
    int slot = 0;
    for (VerificationTypeInfo type : frame.locals()) {
      slot = setLocal(slot, read(type));
    }
    operands.clear();
    for (VerificationTypeInfo type : frame.stack()) {
      push(read(type));
    }
  }

  private int setLocal(int slot, String type) {
    if (slot > 0 && isWide(locals[slot - 1])) {
      locals[slot - 1] = UNKNOWN;
    }
    locals[slot] = type;
    if (isWide(type)) {
      locals[slot + 1] = SECOND;
      return slot + 2;
    }
    return slot + 1;
  }

  private String read(VerificationTypeInfo type) {
    return switch (type) {
      case ObjectVerificationTypeInfo object -> object.classSymbol().descriptorString();
      case UninitializedVerificationTypeInfo fresh -> {
        int index = Objects.requireNonNull(positions.get(fresh.newTarget()));
        while (!(code.get(index) instanceof NewObjectInstruction)) {
          index++;
        }
        yield UNINITIALIZED + index;
      }
      case SimpleVerificationTypeInfo simple ->
          switch (simple) {
            case TOP -> UNKNOWN;
            case INTEGER -> "I";
            case FLOAT -> "F";
            case DOUBLE -> "D";
            case LONG -> "J";
            case NULL -> NULL;
            case UNINITIALIZED_THIS -> UNINITIALIZED_THIS;
          };
    };
  }

  private static String stackType(ClassDesc type) {
    String descriptor = type.descriptorString();
    return switch (descriptor.charAt(0)) {
      case 'Z', 'B', 'C', 'S' -> "I";
      default -> descriptor;
    };
  }

  private static String stackType(TypeKind kind) {
    return switch (kind) {
      case LONG -> "J";
      case FLOAT -> "F";
      case DOUBLE -> "D";
      case REFERENCE -> ANY_OBJECT;
      case VOID -> "V";
      default -> "I";
    };
  }

  private void push(String type) {
    if (!type.equals("V")) {
      operands.add(type);
      if (isWide(type)) {
        operands.add(SECOND);
      }
    }
  }

  /** Pops {@code slots} slots off the stack; returns the type of the lowest. */
  private String pop(int slots) {
    String type = UNKNOWN;
    for (int i = 0; i < slots; i++) {
      type = operands.removeLast();
    }
    return type;
  }

  private String pop(TypeKind kind) {
    return pop(kind.slotSize());
  }

  // ---- what each instruction does to them

  private void follow(Instruction instruction, int index) {
    switch (instruction) {
      case LoadInstruction load ->
          push(
              load.typeKind() == TypeKind.REFERENCE
                  ? locals[load.slot()]
                  : stackType(load.typeKind()));
      case StoreInstruction store -> setLocal(store.slot(), pop(store.typeKind()));
      case IncrementInstruction _, NopInstruction _ -> {}
      case ConstantInstruction constant -> push(constant(constant));
      case FieldInstruction field -> followField(field);
      case InvokeInstruction call -> followCall(call);
      case InvokeDynamicInstruction call -> {
        pop(MethodInfo.slots(call.typeSymbol()));
        push(stackType(call.typeSymbol().returnType()));
      }
      case ArrayLoadInstruction load -> followArrayLoad(load);
      case ArrayStoreInstruction store -> pop(2 + store.typeKind().slotSize());
      case OperatorInstruction operator -> followOperator(operator);
      case ConvertInstruction convert -> {
        pop(convert.fromType());
        push(stackType(convert.toType()));
      }
      case StackInstruction shuffle -> followShuffle(shuffle.opcode());
      case NewObjectInstruction _ -> push(UNINITIALIZED + index);
      case NewPrimitiveArrayInstruction array -> {
        pop(1);
        push("[" + array.typeKind().upperBound().descriptorString());
      }
      case NewReferenceArrayInstruction array -> {
        pop(1);
        push("[" + array.componentType().asSymbol().descriptorString());
      }
      case NewMultiArrayInstruction array -> {
        pop(array.dimensions());
        push(array.arrayType().asSymbol().descriptorString());
      }
      case TypeCheckInstruction check -> {
        pop(1);
        boolean tests = check.opcode() == Opcode.INSTANCEOF;
        push(tests ? "I" : check.type().asSymbol().descriptorString());
      }
      case MonitorInstruction _ -> pop(1);
      case BranchInstruction branch -> followBranch(branch.opcode());
      case TableSwitchInstruction _, LookupSwitchInstruction _ -> {
        pop(1);
        reachable = false;
      }
      case ReturnInstruction _, ThrowInstruction _ -> reachable = false;
      default -> throw new WeaveException("unknown instruction " + instruction);
    }
  }

  private static String constant(ConstantInstruction instruction) {
    if (instruction.opcode() == Opcode.ACONST_NULL) {
      return NULL;
    }
    if (instruction.typeKind() != TypeKind.REFERENCE) {
      return stackType(instruction.typeKind());
    }
    ConstantDesc value = instruction.constantValue();
    return switch (value) {
      case String _ -> "Ljava/lang/String;";
      case ClassDesc _ -> "Ljava/lang/Class;";
      case MethodTypeDesc _ -> "Ljava/lang/invoke/MethodType;";
      case MethodHandleDesc _ -> "Ljava/lang/invoke/MethodHandle;";
      case DynamicConstantDesc<?> dynamic -> dynamic.constantType().descriptorString();
      default -> throw new WeaveException("unknown constant " + value);
    };
  }

  private void followField(FieldInstruction field) {
    String type = stackType(field.typeSymbol());
    int slots = isWide(type) ? 2 : 1;
    switch (field.opcode()) {
      case GETSTATIC -> push(type);
      case GETFIELD -> {
        pop(1);
        push(type);
      }
      case PUTSTATIC -> pop(slots);
      default -> pop(slots + 1);
    }
  }

  private void followCall(InvokeInstruction call) {
    pop(MethodInfo.slots(call.typeSymbol()));
    if (call.opcode() != Opcode.INVOKESTATIC) {
      String receiver = pop(1);
      if (call.name().equalsString(Names.CONSTRUCTOR)) {
        String made = "L" + call.owner().asInternalName() + ";";
        operands.replaceAll(type -> type.equals(receiver) ? made : type);
        Arrays.setAll(locals, i -> locals[i].equals(receiver) ? made : locals[i]);
      }
    }
    push(stackType(call.typeSymbol().returnType()));
  }

  private void followArrayLoad(ArrayLoadInstruction load) {
    pop(1);
    String array = pop(1);
    if (load.typeKind() != TypeKind.REFERENCE) {
      push(stackType(load.typeKind()));
    } else {
      push(array.startsWith("[") ? array.substring(1) : NULL);
    }
  }

  private void followOperator(OperatorInstruction operator) {
    switch (operator.opcode()) {
      case ARRAYLENGTH -> {
        pop(1);
        push("I");
      }
      case INEG, LNEG, FNEG, DNEG -> {}
      case ISHL, ISHR, IUSHR, LSHL, LSHR, LUSHR -> pop(1);
      case LCMP, DCMPL, DCMPG -> {
        pop(4);
        push("I");
      }
      case FCMPL, FCMPG -> {
        pop(2);
        push("I");
      }
      default -> pop(operator.typeKind());
    }
  }

  private void followBranch(Opcode opcode) {
    switch (opcode) {
      case GOTO, GOTO_W -> reachable = false;
      case IF_ICMPEQ, IF_ICMPNE, IF_ICMPLT, IF_ICMPGE, IF_ICMPGT, IF_ICMPLE, IF_ACMPEQ, IF_ACMPNE ->
          pop(2);
      default -> pop(1);
    }
  }

  private void followShuffle(Opcode opcode) {
    int top = operands.size();
    switch (opcode) {
      case POP -> pop(1);
      case POP2 -> pop(2);
      case DUP -> copy(1, top);
      case DUP_X1 -> copy(1, top - 2);
      case DUP_X2 -> copy(1, top - 3);
      case DUP2 -> copy(2, top);
      case DUP2_X1 -> copy(2, top - 3);
      case DUP2_X2 -> copy(2, top - 4);
      case SWAP -> operands.add(top - 2, operands.removeLast());
      default -> throw new WeaveException("unknown stack instruction " + opcode);
    }
  }

  /** Inserts a copy of the upper {@code slots} slots at {@code position}. */
  private void copy(int slots, int position) {
    List<String> upper = List.copyOf(operands.subList(operands.size() - slots, operands.size()));
    operands.addAll(position, upper);
  }
}
