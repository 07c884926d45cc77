// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a backend promises of Unix sockets. */
abstract class UnixContract extends PeekContract {
  private static final StandardProtocolFamily UNIX = StandardProtocolFamily.UNIX;

  /** The path of a file of that name, which does not exist. */
  abstract String path(String name);

  private UnixAddress named(String name) {
    UnixAddress made = new UnixAddress(path(name).getBytes(UTF_8), false);
    made.publicForm(UnixDomainSocketAddress.of(path(name)));
    return made;
  }

  private static UnixAddress abstractName() {
    return new UnixAddress(("weft-" + UUID.randomUUID()).getBytes(UTF_8), true);
  }

  private int unix(SocketType type) {
    int socket = call(call -> call.socket(UNIX, type));
    assertTrue(socket > 2, () -> "socket: " + socket);
    return socket;
  }

  private int bindTo(int socket, SocketAddress address) {
    return call(call -> call.bind(at(socket), address));
  }

  private int connectTo(int socket, SocketAddress address) {
    return perform(op -> op.connect(at(socket), address));
  }

  private int listening(SocketType type, UnixAddress address) {
    int listener = unix(type);
    assertEquals(0, bindTo(listener, address));
    assertEquals(0, call(call -> call.listen(at(listener), 10)));
    return listener;
  }

  private int[] pair(SocketType type) {
    assertEquals(0, call(call -> call.socketPair(type)));
    return new int[] {call.readEnd(), call.writeEnd()};
  }

  @Test
  void aStreamThroughAPathCarriesBytesBothWaysAndEnds() throws Exception {
    backend();
    UnixAddress address = named("stream");
    int listener = listening(SocketType.STREAM, address);
    int client = unix(SocketType.STREAM);
    assertEquals(0, connectTo(client, address));
    int server = perform(op -> op.accept(at(listener)));
    assertEquals(4, send(client, "ping"));
    assertEquals(4, receive(server, 10));
    assertEquals(4, send(server, "pong"));
    assertEquals(4, receive(client, 10));
    assertEquals(0, call(call -> call.localAddress(at(server))));
    assertEquals(address, call.address());
    assertEquals(0, call(call -> call.remoteAddress(at(client))));
    assertEquals(address, call.address());
    assertEquals(0, call(call -> call.localAddress(at(client))));
    assertEquals(UnixAddress.UNNAMED, call.address());
    assertEquals(0, perform(op -> op.shutdown(at(client), Direction.OUTPUT)));
    assertEquals(0, receive(server, 10), "the end");
    assertEquals(1, send(server, "x"), "the other direction is open");
    assertEquals(1, receive(client, 10));
    discard(client);
    assertEquals(code(Errno.EPIPE), send(server, "x"));
    discard(server, listener);
  }

  @Test
  void aDuplicateIsOfTheSameSocketWhichStaysOpen() throws Exception {
    backend();
    require(Capability.KERNEL_DESCRIPTORS);
    int[] ends = pair(SocketType.STREAM);
    int duplicate = call(call -> call.duplicate(at(ends[0])));
    assertTrue(duplicate > 2 && duplicate != ends[0], () -> "duplicate: " + duplicate);
    discard(ends[0]);
    assertEquals(1, send(duplicate, "x"));
    assertEquals(1, receive(ends[1], 10));
    discard(duplicate);
    assertEquals(0, receive(ends[1], 10), "it was the last one");
    assertEquals(code(Errno.EBADF), call(call -> call.duplicate(Handle.borrowed(-1, "none"))));
    discard(ends[1]);
  }

  @Test
  void aStreamTakesBytesOfSeveralSegments() throws Exception {
    backend();
    UnixAddress address = named("gathered");
    int listener = listening(SocketType.STREAM, address);
    int client = unix(SocketType.STREAM);
    assertEquals(0, connectTo(client, address));
    int server = perform(op -> op.accept(at(listener)));
    Gather gather = new Gather();
    gather.add(text("ab"), 0, 2);
    gather.add(text("-cde"), 1, 3);
    assertEquals(5, perform(op -> op.sendGathered(at(client), gather, false)));
    assertEquals(5, receive(server, 10));
    discard(listener, client, server);
  }

  @Test
  void aPathThatIsTakenOrMissingIsReported() throws Exception {
    backend();
    UnixAddress address = named("taken");
    int client = unix(SocketType.STREAM);
    assertEquals(code(Errno.ENOENT), connectTo(client, address));
    int listener = listening(SocketType.STREAM, address);
    int other = unix(SocketType.STREAM);
    assertEquals(code(Errno.EADDRINUSE), bindTo(other, address));
    discard(listener);
    assertEquals(code(Errno.ECONNREFUSED), connectTo(client, address), "the path stays");
    assertEquals(code(Errno.EADDRINUSE), bindTo(other, address));
    discard(client, other);
  }

