// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
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
final class LockStack {
  /** What the lock stack holds: LockStack::CAPACITY, from its beginnings to JDK 25. */
  private static final int LOCK_STACK_CAPACITY = 8;

  // HotSpot's names
  private static final String LOCK_STACK_OF = "JavaThread";
  private static final String LOCK_STACK = "LockStack";

  /**
   * Where HotSpot keeps the lock stack of a thread.
   *
   * @param carrier gives the calling platform thread, or the one that carries the virtual thread
   * @param javaThread gives the address of HotSpot's own thread
   * @param top the bytes from there to the field for the top of the lock stack
   * @param empty the value of that field when the stack is empty
   */
  private record Layout(MethodHandle carrier, MethodHandle javaThread, long top, int empty) {}

  /** Null as long as {@link #prepare} has not found it. */
  private static @Nullable Layout found;

  /** Whether {@link Bound} may be used. */
  private static boolean visible;

  /** The layout as constants, which the JIT can inline. */
  private static final class Bound {
    static final MethodHandle CARRIER;
    static final MethodHandle JAVA_THREAD;
    static final long TOP;
    static final int EMPTY;

    static {
      Layout layout = Objects.requireNonNull(found);
      CARRIER = layout.carrier;
      JAVA_THREAD = layout.javaThread;
      TOP = layout.top;
      EMPTY = layout.empty;
    }
  }

  /** Keeps the JIT from seeing that nobody else knows the monitors that fill the stack. */
  @SuppressWarnings("unused")
  private static volatile Object @Nullable [] published;

  private LockStack() {}

  /**
   * Looks for the lock stack; java.lang must be open to this module. Where the JVM does not tell,
   * every switch fills the stack, which is slow and right.
   */
  static synchronized void prepare() {
    if (visible) {
      return;
    }
    try {
      MethodHandles.Lookup inThread =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      long stack = VmStructs.offset(LOCK_STACK_OF, "_lock_stack");
      found =
          new Layout(
              inThread.findStatic(
                  Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class)),
              inThread.findGetter(Thread.class, "eetop", long.class),
              stack + VmStructs.offset(LOCK_STACK, "_top"),
              Math.toIntExact(stack + VmStructs.offset(LOCK_STACK, "_base[0]")));
      visible = Bound.CARRIER != null; // initialises the class first
    } catch (ReflectiveOperationException | RuntimeException e) {
      // Closed so far, no native access, or another JVM.
    }
  }

  /** Makes the monitors that the calling thread holds independent of its frames. */
  static void inflate() {
    if (!isEmpty()) {
      Object[] fill = new Object[LOCK_STACK_CAPACITY];
      for (int i = 0; i < fill.length; i++) {
        fill[i] = new Object();
      }
      published = fill;
      enter(fill, 0);
      published = null;
      assert !visible || isEmpty() : "the lock stack of this JVM holds more";
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
    if (!visible) {
      return false;
    }
    try {
      Thread carrier = (Thread) Bound.CARRIER.invokeExact();
      long javaThread = (long) Bound.JAVA_THREAD.invokeExact(carrier);
      return Memory.ALL.get(ValueLayout.JAVA_INT, javaThread + Bound.TOP) == Bound.EMPTY;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("neither throws anything checked", e);
    }
  }
}
