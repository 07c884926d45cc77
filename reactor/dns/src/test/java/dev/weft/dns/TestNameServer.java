// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.net.Datagram;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A name server on the loopback address, UDP and TCP, of fibers. It answers from a table as a
 * recursive server would, and misbehaves for the names for which a test wants it.
 */
final class TestNameServer implements AutoCloseable {
  static final int TTL = 300;

  /** Of negative answers. */
  static final int MINIMUM = 60;

  private static final int PORTS_TRIED_MAX = 100;

  /** Answers a query in any way. */
  @FunctionalInterface
  interface Behaviour {
    void answer(Call call) throws Exception;
  }

  private final TcpListener listener;
  private final UdpSocket socket;
  private final Bundle fibers = Bundle.detached();
  private final Arena arena = Arena.ofAuto();
  private final Map<Name, List<Record>> zone = new HashMap<>();
  private final Map<Name, Behaviour> behaviours = new HashMap<>();

  /** The queries, each as {@code name type udp} or {@code name type tcp}. */
  final List<String> log = new ArrayList<>();

  /** The ports and ids of the queries over UDP. */
  final List<Integer> ports = new ArrayList<>();

  final List<Integer> ids = new ArrayList<>();

  private TestNameServer(TcpListener listener, UdpSocket socket) {
    this.listener = listener;
    this.socket = socket;
  }

  static TestNameServer open() throws IOException {
    for (int i = 0; ; i++) {
      InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
      TcpListener listener = TcpListener.bind(new InetSocketAddress(loopback, 0));
      try {
        TestNameServer server =
            new TestNameServer(listener, UdpSocket.bind(listener.localAddress()));
        server.fibers.go("udp", server::serveDatagrams);
        server.fibers.go("tcp", server::serveConnections);
        return server;
      } catch (ErrnoException e) { // another program has the port
        listener.close();
        if (e.errno() != Errno.EADDRINUSE || i == PORTS_TRIED_MAX) {
          throw e;
        }
      }
    }
  }

  InetSocketAddress address() {
    return listener.localAddress();
  }

  // ---- what it knows

  static Name name(String text) {
    return Name.fromConstantString(text.endsWith(".") ? text : text + ".");
  }

  /** Adds a record, such as {@code A 10.1.2.3} or {@code CNAME one.test.} */
  TestNameServer with(String name, String... records) throws IOException {
    for (String record : records) {
      with(name, TTL, record);
    }
    return this;
  }

  TestNameServer with(String name, int ttl, String record) throws IOException {
    String[] words = record.split(" ", 2);
    Record made =
        Record.fromString(name(name), Type.value(words[0]), DClass.IN, ttl, words[1], Name.root);
    zone.computeIfAbsent(name(name), key -> new ArrayList<>()).add(made);
    return this;
  }

  TestNameServer with(String name, Behaviour behaviour) {
    behaviours.put(name(name), behaviour);
    return this;
  }

  /** A query, and the way to answer it. */
  final class Call {
    final Message query;
    final boolean isTcp;

    /** Where the query came from; over TCP, the connection. */
    private final InetSocketAddress client;

    private final TcpSocket connection;

    Call(Message query, InetSocketAddress client, TcpSocket connection) {
      this.query = query;
      this.client = client;
      this.connection = connection;
      isTcp = connection != null;
    }

    int type() {
      return query.getQuestion().getType();
    }

    /** The answer that the table has. */
    Message answer() {
      Message answer = empty(Rcode.NOERROR);
      Name owner = query.getQuestion().getName();
      boolean found = false;
      for (Name next = owner; next != null; ) {
        owner = next;
        next = null;
        for (Record record : zone.getOrDefault(owner, List.of())) {
          boolean isAskedFor = record.getType() == type() || type() == Type.ANY;
          if (isAskedFor || record instanceof CNAMERecord) {
            answer.addRecord(record, Section.ANSWER);
            found |= isAskedFor;
          }
          if (record instanceof CNAMERecord alias
              && answer.getSection(Section.ANSWER).size() < 20) {
            next = alias.getTarget();
          }
        }
      }
      if (!found) {
        addAuthority(answer);
        if (!zone.containsKey(owner)) {
          answer.getHeader().setRcode(Rcode.NXDOMAIN);
        }
      }
      return answer;
    }

