// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.bindings.NativeLibrary;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.VmStructs;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * The monitors that the running thread has entered, and how they survive a switch.
 *
 * <p>HotSpot keeps monitors that nobody has contended for in a small stack of the thread, the lock
 * stack. When frames leave the thread it takes along all of it, also what belongs to the frames
 * that stay: right for a virtual thread, whose carrier holds nothing, but not for frames that are
 * part of a thread. Code that resumes a coroutine in a {@code synchronized} block would find itself
 * without the monitor. Monitors of the heavier kind belong to the thread by its number, whatever
 * its frames do. So before frames come or go, monitors in the lock stack are made heavy. HotSpot
 * does that to the oldest when the stack is full, hence by entering as many as it holds.
 */
final class HeldMonitors {
  /** What the lock stack holds: LockStack::CAPACITY, from its beginnings to JDK 25. */
  private static final int LOCK_STACK_CAPACITY = 8;

  // HotSpot's names
  private static final String LOCK_STACK_OF = "JavaThread";
  private static final String LOCK_STACK = "LockStack";

  private static final @Nullable MethodHandle CARRIER;
  private static final @Nullable MethodHandle JAVA_THREAD;

  /** Where in HotSpot's thread the top of its lock stack is noted; 0 if it does not tell. */
  private static final long TOP;

  /** What is noted there when the stack is empty. */
  private static final int EMPTY;

  /** Keeps the JIT from seeing that nobody else knows the monitors that fill the stack. */
  @SuppressWarnings("unused")
  private static volatile Object @Nullable [] published;

  static {
    MethodHandle carrier = null;
    MethodHandle javaThread = null;
    long top = 0;
    int empty = 0;
    try {
      NativeLibrary.openTo(HeldMonitors.class.getModule());
      MethodHandles.Lookup inThread =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      carrier =
          inThread.findStatic(
              Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
      javaThread = inThread.findGetter(Thread.class, "eetop", long.class);
      long stack = VmStructs.offset(LOCK_STACK_OF, "_lock_stack");
      top = stack + VmStructs.offset(LOCK_STACK, "_top");
      empty = Math.toIntExact(stack + VmStructs.offset(LOCK_STACK, "_base[0]"));
    } catch (Throwable e) {
      // Not open, no native access, or another JVM: then every switch fills the stack, which is
      // slow and right.
      top = 0;
    }
    CARRIER = carrier;
    JAVA_THREAD = javaThread;
    TOP = top;
    EMPTY = empty;
  }

  private HeldMonitors() {}

  /**
   * Whether the JVM tells what is in the lock stack, so that an empty one costs next to nothing.
   */
  static boolean isVisible() {
    return TOP != 0;
  }

  /** Makes the monitors that the calling thread holds independent of its frames. */
  static void settle() {
    if (!isEmpty()) {
      Object[] fill = new Object[LOCK_STACK_CAPACITY];
      for (int i = 0; i < fill.length; i++) {
        fill[i] = new Object();
      }
      published = fill;
      enter(fill, 0);
      published = null;
      assert TOP == 0 || isEmpty() : "the lock stack of this JVM holds more";
    }
  }

  private static void enter(Object[] fill, int index) {
    if (index < fill.length) {
      synchronized (fill[index]) {
        enter(fill, index + 1);
      }
    }
  }

  private static boolean isEmpty() {
    if (TOP == 0) {
      return false;
    }
    assert CARRIER != null && JAVA_THREAD != null;
    try {
      Thread carrier = (Thread) CARRIER.invokeExact();
      long javaThread = (long) JAVA_THREAD.invokeExact(carrier);
      return Memory.ALL.get(ValueLayout.JAVA_INT, javaThread + TOP) == EMPTY;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("neither throws anything checked", e);
    }
  }
}
