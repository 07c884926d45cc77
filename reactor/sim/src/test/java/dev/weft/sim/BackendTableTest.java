// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Allocation;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileAdvice;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.SpawnRequest;
import dev.weft.internal.backend.selector.SelectorBackend;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tables of backends.md say what the selector can do, and the simulated kernel. */
@Tag("mode-independent")
class BackendTableTest {
  private static final Path DOCUMENT =
      Path.of(System.getProperty("basedir", "."), "..", "docs", "backends.md");

  private static final long HERE = Op.CURRENT_POSITION;
  private static final int UNSUPPORTED = -Errno.EOPNOTSUPP.code();
  private static final int UNKNOWN_OPTION = -Errno.ENOPROTOOPT.code();

  /** The rows of the table whose first column has that heading: a name, and its cells. */
  private static Map<String, List<String>> table(String heading) throws Exception {
    Map<String, List<String>> rows = new TreeMap<>();
    boolean inside = false;
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.startsWith("| " + heading + " |")) {
        inside = true;
      } else if (!line.startsWith("|")) {
        inside = false;
      } else if (inside && line.startsWith("| `")) {
        List<String> cells = Stream.of(line.split("\\|")).map(String::strip).toList();
        rows.put(cells.get(1).replace("`", ""), cells.subList(2, cells.size()));
      }
    }
    return rows;
  }

  private static List<String> names(Enum<?>[] values) {
    return Arrays.stream(values).map(Enum::name).sorted().toList();
  }

  private static String word(boolean supported) {
    return supported ? "yes" : "no";
  }

  @Test
  void capabilities() throws Exception {
    Map<String, List<String>> rows = table("capability");
    assertEquals(names(Capability.values()), List.copyOf(rows.keySet()));
    try (Backend selector = SelectorBackend.open(8);
        Backend simulation = SimBackends.open(8, Faults.none())) {
      for (Capability capability : Capability.values()) {
        List<String> expected =
            List.of("yes", word(selector.has(capability)), word(simulation.has(capability)));
        assertEquals(expected, rows.get(capability.name()), capability.name());
      }
    }
  }

  @Test
  void operations() throws Exception {
    Map<String, List<String>> rows = table("operation");
    assertEquals(names(Opcode.values()), List.copyOf(rows.keySet()));
    try (Backend selector = SelectorBackend.open(8)) {
      for (Opcode opcode : Opcode.values()) {
        int result = perform(selector, opcode);
        assertEquals(rows.get(opcode.name()).get(1), word(result != UNSUPPORTED), opcode.name());
      }
    }
  }

  /**
   * Performs an operation on a descriptor that is not open, or an empty name: EBADF, ENOENT if it
   * is supported at all.
   */
  private static int perform(Backend backend, Opcode opcode) {
    Handle none = Handle.borrowed(98_765, "none");
    byte[] name = {};
    Op op = backend.create(done -> {});
    Op request =
        switch (opcode) {
          case NOP -> op.nop();
          case READ -> op.read(none, null, 0, 0, 0);
          case WRITE -> op.write(none, null, 0, 0, 0);
          case READ_SCATTERED -> op.readScattered(none, new Gather(), 0);
          case WRITE_GATHERED -> op.writeGathered(none, new Gather(), 0);
          case CLOSE -> op.close(98_765);
          case OPEN -> op.open(new byte[0], 0, 0);
          case STAT -> op.stat(none, new FileAttributes());
          case STAT_PATH -> op.onPath(PathRequest.stat(null, name, 0, new FileAttributes()));
          case MAKE_DIRECTORY -> op.onPath(PathRequest.makeDirectory(null, name, 0));
          case REMOVE -> op.onPath(PathRequest.remove(null, name, 0));
          case RENAME -> op.onPath(PathRequest.rename(null, name, null, name, 0));
          case LINK -> op.onPath(PathRequest.link(null, name, null, name, 0));
          case SYMLINK -> op.onPath(PathRequest.symlink(name, null, name));
          case READ_LINK -> op.onPath(PathRequest.readLink(null, name));
          case GET_XATTR, SET_XATTR, REMOVE_XATTR, LIST_XATTRS ->
              op.onPath(PathRequest.xattr(opcode, null, name, name, name, 0));
          case SET_PERMISSIONS -> op.onPath(PathRequest.setPermissions(null, name, 0));
          case TRUNCATE -> op.onPath(PathRequest.truncate(none, 0));
          case LIST -> op.list(none, new DirectoryBatch());
          case SPAWN ->
              op.spawn(new SpawnRequest(List.of(), false, List.of(), null, 0, new int[3]));
          case SYNC -> op.sync(none, false);
          case SYNC_DATA -> op.sync(none, true);
          case WRITE_BACK -> op.writeBack(none, 0, 0, true);
          case ADVISE -> op.advise(none, 0, 0, FileAdvice.NORMAL);
          case ALLOCATE -> op.allocate(none, 0, 1, Allocation.ALLOCATE);
          case POLL -> op.poll(none, PollEvents.READABLE);
          case SPLICE -> op.splice(none, none, 1);
          case TEE -> op.tee(none, none, 1);
          case COPY_RANGE -> op.copyRange(none, HERE, none, HERE, 1);
          case CLONE -> op.cloneFile(none, none);
          case OPEN_DIRECT -> op.open(new byte[0], OpenFlags.DIRECT, 0);
          case REGISTER -> op.register(none);
          case INSTALL -> op.install(none);
          default -> onSocket(op, none, opcode);
        };
    assertEquals(opcode, request.opcode());
    backend.submit(request);
    while (!op.isDone()) {
      backend.poll(Backend.FOREVER);
    }
    return op.result();
  }

  private static Op onSocket(Op op, Handle none, Opcode opcode) {
    return switch (opcode) {
      case SEND -> op.send(none, null, 0, 0);
      case SEND_GATHERED -> op.sendGathered(none, new Gather(), false);
      case SEND_ZERO_COPY -> op.sendZeroCopy(none, MemorySegment.NULL, 0, 0);
      case RECEIVE -> op.receive(none, null, 0, 0);
      case PEEK -> op.peek(none, null, 0, 0);
      case RECEIVE_ANY -> op.receiveAny(none, new NoGroup());
      case RECEIVE_MULTISHOT -> op.receiveMultishot(none, new NoGroup());
      case RECEIVE_MESSAGE -> op.receiveMessage(none, MemorySegment.NULL, 0, new Message());
      case SEND_MESSAGE -> op.sendMessage(none, MemorySegment.NULL, 0, new Message());
      case ACCEPT -> op.accept(none);
      case ACCEPT_MULTISHOT -> op.acceptMultishot(none);
      case CONNECT -> op.connect(none, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
      case SHUTDOWN -> op.shutdown(none, Direction.BOTH);
      case ACCEPT_DIRECT -> op.acceptDirect(none);
      default -> throw new AssertionError(opcode);
    };
  }

  private static final class NoGroup extends BufferGroup {
    NoGroup() {
      super(0);
    }

    @Override
    public void offer(int buffer, MemorySegment memory, long from) {}

    @Override
    public void close() {}
  }

  @Test
  void calls() throws Exception {
    Map<String, List<String>> rows = table("call");
    assertEquals(names(Call.Kind.values()), List.copyOf(rows.keySet()));
    try (Backend selector = SelectorBackend.open(8)) {
      Call call = new Call();
      List<String> refused = new ArrayList<>();
      assertEquals(0, selector.perform(call.pipe()));
      Handle end = Handle.borrowed(call.writeEnd(), "pipe");
      for (Call each :
          List.of(
              new Call().peerCredentials(end),
              new Call().duplicate(end),
              new Call().signalChild(end, 1, null),
              new Call().reapChild(end, false),
              call.pipeCapacity(end),
              new Call().setPipeCapacity(end, 1),
              new Call().socketPair(SocketType.STREAM))) {
        assertEquals(UNSUPPORTED, selector.perform(each));
        refused.add(each.kind().name());
      }
      int number = selector.perform(call.socket(StandardProtocolFamily.INET, SocketType.STREAM));
      Handle socket = Handle.borrowed(number, "socket");
      for (Call each :
          List.of(
              new Call().unreadBytes(socket),
              new Call().unsentBytes(socket),
              new Call().connectionInfo(socket, new ConnectionInfo()))) {
        assertEquals(UNSUPPORTED, selector.perform(each));
        refused.add(each.kind().name());
      }
      List<String> listed =
          rows.entrySet().stream()
              .filter(row -> row.getValue().get(1).equals("no"))
              .map(Map.Entry::getKey)
              .toList();
      assertEquals(refused.stream().sorted().toList(), listed);
    }
  }

  @Test
  void options() throws Exception {
    Map<String, List<String>> rows = table("option of a socket");
    assertEquals(names(SocketOption.values()), List.copyOf(rows.keySet()));
    try (Backend selector = SelectorBackend.open(8)) {
      Call call = new Call();
      List<Handle> sockets = new ArrayList<>();
      for (SocketType type : List.of(SocketType.STREAM, SocketType.DATAGRAM)) {
        int number = selector.perform(call.socket(StandardProtocolFamily.INET6, type));
        assertNotEquals(-1, number);
        sockets.add(Handle.borrowed(number, "socket"));
      }
      for (SocketOption option : SocketOption.values()) {
        boolean known = sockets.stream().anyMatch(socket -> isKnown(selector, socket, option));
        assertEquals(rows.get(option.name()).get(1), word(known), option.name());
      }
    }
  }

  private static boolean isKnown(Backend backend, Handle socket, SocketOption option) {
    Call call = new Call();
    Call request =
        option == SocketOption.ERROR || option == SocketOption.TYPE
            ? call.getOption(socket, option)
            : call.setOption(socket, option, 1);
    return backend.perform(request) != UNKNOWN_OPTION;
  }
}
