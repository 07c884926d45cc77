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
 * Makes the monitors that the running thread has entered survive a switch of frames.
 *
 * <p>HotSpot keeps uncontended monitors in a small stack of the thread, the lock stack. When frames
 * are unmounted, the whole lock stack goes with them, including the monitors of frames that stay.
 * That is right for a virtual thread, whose carrier holds none, but not for frames that are part of
 * a thread: code that resumes a coroutine in a {@code synchronized} block would lose the monitor.
 * An inflated monitor is owned by the thread's id, independently of its frames. So before frames
 * are mounted or unmounted, the monitors in the lock stack are inflated. HotSpot inflates the
 * oldest when the stack is full, so this is done by entering as many monitors as it holds.
 */
final class LockStack {
  /** The capacity of the lock stack: LockStack::CAPACITY in all versions up to JDK 25. */
  private static final int LOCK_STACK_CAPACITY = 8;

  // HotSpot's names
  private static final String LOCK_STACK_OF = "JavaThread";
  private static final String LOCK_STACK = "LockStack";

  /**
   * The location of a thread's lock stack in HotSpot.
   *
   * @param carrier returns the calling platform thread, or the carrier of the virtual thread
   * @param javaThread returns the address of HotSpot's JavaThread
   * @param top the offset of the field for the top of the lock stack from there, in bytes
   * @param empty the value of that field when the stack is empty
   */
  private record Layout(MethodHandle carrier, MethodHandle javaThread, long top, int empty) {}

  /** Null until {@link #prepare} has found it. */
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

  /** Publishes the monitors that fill the stack, so that the JIT can't remove them. */
  @SuppressWarnings("unused")
  private static volatile Object @Nullable [] published;

  private LockStack() {}

  /**
   * Finds the lock stack; java.lang must be open to this module. If it is not found, every switch
   * fills the stack, which is slow but correct.
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
      // Not open yet, no native access, or another JVM.
    }
  }

  /** Inflates the monitors that the calling thread holds. */
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
