// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.codegen;

import dev.weft.weaver.analysis.ControlFlow;
import dev.weft.weaver.analysis.Loops;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;

/**
 * Node splitting: duplicates the loops that contain suspensions, so that resuming never enters a
 * loop in its middle. C2 hardly optimises a loop with two entries, and each suspension in a loop
 * would be one.
 *
 * <p>A call inside {@code n} loops is resumed in pass {@code n}, in which these loops are cut open:
 * the back edge of the outermost one leads to its start in pass 0, that of the next one to pass 1,
 * and so on. Code in fewer loops is only in passes up to that number, so a loop's body is emitted
 * once more than it is deep, and code in no loop once.
 */
final class LoopSplitting {
  /** About how many bytes of code a method may have to be duplicated. */
  private static final int BYTES_MAX = 4_000;

  /** About how many bytes a call that may suspend adds. */
  private static final int BYTES_PER_CALL = 20;

  private final SpillPlan plan;
  private final ControlFlow flow;
  private final Loops loops;
  private final int last;

  /** The elements that run, by pass. */
  private final List<BitSet> made = new ArrayList<>();

  /** The elements that are emitted, by pass; these include calls that are only resumed. */
  private final List<BitSet> written = new ArrayList<>();

  private final ArrayDeque<int[]> open = new ArrayDeque<>();

  /**
   * @param fromStart whether the body is entered at its start
   * @param resumed the calls that it is also entered after
   */
  LoopSplitting(SpillPlan plan, boolean fromStart, Collection<Integer> resumed) {
    this.plan = plan;
    flow = plan.flow;
    loops = new Loops(flow);
    int deepest = resumed.stream().mapToInt(loops::depth).max().orElse(0);
    int bytes =
        plan.method.codeAttribute().codeLength() + BYTES_PER_CALL * plan.method.points.size();
    last = Math.max(0, Math.min(deepest, BYTES_MAX / bytes - 1));
    for (int pass = 0; pass <= last; pass++) {
      made.add(new BitSet());
    }
    if (fromStart) {
      open.add(new int[] {0, 0});
    }
    resumed.forEach(call -> leave(of(call), call));
    while (!open.isEmpty()) {
      int[] step = open.pop();
      if (!isMade(step[0], step[1])) {
        made.get(step[0]).set(step[1]);
        leave(step[0], step[1]);
      }
    }
    for (int pass = 0; pass <= last; pass++) {
      written.add(findWritten(pass, resumed));
    }
  }

  private void leave(int pass, int index) {
    for (int next : flow.next(index)) {
      open.add(new int[] {next(pass, index, next), next});
    }
    for (int handler : flow.handlers(index)) {
      open.add(new int[] {caught(pass, handler), handler});
    }
  }

  private BitSet findWritten(int pass, Collection<Integer> resumed) {
    List<CodeElement> code = plan.method.code();
    BitSet found = new BitSet();
    found.or(made.get(pass));
    resumed.stream().filter(call -> of(call) == pass).forEach(found::set);
    found.andNot(plan.dropped);
    for (int i = found.nextSetBit(0); i >= 0; i = found.nextSetBit(i + 1)) {
      found.set(i, code.get(i) instanceof Instruction);
    }
    return found;
  }

  /** Returns the number of the last pass; passes are numbered from 0. */
  int last() {
    return last;
  }

  /** Returns the pass in which the call at {@code index} is resumed. */
  int of(int index) {
    return Math.min(last, loops.depth(index));
  }

  /** Returns the pass in which {@code to} runs after {@code from} in {@code pass}. */
  int next(int pass, int from, int to) {
    int depth = loops.depth(to);
    return Math.min(pass, loops.isBack(from, to) ? depth - 1 : depth);
  }

  /** Returns the pass in which {@code handler} runs if it catches in {@code pass}. */
  int caught(int pass, int handler) {
    return Math.min(pass, loops.depth(handler));
  }

  boolean isMade(int pass, int index) {
    return made.get(pass).get(index);
  }

  /** Whether the instruction is emitted in the pass. */
  boolean isWritten(int pass, int index) {
    return written.get(pass).get(index);
  }

  boolean isWrittenAtAll(int index) {
    return written.stream().anyMatch(each -> each.get(index));
  }

  /** Whether anything before {@code end} is emitted. */
  boolean isAnyWritten(int pass, int start, int end) {
    int first = written.get(pass).nextSetBit(start);
    return first >= 0 && first < end;
  }

  /** Whether control passes from {@code index} to the next element, but in another pass. */
  boolean leavesAfter(int pass, int index) {
    boolean isReached = isMade(pass, index) || isWritten(pass, index);
    return isReached && flow.fallsThrough(index) && next(pass, index, index + 1) != pass;
  }
}
