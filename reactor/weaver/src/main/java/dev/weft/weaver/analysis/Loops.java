// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.analysis;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The natural loops of a method: those with one entry, as javac makes them. An entry dominates the
 * back edges to it; dominators are computed as in Cooper, Harvey and Kennedy, "A Simple, Fast
 * Dominance Algorithm".
 */
public final class Loops {
  private static final int NONE = -1;

  private final ControlFlow flow;
  private final int[] depths;

  /** The sources of the back edges, by entry. */
  private final Map<Integer, BitSet> jumps = new TreeMap<>();

  /** The reachable elements in reverse postorder. */
  private final List<Integer> order = new ArrayList<>();

  /** The index of each element in {@link #order}. */
  private final int[] places;

  /** The predecessors of each element. */
  private final List<List<Integer>> previous = new ArrayList<>();

  /** The immediate dominator of each element of {@link #order}, as an index into it. */
  private final int[] dominators;

  public Loops(ControlFlow flow) {
    this.flow = flow;
    depths = new int[flow.size()];
    places = new int[flow.size()];
    findOrder();
    findPrevious();
    dominators = new int[order.size()];
    findDominators();
    for (int from : order) {
      for (int to : flow.next(from)) {
        if (dominates(places[to], places[from])) {
          jumps.computeIfAbsent(to, _ -> new BitSet()).set(from);
        }
      }
    }
    jumps.forEach(this::deepen);
  }

  /** Returns the number of loops that contain element {@code index}. */
  public int depth(int index) {
    return depths[index];
  }

  /** Whether the edge is the back edge of a loop. */
  public boolean isBack(int from, int to) {
    BitSet found = jumps.get(to);
    return found != null && found.get(from);
  }

  private void findOrder() {
    Arrays.fill(places, NONE);
    BitSet seen = new BitSet();
    ArrayDeque<int[]> open = new ArrayDeque<>();
    seen.set(0);
    open.push(new int[] {0, 0});
    while (!open.isEmpty()) {
      int[] step = open.element();
      int[] successors = flow.successors(step[0]);
      if (step[1] == successors.length) {
        open.pop();
        order.add(step[0]);
        continue;
      }
      int next = successors[step[1]++];
      if (!seen.get(next)) {
        seen.set(next);
        open.push(new int[] {next, 0});
      }
    }
    Collections.reverse(order);
    for (int i = 0; i < order.size(); i++) {
      places[order.get(i)] = i;
    }
  }

  private void findPrevious() {
    for (int i = 0; i < flow.size(); i++) {
      previous.add(new ArrayList<>(1));
    }
    for (int from : order) {
      for (int to : flow.successors(from)) {
        previous.get(to).add(from);
      }
    }
  }

  private void findDominators() {
    Arrays.fill(dominators, NONE);
    dominators[0] = 0;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int place = 1; place < dominators.length; place++) {
        int found = NONE;
        for (int from : previous.get(order.get(place))) {
          int other = places[from];
          if (dominators[other] != NONE) {
            found = found == NONE ? other : common(found, other);
          }
        }
        if (dominators[place] != found) {
          dominators[place] = found;
          changed = true;
        }
      }
    }
  }

  private int common(int one, int other) {
    int a = one;
    int b = other;
    while (a != b) {
      if (a > b) {
        a = dominators[a];
      } else {
        b = dominators[b];
      }
    }
    return a;
  }

  private boolean dominates(int place, int other) {
    int at = other;
    while (at > place) {
      at = dominators[at];
    }
    return at == place;
  }

  /**
   * Adds the loop with that entry to the depth of its elements: those that lead to its back edges.
   */
  private void deepen(int entrance, BitSet from) {
    BitSet inside = new BitSet();
    inside.set(entrance);
    ArrayDeque<Integer> open = new ArrayDeque<>();
    from.stream().forEach(open::add);
    while (!open.isEmpty()) {
      int index = open.pop();
      if (!inside.get(index)) {
        inside.set(index);
        open.addAll(previous.get(index));
      }
    }
    inside.stream().forEach(index -> depths[index]++);
  }
}
