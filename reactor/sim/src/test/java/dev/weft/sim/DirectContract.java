// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What a backend promises of direct descriptors, if it has them. */
abstract class DirectContract extends DirectoryContract {
  private static final int READ_WRITE = OpenFlags.READ | OpenFlags.WRITE;
  private static final int FULL = code(Errno.ENFILE);
  private static final int CLOSED = code(Errno.EBADF);

  /** Opens a backend with a table of {@code size}; ends the test if it can't have one. */
  private Backend table(int size) throws Exception {
    Backend backend = backend();
    require(Capability.DIRECT_DESCRIPTORS);
    backend.openDirectTable(size);
    return backend;
  }

  private int openDirect(String name, int flags) {
    return openFile(name, flags | OpenFlags.DIRECT);
  }

  private int register(int descriptor) {
    return perform(op -> op.register(at(descriptor)));
  }

  private int write(int descriptor, String content) {
    return write(descriptor, content, HERE);
  }

  private int client(int listener) {
    int client = socket(INET);
    assertEquals(0, connect(client, localName(listener)));
    return client;
  }

  private static void assertDirect(int descriptor) {
    assertTrue(DirectDescriptor.is(descriptor), () -> "result: " + descriptor);
  }

  @Test
  void aBackendWithoutDirectDescriptorsSaysSo() throws Exception {
    Backend backend = backend();
    backend.disable(Capability.DIRECT_DESCRIPTORS);

    var e = assertThrows(ReactorUnavailableException.class, () -> backend.openDirectTable(4));

    assertTrue(e.getMessage().contains("direct descriptors"), e.getMessage());
    assertThrows(UnsupportedOperationException.class, () -> backend.requireDirectTable("open"));
  }

  @Test
  void aFileOpenedIntoATableIsUsedAsAnyOther() throws Exception {
    table(4);
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    assertDirect(file);
    assertEquals(6, write(file, "abcdef"));
    assertEquals("cd", read(file, 2, 2));
    assertEquals(0, perform(op -> op.sync(at(file), false)));
    assertEquals(code(Errno.ENOENT), openDirect("absent", OpenFlags.READ));
    assertEquals(0, perform(op -> op.close(file)));
    assertEquals(CLOSED, perform(op -> op.close(file)));
    assertEquals(CLOSED, current().closeDescriptor(file));
    assertEquals(CLOSED, perform(op -> op.read(at(file), scratch(), 0, 1, 0)));
  }

  @Test
  void aConnectionAcceptedIntoATableIsUsedAsAnyOther() throws Exception {
    table(4);
    int listener = listener(10);
    int client = client(listener);
    int server = perform(op -> op.acceptDirect(at(listener)));
    assertDirect(server);
    assertEquals(2, send(client, "in"));
    assertEquals(2, receive(server, 10));
    assertEquals(3, send(server, "out"));
    assertEquals(3, receive(client, 10));
    assertEquals(0, perform(op -> op.shutdown(at(server), Direction.OUTPUT)));
    assertEquals(0, receive(client, 10), "the end");
    discard(client);
    int events = PollEvents.READABLE;
    assertEquals(events, events & perform(op -> op.poll(at(server), events)));
    assertEquals(0, receive(server, 10), "the end");
    discard(server, listener);
  }

  @Test
  void aConnectionEndsWhenItsSlotIsClosed() throws Exception {
    table(4);
    int listener = listener(10);
    int client = client(listener);
    discard(perform(op -> op.acceptDirect(at(listener))));
    assertEquals(0, receive(client, 10));
    discard(client, listener);
  }

  @Test
  void aDescriptorAndADirectOneOfTheSameFileAreIndependent() throws Exception {
    table(4);
    int file = openFile("file", OpenFlags.CREATE | READ_WRITE);
    assertEquals(3, write(file, "abc"));
    int direct = register(file);
    assertDirect(direct);
    discard(file);
    assertEquals(3, write(direct, "def"), "at the same position");
    int again = perform(op -> op.install(at(direct)));
    assertFalse(DirectDescriptor.is(again));
    discard(direct);
    assertEquals("abcdef", read(again, 10, 0));
    discard(again);
  }

  @Test
  void bothEndsOfAPipeCanBeDirect() throws Exception {
    table(4);
    int[] pipe = pipe();
    int source = register(pipe[0]);
    int sink = register(pipe[1]);
    discard(pipe);
    assertEquals(3, write(sink, "abc"));
    assertEquals("abc", read(source, 10, HERE));
    discard(sink);
    assertEquals("", read(source, 10, HERE), "the end");
    discard(source);
  }

  @Test
  void aDirectSocketConnectsAndListens() throws Exception {
    table(4);
    int socket = socket(INET);
    int listener = register(socket);
    discard(socket);
    assertEquals(0, bind(listener, "127.0.0.1", 0));
    assertEquals(0, call(call -> call.listen(at(listener), 10)));
    int other = socket(INET);
    int client = register(other);
    discard(other);
    assertEquals(0, connect(client, localName(listener)));
    int server = acceptOne(listener);
    assertEquals(2, send(client, "in"));
    assertEquals(2, receive(server, 10));
    discard(client, server, listener);
  }

