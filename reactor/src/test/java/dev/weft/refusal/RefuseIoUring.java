// SPDX-License-Identifier: Apache-2.0
package dev.weft.refusal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Replaces itself by a program for which the kernel refuses the system calls of io_uring, as it
 * does under the default seccomp profiles of container engines (EPERM) and as kernels without
 * io_uring do (ENOSYS).
 *
 * <p>Arguments: {@code EPERM} or {@code ENOSYS}, then the program's path and its arguments. The
 * filter is that of seccomp(2), set by prctl(2); the program inherits it, and its children do.
 */
public final class RefuseIoUring {
  private static final Map<String, Integer> ERRNO = Map.of("EPERM", 1, "ENOSYS", 38);

  private static final int PR_SET_SECCOMP = 22;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SECCOMP_MODE_FILTER = 2;

  // instructions of a filter: linux/bpf_common.h, linux/seccomp.h
  private static final int LOAD_WORD = 0x20;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int JUMP_IF_AT_LEAST = 0x35;
  private static final int RETURN = 0x06;
  private static final int ALLOW = 0x7fff_0000;
  private static final int RETURN_ERRNO = 0x0005_0000;

  // struct seccomp_data
  private static final int SYSCALL_NUMBER = 0;
  private static final int ARCHITECTURE = 4;
  private static final int X86_64 = 0xc000_003e;

  private static final int IO_URING_SETUP = 425;
  private static final int IO_URING_REGISTER = 427;

  private static final Linker LINKER = Linker.nativeLinker();

  private RefuseIoUring() {}

  /**
   * A line of bash that becomes the program {@code "$@"} with its arguments, for which io_uring is
   * refused.
   *
   * @param errno {@code EPERM} or {@code ENOSYS}
   */
  public static String line(String errno) {
    return "exec '%s' --enable-native-access=ALL-UNNAMED -cp '%s' %s %s \"$(type -P \"$1\")\" \"${@:2}\""
        .formatted(
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            RefuseIoUring.class.getName(),
            errno);
  }

  public static void main(String[] arguments) throws Throwable {
    if (arguments.length < 2 || !ERRNO.containsKey(arguments[0])) {
      throw new IllegalArgumentException("arguments: EPERM|ENOSYS PROGRAM [ARGUMENT]...");
    }
    try (Arena arena = Arena.ofConfined()) {
      set(PR_SET_NO_NEW_PRIVS, 1, MemorySegment.NULL);
      set(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter(arena, ERRNO.get(arguments[0])));
      execute(arena, List.of(arguments).subList(1, arguments.length));
    }
  }

  /** A struct sock_fprog. */
  private static MemorySegment filter(Arena arena, int errno) {
    int[][] program = { // code, steps if true, steps if false, operand
      {LOAD_WORD, 0, 0, ARCHITECTURE},
      {JUMP_IF_EQUAL, 0, 4, X86_64},
      {LOAD_WORD, 0, 0, SYSCALL_NUMBER},
      {JUMP_IF_AT_LEAST, 0, 2, IO_URING_SETUP},
      {JUMP_IF_AT_LEAST, 1, 0, IO_URING_REGISTER + 1},
      {RETURN, 0, 0, RETURN_ERRNO | errno},
      {RETURN, 0, 0, ALLOW},
    };
    MemorySegment instructions = arena.allocate(8L * program.length, 8);
    for (int i = 0; i < program.length; i++) {
      instructions.set(JAVA_SHORT, 8L * i, (short) program[i][0]);
      instructions.set(JAVA_BYTE, 8L * i + 2, (byte) program[i][1]);
      instructions.set(JAVA_BYTE, 8L * i + 3, (byte) program[i][2]);
      instructions.set(JAVA_INT, 8L * i + 4, program[i][3]);
    }
    MemorySegment filter = arena.allocate(16, 8);
    filter.set(JAVA_SHORT, 0, (short) program.length);
    filter.set(ADDRESS, 8, instructions);
    return filter;
  }

  private static void set(int option, long value, MemorySegment argument) throws Throwable {
    MethodHandle prctl =
        function(
            "prctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG));
    if ((int) prctl.invokeExact(option, value, argument, 0L, 0L) != 0) {
      throw new IllegalStateException("prctl " + option + " failed");
    }
  }

  private static void execute(Arena arena, List<String> command) throws Throwable {
    MemorySegment words = arena.allocate(MemoryLayout.sequenceLayout(command.size() + 1L, ADDRESS));
    for (int i = 0; i < command.size(); i++) {
      words.setAtIndex(ADDRESS, i, arena.allocateFrom(command.get(i)));
    }
    MethodHandle execv = function("execv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    int failed = (int) execv.invokeExact(words.get(ADDRESS, 0), words);
    throw new IllegalStateException("execv of " + command.getFirst() + " returned " + failed);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
  }
}