    /** An answer without records. */
    Message empty(int code) {
      Message answer = new Message(query.getHeader().getID());
      answer.getHeader().setFlag(Flags.QR);
      answer.getHeader().setFlag(Flags.RD);
      answer.getHeader().setFlag(Flags.RA);
      answer.getHeader().setRcode(code);
      answer.addRecord(query.getQuestion(), Section.QUESTION);
      return answer;
    }

    void addAuthority(Message answer) {
      answer.addRecord(record(".", "SOA . . 1 2 3 4 " + MINIMUM), Section.AUTHORITY);
    }

    Record record(String name, String text) {
      String[] words = text.split(" ", 2);
      try {
        return Record.fromString(
            name(name), Type.value(words[0]), DClass.IN, TTL, words[1], Name.root);
      } catch (IOException e) {
        throw new IllegalArgumentException(text, e);
      }
    }

    void send(Message answer) throws IOException {
      send(answer.toWire());
    }

    void send(byte[] answer) throws IOException {
      if (isTcp) {
        MemorySegment bytes = arena.allocate(answer.length + 2L);
        bytes.set(JAVA_BYTE, 0, (byte) (answer.length >> Byte.SIZE));
        bytes.set(JAVA_BYTE, 1, (byte) answer.length);
        MemorySegment.copy(answer, 0, bytes, JAVA_BYTE, 2, answer.length);
        connection.write(bytes, Deadline.NEVER);
      } else {
        sendFrom(socket, answer);
      }
    }

    /** Sends from another address than the one that was asked. */
    void sendFrom(UdpSocket other, byte[] answer) throws IOException {
      other.send(arena.allocateFrom(JAVA_BYTE, answer), client, Deadline.NEVER);
    }
  }

  // ---- serving

  private void serveDatagrams() throws Exception {
    Datagram datagram = new Datagram(arena.allocate(4096));
    while (true) {
      socket.receive(datagram, Deadline.NEVER);
      byte[] bytes = datagram.content().toArray(JAVA_BYTE);
      InetSocketAddress client = datagram.address();
      ports.add(client.getPort());
      fibers.go(() -> answer(new Call(new Message(bytes), client, null)));
    }
  }

  private void serveConnections() throws Exception {
    while (true) {
      TcpSocket connection = listener.accept();
      fibers.go(() -> serve(connection));
    }
  }

  private void serve(TcpSocket connection) throws Exception {
    try (connection) {
      MemorySegment length = arena.allocate(2);
      while (true) {
        connection.readFully(length);
        int count =
            Byte.toUnsignedInt(length.get(JAVA_BYTE, 0)) << Byte.SIZE
                | Byte.toUnsignedInt(length.get(JAVA_BYTE, 1));
        MemorySegment bytes = arena.allocate(count);
        connection.readFully(bytes);
        answer(new Call(new Message(bytes.toArray(JAVA_BYTE)), null, connection));
      }
    } catch (EOFException | ErrnoException e) {
      // the client has closed it
    }
  }

  private void answer(Call call) throws Exception {
    Record question = call.query.getQuestion();
    log.add(
        question.getName().toString(true)
            + " "
            + Type.string(question.getType())
            + (call.isTcp ? " tcp" : " udp"));
    if (!call.isTcp) {
      ids.add(call.query.getHeader().getID());
    }
    Behaviour behaviour = behaviours.get(question.getName());
    try {
      if (behaviour == null) {
        call.send(call.answer());
      } else {
        behaviour.answer(call);
      }
    } catch (AsynchronousCloseException e) {
      // the test has ended
    }
  }

  @Override
  public void close() {
    fibers.close();
    socket.close();
    listener.close();
  }
}