  // ---- the table

  @Test
  void aFullTableRefusesWithoutAcceptingOrCreating() throws Exception {
    table(1);
    int listener = listener(10);
    int client = client(listener);
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    assertEquals(FULL, perform(op -> op.acceptDirect(at(listener))));
    assertEquals(FULL, openDirect("new", OpenFlags.CREATE | READ_WRITE));
    assertEquals(FULL, register(client));
    assertEquals(code(Errno.ENOENT), openFile("new", OpenFlags.READ), "not created");

    discard(file);
    int server = perform(op -> op.acceptDirect(at(listener)));
    assertDirect(server);
    assertEquals(2, send(client, "in"));
    assertEquals(2, receive(server, 10));
    discard(server, client, listener);
  }

  @Test
  void aWaitingAcceptHasItsSlotReserved() throws Exception {
    Backend backend = table(1);
    int listener = listener(10);
    Op accept = backend.create(completed::add);
    backend.submit(accept.acceptDirect(at(listener)));
    backend.poll(0);
    assertEquals(FULL, openDirect("file", OpenFlags.CREATE | READ_WRITE));
    int client = client(listener);
    pollUntilCompleted(1);
    assertDirect(accept.result());
    discard(accept.result(), client, listener);
  }

  @Test
  void aCancelledAcceptGivesItsSlotBack() throws Exception {
    Backend backend = table(1);
    int listener = listener(10);
    Op accept = backend.create(completed::add);
    backend.submit(accept.acceptDirect(at(listener)));
    backend.poll(0);
    backend.cancel(accept);
    pollUntilCompleted(1);
    assertEquals(CANCELED, accept.result());
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    assertDirect(file);
    discard(file, listener);
  }

  @Test
  void aSlotIsFreeFromItsCloseOn() throws Exception {
    Backend backend = backend(1); // so that closes and requests wait for room
    require(Capability.DIRECT_DESCRIPTORS);
    backend.openDirectTable(2);
    for (int i = 0; i < 20; i++) {
      int[] files = new int[2];
      for (int k = 0; k < files.length; k++) {
        files[k] = openDirect("file", OpenFlags.CREATE | READ_WRITE);
        assertDirect(files[k]);
      }
      assertEquals(FULL, openDirect("file", OpenFlags.READ));
      Op close = backend.create(done -> {});
      backend.submit(close.close(files[0]));
      discard(files[1]);
      int next = openDirect("file", OpenFlags.READ);
      assertDirect(next);
      pollUntilDone(close);
      assertEquals(0, close.result());
      backend.release(close);
      discard(next);
    }
  }

  @Test
  void anOperationInFlightIsNotOfTheNextFileInItsSlot() throws Exception {
    Backend backend = table(1);
    int[] pipe = pipe();
    int source = register(pipe[0]);
    Op read = backend.create(completed::add);
    MemorySegment target = scratch();
    backend.submit(read.read(at(source), target, 0, 3, HERE));
    backend.poll(0);
    discard(source);
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    assertEquals(3, write(file, "def"));
    assertTrue(completed.isEmpty());

    assertEquals(3, write(pipe[1], "abc"));
    pollUntilCompleted(1);
    assertEquals("abc", target.getString(0));
    discard(file, pipe[0], pipe[1]);
  }

  @Test
  void aHandleGetsAnotherDescriptorAndTheOldOneIsClosedWhenItIsUnused() throws Exception {
    Backend backend = table(2);
    int[] pipe = pipe();
    Handle sink = backend.newHandle("sink");
    backend.open(sink, pipe[1]);
    Handle source = backend.newHandle("source");
    backend.open(source, pipe[0]);
    Op read = backend.create(completed::add);
    backend.submit(read.read(source, scratch(), 0, 1, HERE));
    backend.poll(0);

    backend.replace(sink, register(pipe[1]));
    assertTrue(sink.isDirect());
    assertEquals(CLOSED, call(call -> call.fileType(at(pipe[1]))), "closed at once");
    backend.replace(source, register(pipe[0]));
    assertEquals(0, call(call -> call.fileType(at(pipe[0]))), "in use");
    assertThrows(IllegalStateException.class, () -> backend.replace(source, 98_765));

    assertEquals(1, perform(op -> op.write(sink, text("a"), 0, 1, HERE)));
    pollUntilCompleted(1);
    assertEquals(1, read.result());
    assertEquals(CLOSED, call(call -> call.fileType(at(pipe[0]))), "closed since");
    for (Handle handle : new Handle[] {sink, source}) {
      backend.beginClose(handle, null);
      assertEquals(0, backend.closeWhenUnused(handle));
    }
    assertEquals(0, backend.inFlight());
  }

  // ---- what needs a descriptor of the process

