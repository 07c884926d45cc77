// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import dev.weft.weaver.WeaveException;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.*;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Control flow of a method, and what follows from it: live locals, held monitors, reachability. */
public final class ControlFlow {
  private static final int[] NOWHERE = {};

  /** The elements from {@code start} to before {@code end} are in a try. */
  private record Range(int start, int end, int handler, boolean catchesAll) {}

  private final List<CodeElement> code;
  private final Map<Label, Integer> positions = new HashMap<>();

  /** The successors of each element, without exceptions. */
  private final int[][] next;

  /** The exception handlers that cover each element, innermost first. */
  private final int[][] handlers;

  private final BitSet[] live;
  private final int[] held;

  public ControlFlow(List<CodeElement> code) {
    this.code = code;
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof LabelTarget target) {
        positions.put(target.label(), i);
      }
    }
    next = new int[code.size()][];
    for (int i = 0; i < code.size(); i++) {
      next[i] = findNext(i);
    }
    handlers = findHandlers();
    live = findLive();
    held = findHeld();
  }

  private int[] findNext(int index) {
    return switch (code.get(index)) {
      case BranchInstruction branch when isGoto(branch) -> new int[] {at(branch.target())};
      case BranchInstruction branch -> new int[] {index + 1, at(branch.target())};
      case TableSwitchInstruction choice -> targets(choice.defaultTarget(), choice.cases());
      case LookupSwitchInstruction choice -> targets(choice.defaultTarget(), choice.cases());
      case ReturnInstruction _, ThrowInstruction _ -> NOWHERE;
      default -> index + 1 < code.size() ? new int[] {index + 1} : NOWHERE;
    };
  }

  private static boolean isGoto(BranchInstruction branch) {
    return branch.opcode() == Opcode.GOTO || branch.opcode() == Opcode.GOTO_W;
  }

  private int[] targets(Label fallback, List<SwitchCase> cases) {
    int[] targets = new int[cases.size() + 1];
    targets[0] = at(fallback);
    for (int i = 0; i < cases.size(); i++) {
      targets[i + 1] = at(cases.get(i).target());
    }
    return targets;
  }

  /** Returns the index of the element that is {@code label}. */
  public int at(Label label) {
    Integer position = positions.get(label);
    if (position == null) {
      throw new WeaveException("a jump out of the method");
    }
    return position;
  }

  private int[][] findHandlers() {
    List<Range> ranges = new ArrayList<>();
    for (CodeElement element : code) {
      if (element instanceof ExceptionCatch handler) {
        ranges.add(
            new Range(
                at(handler.tryStart()),
                at(handler.tryEnd()),
                at(handler.handler()),
                handler.catchType().isEmpty()));
      }
    }
    int[][] found = new int[code.size()][];
    Arrays.fill(found, NOWHERE);
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof Instruction && !ranges.isEmpty()) {
        found[i] = handlersOf(i, ranges);
      }
    }
    return found;
  }

  private static int[] handlersOf(int index, List<Range> ranges) {
    IntStream.Builder found = IntStream.builder();
    for (Range range : ranges) {
      if (range.start <= index && index < range.end) {
        found.add(range.handler);
        if (range.catchesAll) {
          break;
        }
      }
    }
    return found.build().toArray();
  }

  /** Computes the live locals before each element. */
  private BitSet[] findLive() {
    BitSet[] before = new BitSet[code.size() + 1];
    Arrays.setAll(before, i -> new BitSet());
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int i = code.size() - 1; i >= 0; i--) {
        BitSet now = new BitSet();
        for (int successor : next[i]) {
          now.or(before[successor]);
        }
        switch (code.get(i)) {
          case StoreInstruction store -> now.clear(store.slot());
          case LoadInstruction load -> now.set(load.slot());
          case IncrementInstruction increment -> now.set(increment.slot());
          default -> {}
        }
        for (int handler : handlers[i]) {
          now.or(before[handler]);
        }
        if (!now.equals(before[i])) {
          before[i] = now;
          changed = true;
        }
      }
    }
    return before;
  }

  public boolean isInTry(int index) {
    return handlers[index].length > 0;
  }

  /** Returns the locals that have to survive a suspension in the call at {@code index}. */
  public BitSet liveAfter(int index) {
    BitSet after = new BitSet();
    after.or(live[index + 1]);
    for (int handler : handlers[index]) {
      after.or(live[handler]);
    }
    return after;
  }

  int size() {
    return code.size();
  }

  /** Returns the successors of element {@code index}, without exceptions. */
  public int[] next(int index) {
    return next[index];
  }

  /** Returns the handlers that cover element {@code index}, innermost first. */
  public int[] handlers(int index) {
    return handlers[index];
  }

  /** Returns the successors and the handlers. */
  int[] successors(int index) {
    return handlers[index].length == 0
        ? next[index]
        : IntStream.concat(Arrays.stream(next[index]), Arrays.stream(handlers[index])).toArray();
  }

  /** Whether control can pass from element {@code index} to the next one without a jump. */
  public boolean fallsThrough(int index) {
    return switch (code.get(index)) {
      case BranchInstruction branch -> !isGoto(branch);
      case TableSwitchInstruction _, LookupSwitchInstruction _ -> false;
      case ReturnInstruction _, ThrowInstruction _ -> false;
      default -> index + 1 < code.size();
    };
  }

  /** Whether a monitor may be held at element {@code index}. */
  public boolean isMonitorHeld(int index) {
    return held[index] > 0;
  }

  /** Computes how many monitors can be held at most before each element. */
  private int[] findHeld() {
    int[] held = new int[code.size()];
    if (code.stream().noneMatch(element -> element instanceof MonitorInstruction)) {
      return held;
    }
    Arrays.fill(held, -1);
    ArrayDeque<int[]> open = new ArrayDeque<>();
    open.add(new int[] {0, 0});
    while (!open.isEmpty()) {
      int[] step = open.pop();
      int here = step[0];
      if (held[here] >= step[1] || step[1] > code.size()) {
        continue;
      }
      held[here] = step[1];
      int after = step[1];
      if (code.get(here) instanceof MonitorInstruction monitor) {
        after = monitor.opcode() == Opcode.MONITORENTER ? after + 1 : Math.max(0, after - 1);
      }
      for (int successor : next[here]) {
        open.add(new int[] {successor, after});
      }
      if (mayThrow(code.get(here))) {
        // A failed monitorenter leaves the monitor free; a failed monitorexit has released it.
        int thrown = Math.min(step[1], after);
        for (int handler : handlers[here]) {
          open.add(new int[] {handler, thrown});
        }
      }
    }
    return held;
  }

  /**
   * Whether {@code element} can throw. Kotlin's compiler ends the range of the handler that
   * releases a monitor where the monitor is loaded for its release.
   */
  private static boolean mayThrow(CodeElement element) {
    return switch (element) {
      case LoadInstruction _, StoreInstruction _, StackInstruction _ -> false;
      case BranchInstruction _, NopInstruction _ -> false;
      default -> true;
    };
  }

  /** Whether nothing but a return of {@code opcode} follows the call at {@code index}. */
  public boolean isFollowedBy(int index, Opcode opcode) {
    int here = index;
    for (int steps = 0; steps < code.size(); steps++) {
      if (next[here].length != 1) {
        return false;
      }
      here = next[here][0];
      CodeElement element = code.get(here);
      if (element instanceof ReturnInstruction result) {
        return result.opcode() == opcode;
      }
      boolean passes =
          !(element instanceof Instruction)
              || element instanceof NopInstruction
              || (element instanceof BranchInstruction branch && isGoto(branch));
      if (!passes) {
        return false;
      }
    }
    return false;
  }
}
