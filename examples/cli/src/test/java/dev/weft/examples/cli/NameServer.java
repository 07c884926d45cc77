// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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

/** A name server on a thread, over UDP on the loopback address, that answers from a table. */
final class NameServer implements AutoCloseable {
  private final DatagramSocket socket;
  private final Map<Name, List<Record>> zone = new HashMap<>();

  /**
   * Starts it.
   *
   * @param records lines such as {@code one.test. A 10.1.2.3}; the type SERVFAIL makes the server
   *     fail
   */
  NameServer(String... records) throws IOException {
    socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    for (String record : records) {
      String[] words = record.split(" ", 3);
      Name name = Name.fromString(words[0]);
      List<Record> known = zone.computeIfAbsent(name, key -> new ArrayList<>());
      if (!words[1].equals("SERVFAIL")) {
        known.add(
            Record.fromString(name, Type.value(words[1]), DClass.IN, 60, words[2], Name.root));
      }
    }
    Thread.ofPlatform().daemon().start(this::serve);
  }

  String address() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  private void serve() {
    DatagramPacket packet = new DatagramPacket(new byte[512], 512);
    try {
      while (!socket.isClosed()) {
        packet.setLength(512);
        socket.receive(packet);
        byte[] bytes = new byte[packet.getLength()];
        System.arraycopy(packet.getData(), 0, bytes, 0, bytes.length);
        byte[] answer = answer(new Message(bytes)).toWire();
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    } catch (IOException e) {
      if (!socket.isClosed()) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Message answer(Message query) throws IOException {
    Record question = query.getQuestion();
    Message answer = new Message(query.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    answer.getHeader().setFlag(Flags.RA);
    answer.addRecord(question, Section.QUESTION);
    Name next = question.getName();
    while (next != null) {
      Name owner = next;
      next = null;
      List<Record> known = zone.getOrDefault(owner, List.of());
      if (!zone.containsKey(owner)) {
        answer.getHeader().setRcode(Rcode.NXDOMAIN);
      } else if (known.isEmpty()) {
        answer.getHeader().setRcode(Rcode.SERVFAIL);
      }
      for (Record record : known) {
        if (record.getType() == question.getType() || record instanceof CNAMERecord) {
          answer.addRecord(record, Section.ANSWER);
        }
        if (record instanceof CNAMERecord alias) {
          next = alias.getTarget();
        }
      }
    }
    return answer;
  }

  @Override
  public void close() {
    socket.close();
  }
}
