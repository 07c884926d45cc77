// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.SpawnRequest;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import dev.weft.internal.os.LibcFunction;
import dev.weft.internal.os.SignalAction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Starts a child process by posix_spawn(3). It blocks until the program has been loaded, because
 * parent and child share their memory until then: for threads of their own.
 *
 * <p>The child gets the three standard streams and no other descriptor, no blocked and no ignored
 * signals: those of the JVM's threads are not its business.
 */
final class ChildStart {
  private static final int STREAMS = 3;

  /** More than posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) have. */
  private static final int OBJECT_BYTES = 512;

  // Of spawn.h and signal.h.
  private static final int SETPGROUP = 0x02;
  private static final int SETSIGDEF = 0x04;
  private static final int SETSIGMASK = 0x08;
  private static final int SETSID = 0x80;
  private static final int SIGNAL_SET_BYTES = 128;
  private static final int SIGCHLD = 17;

  /** With 32 and 33, which the C library keeps to itself and would make the child ignore. */
  private static final long ALL_SIGNALS = -1;

  private static final LibcFunction SPAWN = LibcFunction.find("posix_spawnp", 6);
  private static final LibcFunction ACTIONS = LibcFunction.find("posix_spawn_file_actions_init", 1);
  private static final LibcFunction END_ACTIONS =
      LibcFunction.find("posix_spawn_file_actions_destroy", 1);
  private static final LibcFunction ADD_DUP2 =
      LibcFunction.find("posix_spawn_file_actions_adddup2", 3);
  private static final LibcFunction ADD_CHDIR =
      LibcFunction.find("posix_spawn_file_actions_addfchdir_np", 2);
  private static final LibcFunction ADD_CLOSE_FROM =
      LibcFunction.find("posix_spawn_file_actions_addclosefrom_np", 2);
  private static final LibcFunction ATTRIBUTES = LibcFunction.find("posix_spawnattr_init", 1);
  private static final LibcFunction END_ATTRIBUTES =
      LibcFunction.find("posix_spawnattr_destroy", 1);
  private static final LibcFunction SET_FLAGS = LibcFunction.find("posix_spawnattr_setflags", 2);
  private static final LibcFunction SET_DEFAULTS =
      LibcFunction.find("posix_spawnattr_setsigdefault", 2);
  private static final LibcFunction SET_MASK = LibcFunction.find("posix_spawnattr_setsigmask", 2);
  private static final LibcFunction SET_GROUP = LibcFunction.find("posix_spawnattr_setpgroup", 2);
  private static final LibcFunction ACCESS = LibcFunction.find("faccessat", 4);
  private static final LibcFunction OPEN = LibcFunction.find("open", 2);

  /** The address of the variable {@code environ}. */
  private static final long ENVIRON = LibcFunction.variable("environ");

  private final SpawnRequest request;
  private final Arena arena;
  private final MemorySegment actions;
  private final MemorySegment attributes;

  /** Descriptors to be closed when the program has been loaded. */
  private final List<Integer> opened = new ArrayList<>();

  private ChildStart(SpawnRequest request, Arena arena) {
    this.request = request;
    this.arena = arena;
    actions = arena.allocate(OBJECT_BYTES, Long.BYTES);
    attributes = arena.allocate(OBJECT_BYTES, Long.BYTES);
  }

  /** Starts a child; returns a descriptor of it, or -errno. */
  static int perform(SpawnRequest request) {
    try (Arena arena = Arena.ofConfined()) {
      keepEndedChildren();
      ChildStart start = new ChildStart(request, arena);
      try {
        return start.start();
      } finally {
        start.close();
      }
    }
  }

  /**
   * Sets the default action of SIGCHLD if the signal is ignored, which a process can inherit: then
   * the system would drop the status of a child as soon as it ends.
   */
  private static void keepEndedChildren() {
    if (SignalAction.of(SIGCHLD).dropsChildren()) {
      SignalAction.ofDefault().set(SIGCHLD);
    }
  }

  /** Calls a function of posix_spawn(3), which returns errno: 0, or -errno. */
  private static int failure(LibcFunction function, long... arguments) {
    return -Math.abs(function.call(arguments)); // negative if there is no such function
  }

  private int start() {
    int result = setAttributes();
    if (result >= 0) {
      result = addActions();
    }
    if (result < 0) {
      return result;
    }
    MemorySegment info = arena.allocate(ChildCalls.INFO_BYTES, Long.BYTES);
    MemorySegment pid = arena.allocate(JAVA_INT);
    long file = text(request.arguments().getFirst());
    long arguments = array(request.arguments());
    long environment = array(environment());
    result =
        failure(
            SPAWN,
            pid.address(),
            file,
            actions.address(),
            attributes.address(),
            arguments,
            environment);
    if (result < 0) {
      return result;
    }
    int number = pid.get(JAVA_INT, 0);
    int descriptor = ChildCalls.open(number);
    if (descriptor < 0) {
      ChildCalls.discard(number, info.address());
    } else {
      request.started(number);
    }
    return descriptor;
  }

