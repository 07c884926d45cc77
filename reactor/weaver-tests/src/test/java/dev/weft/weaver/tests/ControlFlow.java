// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.*;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The control flow graph of a method, exceptions included. */
final class ControlFlow {
  private final List<CodeElement> code;
  private final Map<Label, Integer> positions = new HashMap<>();

  /** The successors of each reachable element. */
  private final Map<Integer, Set<Integer>> next = new HashMap<>();

  ControlFlow(CodeModel model) {
    code = model.elementList();
    for (int i = 0; i < code.size(); i++) {
      if (code.get(i) instanceof LabelTarget target) {
        positions.put(target.label(), i);
      }
    }
    ArrayDeque<Integer> open = new ArrayDeque<>(List.of(0));
    while (!open.isEmpty()) {
      int here = open.pop();
      if (!next.containsKey(here)) {
        next.put(here, leave(here));
        open.addAll(next.get(here));
      }
    }
  }

  private Set<Integer> leave(int here) {
    Set<Integer> found = new TreeSet<>();
    boolean fallsThrough = true;
    switch (code.get(here)) {
      case BranchInstruction branch -> {
        found.add(positions.get(branch.target()));
        fallsThrough = branch.opcode() != Opcode.GOTO && branch.opcode() != Opcode.GOTO_W;
      }
      case TableSwitchInstruction choice -> {
        found.add(positions.get(choice.defaultTarget()));
        choice.cases().forEach(each -> found.add(positions.get(each.target())));
        fallsThrough = false;
      }
      case LookupSwitchInstruction choice -> {
        found.add(positions.get(choice.defaultTarget()));
        choice.cases().forEach(each -> found.add(positions.get(each.target())));
        fallsThrough = false;
      }
      case ReturnInstruction _, ThrowInstruction _ -> fallsThrough = false;
      default -> {}
    }
    if (fallsThrough) {
      found.add(here + 1);
    }
    if (code.get(here) instanceof Instruction) {
      for (CodeElement element : code) {
        if (element instanceof ExceptionCatch range
            && positions.get(range.tryStart()) <= here
            && here < positions.get(range.tryEnd())) {
          found.add(positions.get(range.handler()));
        }
      }
    }
    return found;
  }

  boolean hasLoop() {
    Map<Integer, Set<Integer>> graph = copy();
    while (removeEnds(graph)) {} // elements without successors are in no loop
    return !graph.isEmpty();
  }

  private static boolean removeEnds(Map<Integer, Set<Integer>> graph) {
    graph.values().forEach(targets -> targets.retainAll(graph.keySet()));
    return graph.values().removeIf(Set::isEmpty);
  }

  /**
   * Whether each loop has one entry: then the graph becomes empty when elements with one
   * predecessor are repeatedly merged into it and self-loops are removed.
   */
  boolean isReducible() {
    Map<Integer, Set<Integer>> graph = copy();
    boolean changed = true;
    while (changed) {
      changed = false;
      graph.forEach((from, targets) -> targets.remove(from));
      Map<Integer, Set<Integer>> previous = new HashMap<>();
      graph.forEach(
          (from, targets) ->
              targets.forEach(to -> previous.computeIfAbsent(to, _ -> new TreeSet<>()).add(from)));
      for (Map.Entry<Integer, Set<Integer>> each : previous.entrySet()) {
        int only = each.getValue().iterator().next();
        if (each.getKey() != 0 && each.getValue().size() == 1 && graph.containsKey(only)) {
          graph.get(only).addAll(graph.remove(each.getKey()));
          graph.get(only).remove(each.getKey());
          changed = true;
          break;
        }
      }
    }
    return graph.size() == 1;
  }

  private Map<Integer, Set<Integer>> copy() {
    Map<Integer, Set<Integer>> graph = new HashMap<>();
    next.forEach((from, targets) -> graph.put(from, new TreeSet<>(targets)));
    return graph;
  }
}
