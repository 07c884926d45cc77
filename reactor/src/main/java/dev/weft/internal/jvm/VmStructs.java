// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The table in which HotSpot describes its structures to debuggers and profilers (its symbol is
 * gHotSpotVMStructs): the offsets of fields.
 */
public final class VmStructs {
  private static final String TABLE = "gHotSpotVMStructs";
  private static final String TYPE_NAME = "gHotSpotVMStructEntryTypeNameOffset";
  private static final String FIELD_NAME = "gHotSpotVMStructEntryFieldNameOffset";
  private static final String OFFSET = "gHotSpotVMStructEntryOffsetOffset";
  private static final String STRIDE = "gHotSpotVMStructEntryArrayStride";

  /** More than any JVM has; a longer table is not the expected one. */
  private static final int ENTRIES_MAX = 20_000;

  private VmStructs() {}

  /**
   * The offset of {@code field} in {@code type}, in bytes.
   *
   * @throws IllegalStateException if this JVM does not describe the field, or addresses can't be
   *     accessed
   */
  public static long offset(String type, String field) {
    if (!Memory.isAccessible()) {
      throw new IllegalStateException("no access to addresses");
    }
    long entry = longAt(symbol(TABLE));
    long typeName = longAt(symbol(TYPE_NAME));
    long fieldName = longAt(symbol(FIELD_NAME));
    long stride = longAt(symbol(STRIDE));
    for (int i = 0; i < ENTRIES_MAX && longAt(entry + typeName) != 0; i++) {
      if (isString(longAt(entry + typeName), type) && isString(longAt(entry + fieldName), field)) {
        return longAt(entry + longAt(symbol(OFFSET)));
      }
      entry += stride;
    }
    throw new IllegalStateException(
        "this JVM does not export the location of " + type + "." + field + " is");
  }

  private static long longAt(long address) {
    return Memory.ALL.get(ValueLayout.JAVA_LONG, address);
  }

  private static boolean isString(long address, String expected) {
    return address != 0 && Memory.ALL.getString(address).equals(expected);
  }

  /** The value of dlsym(3): the JVM's library, which exports the table, is loaded already. */
  @SuppressWarnings("restricted") // as dlsym(3) declares it; the name lives through the call
  private static long symbol(String name) {
    Linker linker = Linker.nativeLinker();
    MethodHandle dlsym =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dlsym"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
    long address;
    try (Arena arena = Arena.ofConfined()) {
      address = (long) dlsym.invokeExact(0L, arena.allocateFrom(name)); // RTLD_DEFAULT
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
    if (address == 0) {
      throw new IllegalStateException("this JVM has no " + name);
    }
    return address;
  }
}