  /** Returns 0, or -errno. */
  private int setAttributes() {
    long address = attributes.address();
    MemorySegment set = arena.allocate(SIGNAL_SET_BYTES, Long.BYTES);
    int result = failure(ATTRIBUTES, address);
    if (result == 0) {
      result = failure(SET_MASK, address, set.address());
    }
    set.set(JAVA_LONG, 0, ALL_SIGNALS);
    if (result == 0) {
      result = failure(SET_DEFAULTS, address, set.address());
    }
    int group = request.group();
    int flags = SETSIGDEF | SETSIGMASK;
    if (group == SpawnRequest.NEW_SESSION) {
      flags |= SETSID;
    } else if (group != SpawnRequest.SAME_GROUP) {
      flags |= SETPGROUP;
      result = result < 0 ? result : failure(SET_GROUP, address, group);
    }
    return result < 0 ? result : failure(SET_FLAGS, address, flags);
  }

  /** What the child does before the program: returns 0, or -errno. */
  private int addActions() {
    long address = actions.address();
    int result = failure(ACTIONS, address);
    byte[] directory = request.directory();
    if (directory != null && result == 0) {
      int descriptor = openDirectory(directory);
      if (descriptor < 0) {
        return request.refuseDirectory(descriptor);
      }
      result = failure(ADD_CHDIR, address, descriptor);
    }
    for (int number = 0; number < STREAMS && result == 0; number++) {
      result = addStream(number, request.stream(number));
    }
    return result < 0 ? result : failure(ADD_CLOSE_FROM, address, STREAMS);
  }

  private int addStream(int number, int descriptor) {
    if (descriptor == SpawnRequest.INHERITED) {
      return 0;
    }
    int source = descriptor == SpawnRequest.AS_OUTPUT ? 1 : descriptor;
    if (descriptor >= 0 && descriptor < STREAMS) {
      source = keep(Libc.duplicate(descriptor)); // the child overwrites these
      if (source < 0) {
        return source;
      }
    }
    return failure(ADD_DUP2, actions.address(), source, number);
  }

  /** Opens a directory that can be the working directory; returns the descriptor, or -errno. */
  private int openDirectory(byte[] directory) {
    int flags = KernelCodes.openFlags(OpenFlags.PATH | OpenFlags.DIRECTORY) | weft_h.O_CLOEXEC();
    int descriptor = keep(OPEN.call(text(directory), flags));
    if (descriptor < 0) {
      return descriptor;
    }
    int access = ACCESS.call(descriptor, text(new byte[] {'.'}), 0, 0); // looked up in it
    return access < 0 ? access : descriptor;
  }

  private int keep(int descriptor) {
    if (descriptor >= 0) {
      opened.add(descriptor);
    }
    return descriptor;
  }

  private List<byte[]> environment() {
    List<byte[]> found = new ArrayList<>();
    if (request.inheritsEnvironment()) {
      long entries = ENVIRON == 0 ? 0 : Memory.ALL.get(JAVA_LONG, ENVIRON);
      for (long entry; entries != 0 && (entry = Memory.ALL.get(JAVA_LONG, entries)) != 0; ) {
        entries += Long.BYTES;
        byte[] variable = textAt(entry);
        if (!isChanged(variable)) {
          found.add(variable);
        }
      }
    }
    for (byte[] variable : request.variables()) {
      if (nameLength(variable) < variable.length) {
        found.add(variable);
      }
    }
    return found;
  }

  private boolean isChanged(byte[] inherited) {
    int length = nameLength(inherited);
    for (byte[] variable : request.variables()) {
      if (nameLength(variable) == length
          && Arrays.equals(variable, 0, length, inherited, 0, length)) {
        return true;
      }
    }
    return false;
  }

  private static int nameLength(byte[] variable) {
    int length = 0;
    while (length < variable.length && variable[length] != '=') {
      length++;
    }
    return length;
  }

  private static byte[] textAt(long address) {
    int length = 0;
    while (Memory.ALL.get(JAVA_BYTE, address + length) != 0) {
      length++;
    }
    return Memory.at(address, length).toArray(JAVA_BYTE);
  }

  /** The address of a copy with a NUL. */
  private long text(byte[] bytes) {
    MemorySegment copy = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, copy, JAVA_BYTE, 0, bytes.length);
    return copy.address();
  }

  /** The address of an array of texts with a null at its end. */
  private long array(List<byte[]> texts) {
    MemorySegment array = arena.allocate((texts.size() + 1L) * Long.BYTES, Long.BYTES);
    for (int i = 0; i < texts.size(); i++) {
      array.setAtIndex(JAVA_LONG, i, text(texts.get(i)));
    }
    return array.address();
  }

  private void close() {
    END_ACTIONS.call(actions.address());
    END_ATTRIBUTES.call(attributes.address());
    for (int descriptor : opened) {
      Libc.close(descriptor);
    }
  }
}
