// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.util.ArrayList;
import java.util.List;

/** Operations that were in progress at some point in time. */
public final class BegunOps {
  private record Use(Op op, int generation) {
    boolean isOver() {
      return !op.isBusy() || generation != generationOf(op);
    }
  }

  private final List<Use> uses = new ArrayList<>();

  BegunOps() {}

  void add(Op op) {
    Opcode opcode = op.opcode();
    if (opcode != Opcode.ACCEPT_MULTISHOT && opcode != Opcode.RECEIVE_MULTISHOT) {
      uses.add(new Use(op, generationOf(op)));
    }
  }

  /** That of the use which is in progress: it is counted when the operation is submitted. */
  private static int generationOf(Op op) {
    return op.state() == Op.State.READY ? op.generation() + 1 : op.generation();
  }

  /** Whether all of them have ended. */
  public boolean areOver() {
    uses.removeIf(Use::isOver);
    return uses.isEmpty();
  }
}