  @Test
  void callsAreMadeOnDirectDescriptors() throws Exception {
    table(4);
    int listener = listener(10);
    int client = client(listener);
    int server = perform(op -> op.acceptDirect(at(listener)));
    assertEquals(localName(client), peerName(server));
    assertEquals(peerName(client), localName(server));
    assertEquals(0, call(call -> call.setOption(at(server), SocketOption.NO_DELAY, 1)));
    assertEquals(0, call(call -> call.getOption(at(server), SocketOption.NO_DELAY)));
    assertEquals(1, call.value());
    assertEquals(0, call(call -> call.unreadBytes(at(server))));
    assertEquals(0, call(call -> call.fileType(at(server))));
    assertEquals(FileType.SOCKET, call.type());
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    int flags = call(call -> call.openFlags(at(file)));
    assertEquals(READ_WRITE, flags & READ_WRITE);
    discard(file);
    assertEquals(CLOSED, call(call -> call.openFlags(at(file))));
    int copy = call(call -> call.duplicate(at(server)));
    assertTrue(copy > 2 && !DirectDescriptor.is(copy), () -> "duplicate: " + copy);
    discard(server);
    assertEquals(2, send(client, "in"));
    assertEquals(2, receive(copy, 10));
    discard(copy, client, listener);
  }

  @Test
  void operationsAreAttemptedOnDirectDescriptors() throws Exception {
    Backend backend = table(4);
    int listener = listener(10);
    int client = client(listener);
    int server = perform(op -> op.acceptDirect(at(listener)));
    MemorySegment bytes = arena.allocate(10);
    Op op = backend.create(done -> {});
    assertEquals(code(Errno.EAGAIN), backend.attempt(op.receive(at(server), bytes, 0, 10)));
    assertEquals(2, send(client, "in"));
    int events = PollEvents.READABLE;
    assertEquals(events, events & perform(each -> each.poll(at(server), events)));
    assertEquals(2, backend.attempt(op.receive(at(server), bytes, 0, 10)));
    assertEquals(3, backend.attempt(op.send(at(server), text("out"), 0, 3)));
    assertEquals(3, receive(client, 10));
    backend.release(op);
    discard(server, client, listener);
  }

  @Test
  void whatTheKernelDoesNotTakeFailsWithEbadf() throws Exception {
    table(4);
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    int plain = openFile("file", OpenFlags.READ);
    assertEquals(CLOSED, perform(op -> op.stat(at(file), new FileAttributes())));
    assertEquals(CLOSED, register(file));
    int directory = openDirect("", OpenFlags.READ);
    byte[] name = {'x'};
    assertEquals(CLOSED, perform(op -> op.open(at(directory), name, OpenFlags.READ, 0)));
    assertEquals(CLOSED, perform(op -> op.install(at(plain))));
    assertEquals(0, call(call -> call.socketPair(SocketType.STREAM)));
    int[] pair = {call.readEnd(), call.writeEnd()};
    Message message = new Message().passing(at(file));
    assertEquals(CLOSED, perform(op -> op.sendMessage(at(pair[0]), text("x"), 1, message)));
    discard(file, plain, directory, pair[0], pair[1]);
  }

  @Test
  void splicesTakeDirectDescriptorsOnBothSides() throws Exception {
    table(4);
    int[] pipe = pipe();
    int source = register(pipe[0]);
    int sink = register(pipe[1]);
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    int copy = openFile("copy", OpenFlags.CREATE | READ_WRITE);
    assertEquals(6, write(file, "abcdef"));
    int from = openDirect("file", OpenFlags.READ);
    assertEquals(4, perform(op -> op.splice(at(from), at(sink), 4)));
    assertEquals(2, perform(op -> op.splice(at(source), at(copy), 2)));
    assertEquals(2, perform(op -> op.splice(at(pipe[0]), at(file), 2)));
    assertEquals("ab", read(copy, 10, 0));
    assertEquals("abcdefcd", read(file, 10, 0));
    discard(pipe[0], pipe[1], source, sink, file, copy, from);
  }

  @Test
  void aChainHasDirectDescriptors() throws Exception {
    Backend backend = table(4);
    int file = openDirect("file", OpenFlags.CREATE | READ_WRITE);
    Op write = backend.create(completed::add).write(at(file), text("abc"), 0, 3, 0);
    Op read = backend.create(completed::add).read(at(file), scratch(), 0, 3, 0);
    Op close = backend.create(completed::add).close(file);
    write.then(read).then(close);
    backend.submit(write);
    pollUntilCompleted(3);
    assertEquals(3, write.result());
    assertEquals(3, read.result());
    assertEquals(0, close.result());
  }

  @Test
  void closingTheBackendEndsAWaitingAccept() throws Exception {
    Backend backend = table(1);
    int listener = listener(10);
    Op accept = backend.create(completed::add);
    backend.submit(accept.acceptDirect(at(listener)));
    backend.poll(0);
    discard(listener);
    backend.close();
    assertEquals(1, completed.size());
    assertEquals(CANCELED, accept.result());
  }
}
