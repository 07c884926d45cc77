// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import dev.weft.weaver.analysis.ControlFlow;
import dev.weft.weaver.analysis.FrameTypes;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides what each suspension of a method saves, and in which fields of its frame. */
final class SpillPlan {
  /**
   * A value that survives a suspension.
   *
   * @param isOperand whether it is on the operand stack, or else in a local
   * @param index its slot there
   * @param field null if it is known to be null, and so need not be kept
   */
  record Value(boolean isOperand, int index, String type, @Nullable String field) {}

  final MethodInfo method;

  /** Whether the frame is the routine itself. */
  final boolean isFlat;

  /** The fields of the frame, with their types. */
  final Map<String, String> fields = new LinkedHashMap<>();

  /** What each call that needs a frame saves: operands from the bottom, then locals. */
  final Map<Integer, List<Value>> kept = new LinkedHashMap<>();

  /** Tail calls: after them there is nothing left to do, so they need no frame. */
  final Set<Integer> tails = new HashSet<>();

  /**
   * The NEW of each constructor call that moves to it, since an uninitialised object can't be
   * saved.
   */
  final Map<Integer, Integer> deferred = new HashMap<>();

  /**
   * Instructions that are dropped where they stand: the NEW and DUP of {@link #deferred}, and moves
   * of the object between stack and locals, which javac emits around a try in an argument.
   */
  final BitSet dropped = new BitSet();

  /** Those NEWs of {@link #deferred} whose object is not used: ecj leaves out the DUP. */
  final Set<Integer> unwanted = new HashSet<>();

  final ControlFlow flow;
  private final FrameTypes types;
  private final Map<String, String> favourites = new HashMap<>();

  SpillPlan(MethodInfo method, boolean isFlat) {
    this.method = method;
    this.isFlat = isFlat;
    flow = new ControlFlow(method.code());
    types = new FrameTypes(method);
    for (int point : method.points) {
      if (flow.isMonitorHeld(point)) {
        throw method.error(point, "suspends while a monitor is held; use a lock for fibers");
      }
      if (types.before(point) != null) {
        plan(point);
      }
    }
  }

  /** Returns what the call at {@code point}, which needs a frame, saves. */
  List<Value> kept(int point) {
    return kept.getOrDefault(point, List.of());
  }

  /**
   * Returns the fields that hold references, in the order of the bits of {@link #mask}; a new set.
   */
  Set<String> references() {
    Set<String> references = new LinkedHashSet<>(fields.keySet());
    references.removeIf(field -> !FrameTypes.isReference(typeOf(field)));
    return references;
  }

  /** Returns those of {@link #references()} that the call at {@code point} saves something in. */
  Set<String> references(int point) {
    Set<String> references = new LinkedHashSet<>();
    for (Value value : kept(point)) {
      if (value.field() != null && FrameTypes.isReference(value.type())) {
        references.add(value.field());
      }
    }
    return references;
  }

  String typeOf(String field) {
    return fields.getOrDefault(field, FrameTypes.UNKNOWN);
  }

  /** Returns a bit for each of the first 64 fields that hold references, set for those given. */
  long mask(Set<String> given) {
    long mask = 0;
    long bit = 1;
    for (String field : references()) {
      if (given.contains(field)) {
        mask |= bit;
      }
      bit <<= 1;
    }
    return mask;
  }

  /** Whether some call clears so many fields that a method does it. */
  boolean needsForget() {
    return kept.keySet().stream()
        .anyMatch(
            point -> {
              Set<String> others = references();
              others.removeAll(references(point));
              return others.size() > SuspendCodegen.FORGET_INLINE_MAX;
            });
  }

  boolean needsFrame() {
    return !kept.isEmpty();
  }

  /** Returns the number of a call, by which a frame remembers it. */
  int label(int point) {
    return method.points.indexOf(point) + 1;
  }