  @Test
  void anAbstractNameLivesAsLongAsItsSocket() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    UnixAddress name = abstractName();
    int listener = listening(SocketType.STREAM, name);
    int other = unix(SocketType.STREAM);
    assertEquals(code(Errno.EADDRINUSE), bindTo(other, name));
    assertEquals(0, connectTo(other, name));
    assertEquals(0, call(call -> call.remoteAddress(at(other))));
    assertEquals(name, call.address());
    discard(listener, other);
    int next = unix(SocketType.STREAM);
    assertEquals(code(Errno.ECONNREFUSED), connectTo(next, name));
    assertEquals(0, bindTo(next, name));
    discard(next);
  }

  @Test
  void datagramsCarryTheSendersName() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    UnixAddress name = abstractName();
    UnixAddress path = named("datagrams");
    int server = unix(SocketType.DATAGRAM);
    int client = unix(SocketType.DATAGRAM);
    assertEquals(0, bindTo(server, path));
    Message message = new Message();
    assertEquals(code(Errno.ENOTCONN), send(client, "x", null));
    assertEquals(0, send(client, "", path));
    assertEquals("", receive(server, 10, message));
    assertEquals(null, message.address(), "it has no name");
    assertEquals(0, bindTo(client, name));
    assertEquals(5, send(client, "hello", path));
    assertEquals("hel", receive(server, 3, message));
    assertTrue(message.isTruncated());
    assertEquals(name, message.address());
    assertEquals(4, send(server, "back", message.address()));
    assertEquals("back", receive(client, 10, message));
    assertEquals(path, message.address());
    discard(server);
    assertEquals(code(Errno.ECONNREFUSED), send(client, "x", path));
    assertEquals(code(Errno.ECONNREFUSED), send(client, "x", abstractName()));
    discard(client);
  }

  @Test
  void sequencedMessagesKeepTheirBoundaries() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    UnixAddress name = named("sequenced");
    int listener = listening(SocketType.SEQUENCED, name);
    int stream = unix(SocketType.STREAM);
    assertEquals(code(Errno.EPROTOTYPE), connectTo(stream, name));
    int client = unix(SocketType.SEQUENCED);
    assertEquals(0, connectTo(client, name));
    int server = perform(op -> op.accept(at(listener)));
    assertEquals(3, send(client, "one", null));
    assertEquals(3, send(client, "two", null));
    Message message = new Message();
    assertEquals("one", receive(server, 10, message));
    assertEquals("tw", receive(server, 2, message));
    assertTrue(message.isTruncated());
    discard(client);
    assertEquals("", receive(server, 10, message), "the end");
    assertFalse(message.isTruncated());
    assertEquals(code(Errno.EPIPE), send(server, "x", null));
    discard(stream, server, listener);
  }

  @Test
  void aPairIsConnectedAndKnowsItsProcess() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    for (SocketType type : SocketType.values()) {
      int[] ends = pair(type);
      assertEquals(2, send(ends[0], "hi", null));
      assertEquals("hi", receive(ends[1], 10, new Message()));
      assertEquals(2, send(ends[1], "yo", null));
      assertEquals("yo", receive(ends[0], 10, new Message()));
      assertEquals(0, call(call -> call.peerCredentials(at(ends[0]))));
      assertTrue(call.credentials().processId() > 0);
      discard(ends);
    }
  }

  private int pass(int socket, String content, Handle... passed) {
    MemorySegment bytes = text(content);
    Message message = passing(passed);
    return perform(op -> op.sendMessage(at(socket), bytes, content.length(), message));
  }

  private static Message passing(Handle... passed) {
    Message message = new Message();
    for (Handle each : passed) {
      message.passing(each);
    }
    return message;
  }

  /** Checks that no descriptor is left that writes to a pipe, and closes the reading end. */
  private void assertEnded(int... reading) {
    MemorySegment target = arena.allocate(10);
    for (int end : reading) {
      assertEquals(0, perform(op -> op.read(at(end), target, 0, 10, HERE)), "no writer is left");
    }
    discard(reading);
  }

  @Test
  void aDescriptorComesWithTheBytesThatItWasSentWith() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    int[] ends = pair(SocketType.STREAM);
    int[] pipe = pipe();
    assertEquals(6, send(ends[0], "before"));
    assertEquals(4, pass(ends[0], "with", at(pipe[1])));
    assertEquals(5, send(ends[0], "after"));
    discard(pipe[1]);

    Message message = new Message().takingDescriptors(8);
    assertEquals("befo", receive(ends[1], 4, message));
    assertEquals(0, message.descriptorCount());
    assertEquals("rewith", receive(ends[1], 100, message), "it ends with these bytes");
    assertEquals(1, message.descriptorCount());
    int received = message.descriptor(0);
    assertEquals("after", receive(ends[1], 100, message));
    assertEquals(0, message.descriptorCount());

    MemorySegment bytes = text("through");
    assertEquals(7, perform(op -> op.write(at(received), bytes, 0, 7, HERE)));
    MemorySegment target = arena.allocate(10);
    assertEquals(7, perform(op -> op.read(at(pipe[0]), target, 0, 10, HERE)));
    discard(received);
    assertEquals(0, perform(op -> op.read(at(pipe[0]), target, 0, 10, HERE)), "no writer is left");
    discard(ends);
    discard(pipe[0]);
  }

  @Test
  void aDescriptorThatIsNotTakenIsClosed() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    int[] ends = pair(SocketType.SEQUENCED);
    int[] pipe = pipe();
    assertEquals(1, pass(ends[0], "x", at(pipe[1])));
    assertEquals(1, pass(ends[0], "y", at(pipe[1])));
    assertEquals(code(Errno.EBADF), pass(ends[0], "z", at(98_765)));
    discard(pipe[1]);
    assertEquals("x", receive(ends[1], 10, new Message()));
    discard(ends); // with the one that has not been received
    MemorySegment target = arena.allocate(10);
    assertEquals(0, perform(op -> op.read(at(pipe[0]), target, 0, 10, HERE)));
    discard(pipe[0]);
  }

  @Test
  void severalDescriptorsComeInTheirOrder() throws Exception {
    for (SocketType type : SocketType.values()) {
      backend();
      require(Capability.ALL_UNIX_SOCKETS);
      int[] ends = pair(type);
      int[][] pipes = {pipe(), pipe(), pipe()};
      int[] reading = {pipes[0][0], pipes[1][0], pipes[2][0]};
      assertEquals(
          2, pass(ends[0], "ab", at(pipes[2][1]), at(pipes[0][1]), at(pipes[1][1])), type::name);
      assertEquals(1, pass(ends[0], "c", at(pipes[0][1])));
      discard(pipes[0][1], pipes[1][1], pipes[2][1]);

      Message message = new Message().takingDescriptors(8);
      assertEquals("ab", receive(ends[1], 10, message), "not the bytes of the next descriptors");
      assertEquals(3, message.descriptorCount());
      assertFalse(message.hasLostDescriptors());
      int[] received = {message.descriptor(1), message.descriptor(2), message.descriptor(0)};
      assertEquals("c", receive(ends[1], 10, message));
      assertEquals(1, message.descriptorCount());
      discard(message.descriptor(0));
      for (int i = 0; i < 3; i++) {
        int writer = received[i];
        int reader = reading[i];
        assertEquals(1, perform(op -> op.write(at(writer), scratch(), 0, 1, HERE)));
        assertEquals(1, perform(op -> op.read(at(reader), scratch(), 0, 1, HERE)), type::name);
      }
      discard(received);
      assertEnded(reading);
      discard(ends);
      current().close();
    }
  }

  @Test
  void aMessagePassesNoMoreThan253Descriptors() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    int[] ends = pair(SocketType.DATAGRAM);
    int[] pipe = pipe();
    Handle[] many = new Handle[254];
    Arrays.fill(many, at(pipe[1]));
    assertEquals(code(Errno.EINVAL), pass(ends[0], "x", many));
    assertEquals(1, pass(ends[0], "y", Arrays.copyOf(many, 253)));
    discard(pipe[1]);
    Message message = new Message().takingDescriptors(253);
    assertEquals("y", receive(ends[1], 10, message));
    assertEquals(253, message.descriptorCount());
    assertFalse(message.hasLostDescriptors());
    for (int i = 0; i < 253; i++) {
      discard(message.descriptor(i));
    }
    assertEnded(pipe[0]);
    discard(ends);
  }

  @Test
  void descriptorsForWhichThereIsNoRoomAreClosedAndThatIsReported() throws Exception {
    for (SocketType type : SocketType.values()) {
      backend();
      require(Capability.ALL_UNIX_SOCKETS);
      int[] ends = pair(type);
      int[][] pipes = {pipe(), pipe()};
      Handle[] both = {at(pipes[0][1]), at(pipes[1][1])};
      assertEquals(1, pass(ends[0], "a", both));
      assertEquals(1, pass(ends[0], "b", both));
      assertEquals(1, send(ends[0], "c", null));
      discard(pipes[0][1], pipes[1][1]);
      Message message = new Message().takingDescriptors(1);
      MemorySegment bytes = arena.allocate(1);
      perform(op -> op.receiveMessage(at(ends[1]), bytes, 1, message).peeking());
      assertFalse(message.hasLostDescriptors(), "they stay");
      assertEquals("a", receive(ends[1], 1, message));
      assertEquals(1, message.descriptorCount());
      assertTrue(message.hasLostDescriptors(), type::name);
      Message none = new Message();
      assertEquals("b", receive(ends[1], 1, none));
      assertTrue(none.hasLostDescriptors(), type::name);
      assertEnded(pipes[1][0]);
      discard(message.descriptor(0));
      assertEnded(pipes[0][0]);
      assertEquals("c", receive(ends[1], 1, none));
      assertFalse(none.hasLostDescriptors());
      discard(ends);
      current().close();
    }
  }

  @Test
  void anAttemptPassesAndTakesDescriptors() throws Exception {
    Backend backend = backend();
    require(Capability.ALL_UNIX_SOCKETS);
    int[] ends = pair(SocketType.SEQUENCED);
    int[] pipe = pipe();
    Op op = backend.create(completed::add);
    Message message = new Message().takingDescriptors(2);
    int none = backend.attempt(op.receiveMessage(at(ends[1]), scratch(), 1, message));
    assertEquals(code(Errno.EAGAIN), none);
    Message two = passing(at(pipe[1]), at(pipe[0]));
    assertEquals(1, backend.attempt(op.sendMessage(at(ends[0]), scratch(), 1, two)));
    assertEquals(1, backend.attempt(op.receiveMessage(at(ends[1]), scratch(), 1, message)));
    assertEquals(2, message.descriptorCount());
    discard(message.descriptor(1), pipe[1]);
    Message unknown = passing(at(98_765));
    assertEquals(
        code(Errno.EBADF), backend.attempt(op.sendMessage(at(ends[0]), scratch(), 1, unknown)));
    discard(message.descriptor(0));
    assertEnded(pipe[0]);
    discard(ends);
  }

  @Test
  void aCancelledReceiveHasTheDescriptorsOrLeavesThem() throws Exception {
    for (boolean isPolled : new boolean[] {false, true}) {
      Backend backend = backend();
      require(Capability.ALL_UNIX_SOCKETS);
      int[] ends = pair(SocketType.STREAM);
      int[] pipe = pipe();
      Message message = new Message().takingDescriptors(2);
      Op receive = backend.create(completed::add);
      backend.submit(receive.receiveMessage(at(ends[1]), scratch(), 1, message));
      if (isPolled) {
        backend.poll(0);
      }
      Op send = backend.create(completed::add);
      Message passed = passing(at(pipe[1]), at(pipe[1]));
      assertEquals(1, backend.attempt(send.sendMessage(at(ends[0]), scratch(), 1, passed)));
      backend.cancel(receive);
      pollUntilDone(receive);
      if (receive.result() < 0) {
        assertEquals(CANCELED, receive.result());
        assertEquals(1, receive(ends[1], 1, message).length());
      }
      assertEquals(2, message.descriptorCount());
      discard(message.descriptor(0), message.descriptor(1), pipe[1]);
      assertEnded(pipe[0]);
      discard(ends);
      backend.close();
    }
  }

  @Test
  void closingOneOfWhatIsPassedEndsTheSend() throws Exception {
    Backend backend = backend();
    require(Capability.ALL_UNIX_SOCKETS);
    int[] ends = pair(SocketType.STREAM);
    int[] pipe = pipe();
    Handle passed = backend.newHandle("the writing end");
    backend.open(passed, pipe[1]);
    MemorySegment much = arena.allocate(1 << 20);
    Op filling = backend.create(completed::add);
    backend.submit(filling.send(at(ends[0]), much, 0, 1 << 20));
    backend.poll(0);
    assertTrue(completed.isEmpty(), "the buffer is full");

    Op send = backend.create(completed::add);
    Message message = passing(at(pipe[0]), at(pipe[0]), passed);
    backend.submit(send.sendMessage(at(ends[0]), scratch(), 1, message));
    backend.poll(0);
    backend.beginClose(passed, null);
    backend.closeWhenUnused(passed);
    pollUntilDone(send);
    assertEquals(CANCELED, send.result());
    assertEquals(Handle.State.CLOSED, passed.state());
    backend.cancel(filling);
    pollUntilDone(filling);
    discard(ends);
    discard(pipe[0]);
  }
}
