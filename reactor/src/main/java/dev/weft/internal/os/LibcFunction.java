// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import dev.weft.bindings.NativeLibrary;
import dev.weft.error.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A function of the C library that reports errors through errno and has no binding. Slower than
 * one: for calls that block.
 */
public final class LibcFunction {
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private final @Nullable MethodHandle handle;

  private LibcFunction(@Nullable MethodHandle handle) {
    this.handle = handle;
  }

  /**
   * Finds a function.
   *
   * @param arguments their number; all are integers or addresses, and so is the result
   */
  public static LibcFunction find(String name, int arguments) {
    return of(Linker.nativeLinker().defaultLookup().find(name), arguments);
  }

  /** As {@link #find}, of the native library, which is loaded. */
  static LibcFunction ofLibrary(String name, int arguments) {
    return of(NativeLibrary.find(name), arguments);
  }

  @SuppressWarnings("restricted") // as the manual declares it, or weft.c
  private static LibcFunction of(Optional<MemorySegment> found, int arguments) {
    MemorySegment address = found.orElse(null);
    if (address == null) {
      return new LibcFunction(null);
    }
    Linker linker = Linker.nativeLinker();
    MemoryLayout[] layouts = new MemoryLayout[arguments];
    Arrays.fill(layouts, ValueLayout.JAVA_LONG);
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts);
    MethodHandle handle =
        linker.downcallHandle(address, type, Linker.Option.captureCallState("errno"));
    return new LibcFunction(handle.asSpreader(long[].class, arguments));
  }

  /** The address of a variable of the C library, 0 if there is none of that name. */
  public static long variable(String name) {
    return Linker.nativeLinker().defaultLookup().find(name).map(MemorySegment::address).orElse(0L);
  }

  /** Calls it: at least 0, or -errno; -ENOSYS if this C library has no such function. */
  public int call(long... arguments) {
    MethodHandle found = handle;
    if (found == null) {
      return -Errno.ENOSYS.code();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) (long) found.invokeExact(state, arguments);
      return result >= 0 ? result : -(int) ERRNO.get(state, 0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }
}
