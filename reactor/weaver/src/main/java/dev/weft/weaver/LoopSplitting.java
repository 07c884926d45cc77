// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;

/**
 * Divides what a suspension leads to into passes, so that no loop is entered in its middle: C2
 * optimises a loop with two entrances hardly at all, and each suspension in it would be one.
 *
 * <p>A call that is in {@code n} loops is gone back to in pass {@code n}, where these are cut open:
 * the jump back of the outermost leads to its start in pass 0, that of the next one in pass 1, and
 * so on. What is in fewer loops is only in passes up to that number, so the body of a loop is
 * written once more than it is deep, and what is in none just once.
 */
final class LoopSplitting {
  /** About how many bytes a method may take for being written in passes. */
  private static final int BYTES_MAX = 4_000;

  /** About what a call that may suspend takes besides. */
  private static final int BYTES_PER_CALL = 20;

  private final SpillPlan plan;
  private final ControlFlow flow;
  private final Loops loops;
  private final int last;

  /** Of each pass, what is run in it. */
  private final List<BitSet> made = new ArrayList<>();

  /** Of each pass, what is written, calls that are only gone back to among it. */
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

  /** The number of the last pass; they begin with 0. */
  int last() {
    return last;
  }

  /** The pass in which the call at {@code index} is gone back to. */
  int of(int index) {
    return Math.min(last, loops.depth(index));
  }

  /** Where the step leads that is made in {@code pass}. */
  int next(int pass, int from, int to) {
    int depth = loops.depth(to);
    return Math.min(pass, loops.isBack(from, to) ? depth - 1 : depth);
  }

  /** Where {@code handler} is that catches in {@code pass}. */
  int caught(int pass, int handler) {
    return Math.min(pass, loops.depth(handler));
  }

  boolean isMade(int pass, int index) {
    return made.get(pass).get(index);
  }

  /** Whether that instruction is written. */
  boolean isWritten(int pass, int index) {
    return written.get(pass).get(index);
  }

  boolean isWrittenAtAll(int index) {
    return written.stream().anyMatch(each -> each.get(index));
  }

  /** Whether anything is written of what comes before {@code end}. */
  boolean isAnyWritten(int pass, int start, int end) {
    int first = written.get(pass).nextSetBit(start);
    return first >= 0 && first < end;
  }

  /** Whether control goes from {@code index} to what follows there, but in another pass. */
  boolean leavesAfter(int pass, int index) {
    boolean isReached = isMade(pass, index) || isWritten(pass, index);
    return isReached && flow.fallsThrough(index) && next(pass, index, index + 1) != pass;
  }
}
