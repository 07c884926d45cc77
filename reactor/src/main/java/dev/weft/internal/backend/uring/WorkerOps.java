// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.backend.SpawnRequest;
import dev.weft.internal.backend.WorkerJob;
import dev.weft.internal.backend.WorkerThreads;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The operations that a ring has no opcode for: threads carry them out by {@link WorkerCalls}. They
 * start and complete in polls, as those of the ring.
 */
final class WorkerOps {
  /** Ends an operation. */
  interface Completions {
    void finish(Op op, int result);
  }

  private final WorkerThreads threads;
  private final Completions completions;

  /** Submitted since the last poll: a fiber must not wait for the lock of the threads. */
  private final Queue<Call> starting = new ArrayDeque<>();

  /** The calls of operations that are in progress, by slot. */
  private @Nullable Call[] calls = new @Nullable Call[16];

  WorkerOps(Runnable wakeup, String name, Completions completions) {
    threads = new WorkerThreads(wakeup, name);
    this.completions = completions;
  }

  private static final class Call extends WorkerJob {
    final Op op;

    Call(Op op) {
      this.op = op;
    }

    @Override
    protected int perform() {
      return switch (op.argument()) {
        case PathRequest names -> WorkerCalls.perform(op.opcode(), op.handle(), names);
        case SpawnRequest child -> ChildStart.perform(child);
        case null, default ->
            switch (op.opcode()) {
              case COPY_RANGE -> FileCopies.copy(op);
              case CLONE -> FileCopies.cloneFile(op);
              default -> WorkerCalls.list(op.handle(), op.batch());
            };
      };
    }
  }

  /** Whether an operation is one for threads. */
  static boolean isOne(Op op) {
    return switch (op.opcode()) {
      case READ_LINK, LIST, LIST_XATTRS, REMOVE_XATTR, SET_PERMISSIONS, TRUNCATE, SPAWN -> true;
      case COPY_RANGE, CLONE -> true;
      case GET_XATTR, SET_XATTR -> // the ring follows symbolic links
          !op.names().isInDirectory() && !op.names().has(PathRequest.FOLLOW);
      default -> false;
    };
  }

  /** Takes an operation, which is linked to no other; the next poll starts it. */
  void add(Op op) {
    if (op.slot >= calls.length) {
      calls = Arrays.copyOf(calls, Math.max(2 * calls.length, op.slot + 1));
    }
    Call call = new Call(op);
    calls[op.slot] = call;
    starting.add(call);
  }

  /** Whether the operation is one of a thread's. */
  boolean has(Op op) {
    return op.slot < calls.length && calls[op.slot] != null;
  }

  /** Completes a cancelled operation if no thread has begun it; returns whether it did. */
  boolean cancel(Op op) {
    Call call = calls[op.slot];
    if (call != null && (starting.remove(call) || threads.remove(call))) {
      end(call, -Errno.ECANCELED.code());
      return true;
    }
    return false;
  }

  /** Starts what has been added, and completes what is done; returns how many that were. */
  int poll() {
    for (Call call; (call = starting.peek()) != null; ) {
      threads.submit(call);
      starting.remove();
    }
    int count = 0;
    if (threads.hasDone()) {
      for (WorkerJob job = threads.takeDone(); job != null; count++) {
        WorkerJob next = job.takeNext();
        end((Call) job, job.result);
        job = next;
      }
    }
    return count;
  }

  private void end(Call call, int result) {
    calls[call.op.slot] = null;
    completions.finish(call.op, result);
  }

  void close() {
    threads.close();
  }
}