  private void plan(int point) {
    InvokeInstruction call = (InvokeInstruction) method.code().get(point);
    if (!isFlat && isTail(point, call)) {
      tails.add(point);
      return;
    }
    FrameTypes.State state = stateBefore(point);
    int passed =
        MethodInfo.slots(call.typeSymbol()) + (call.opcode() == Opcode.INVOKESTATIC ? 0 : 1);
    List<Value> values = new ArrayList<>();
    Set<String> used = new HashSet<>();
    for (int i = 0; i < state.operands().size() - passed; i++) {
      keep(point, true, i, state.operands().get(i), used, values);
    }
    BitSet live = flow.liveAfter(point);
    for (int i = live.nextSetBit(0); i >= 0; i = live.nextSetBit(i + 1)) {
      boolean isReceiver = i == 0 && !method.isStatic();
      if (!isReceiver) {
        keep(point, false, i, state.locals().get(i), used, values);
      }
    }
    kept.put(point, values);
  }

  private FrameTypes.State stateBefore(int index) {
    FrameTypes.State state = types.before(index);
    if (state == null) {
      throw method.error(index, "cannot be reached");
    }
    return state;
  }

  private boolean isTail(int point, InvokeInstruction call) {
    Opcode matching =
        switch (TypeKind.from(call.typeSymbol().returnType()).asLoadable()) {
          case INT -> Opcode.IRETURN;
          case LONG -> Opcode.LRETURN;
          case FLOAT -> Opcode.FRETURN;
          case DOUBLE -> Opcode.DRETURN;
          case REFERENCE -> Opcode.ARETURN;
          default -> Opcode.RETURN;
        };
    return !flow.isInTry(point) && flow.isFollowedBy(point, matching);
  }

  private void keep(
      int point, boolean isOperand, int index, String type, Set<String> used, List<Value> values) {
    if (type.startsWith(FrameTypes.UNINITIALIZED)) {
      defer(Integer.parseInt(type.substring(FrameTypes.UNINITIALIZED.length())), point);
      return;
    }
    switch (type) {
      case FrameTypes.SECOND, FrameTypes.UNKNOWN -> {}
      case FrameTypes.NULL -> values.add(new Value(isOperand, index, type, null));
      default -> values.add(new Value(isOperand, index, type, field(isOperand, index, type, used)));
    }
  }

  /**
   * Returns a field of that type that is free at this call: if possible the one that held the same
   * local at other calls, so that it need not be stored again.
   */
  private String field(boolean isOperand, int index, String type, Set<String> used) {
    String key = (isOperand ? "operand " : "local ") + index + type;
    String favourite = favourites.get(key);
    String chosen = favourite != null && !used.contains(favourite) ? favourite : null;
    String letter = FrameTypes.isReference(type) ? "o" : type.toLowerCase(Locale.ROOT);
    for (int n = 0; chosen == null; n++) {
      String candidate = Names.GENERATED + letter + n;
      boolean fits = type.equals(fields.getOrDefault(candidate, type));
      if (fits && !used.contains(candidate)) {
        chosen = candidate;
      }
    }
    favourites.putIfAbsent(key, chosen);
    used.add(chosen);
    fields.put(chosen, type);
    return chosen;
  }

  private void defer(int made, int point) {
    if (deferred.containsValue(made)) {
      return;
    }
    List<CodeElement> code = method.code();
    int copied = made + 1;
    while (!(code.get(copied) instanceof Instruction)) {
      copied++;
    }
    if (code.get(copied) instanceof StackInstruction copy) {
      if (copy.opcode() != Opcode.DUP) {
        throw method.error(
            point, "suspends between new and constructor in a way javac does not use");
      }
      dropped.set(copied);
    } else {
      unwanted.add(made);
    }
    dropped.set(made);
    for (int i = made; i < code.size(); i++) {
      if (types.before(i) != null) {
        defer(made, FrameTypes.UNINITIALIZED + made, i, stateBefore(i));
      }
    }
  }

  /** Checks whether instruction {@code i} handles the object made, and records it. */
  private void defer(int made, String type, int i, FrameTypes.State before) {
    List<String> operands = before.operands();
    switch (method.code().get(i)) {
      case InvokeInstruction call when call.name().equalsString(Names.CONSTRUCTOR) -> {
        int receiver = operands.size() - 1 - MethodInfo.slots(call.typeSymbol());
        if (operands.get(receiver).equals(type)) {
          deferred.put(i, made);
        }
      }
      case StoreInstruction _ when operands.getLast().equals(type) -> dropped.set(i);
      case LoadInstruction load when before.locals().get(load.slot()).equals(type) ->
          dropped.set(i);
      default -> {}
    }
  }
}
