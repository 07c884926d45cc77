// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.routine;

import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/** What a thread needs to resume inner routines from code that is not woven. */
public final class RoutineThread {
  private static final ThreadLocal<RoutineThread> THREADS =
      ThreadLocal.withInitial(RoutineThread::new);

  private final Thread thread = Thread.currentThread();

  /** Runs the routines. No scheduler knows it: a wait in them blocks the whole thread. */
  final Context context = new Context();

  private RoutineThread() {}

  /** That of the calling thread. */
  static RoutineThread current() {
    return THREADS.get();
  }

  /** Whether it is that of the calling thread. */
  boolean isCurrent() {
    return thread == Thread.currentThread();
  }

  /** The innermost routine that code of the calling thread, not woven, has resumed; or null. */
  public static @Nullable InnerRoutine innermost() {
    return (InnerRoutine) current().context.inner;
  }
}
