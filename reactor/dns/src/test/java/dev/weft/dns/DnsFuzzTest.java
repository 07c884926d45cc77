// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.dns.internal.message.Query;
import dev.weft.dns.internal.message.Question;
import dev.weft.dns.internal.message.Reply;
import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Answers with random changes: each must be taken, or be refused by an exception of DNS, and must
 * not make the resolver run on or hang. {@code scripts/fuzz dns} runs more of them.
 */
@Tag("mode-independent")
class DnsFuzzTest {
  private static final int INPUTS = Integer.getInteger("dev.weft.fuzz.inputs", 20_000);
  private static final long SEED = Long.getLong("dev.weft.fuzz.seed", 1);

  /** A whole lookup takes longer than the reading of a message. */
  private static final int LOOKUPS = Math.max(1, INPUTS / 50);

  private static final Question QUESTION =
      new Question(Name.fromConstantString("one.test."), Type.A, DClass.IN);

  /** Messages to be changed, with the id 0. */
  private static List<byte[]> messages() throws IOException {
    String[][] contents = {
      {"one.test. A 10.1.2.3", "one.test. A 10.1.2.4"},
      {"one.test. CNAME two.test.", "two.test. CNAME three.test.", "three.test. A 10.1.2.3"},
      {"one.test. CNAME two.test.", "two.test. CNAME one.test."},
      {"one.test. TXT \"some text\" \"more\"", "one.test. MX 10 mail.one.test."},
      {"one.test. SOA ns.test. root.test. 1 2 3 4 60"},
      {"one.test. SRV 1 2 53 two.test.", "one.test. NAPTR 1 2 \"u\" \"x\" \"!.*!y!\" ."},
      {"one.test. DNSKEY 257 3 8 AwEAAag=", "one.test. NSEC two.test. A AAAA TXT"},
      {"one.test. LOC 51 30 12.748 N 0 7 39.612 W 0m", "one.test. CAA 0 issue \"ca.test\""},
    };
    List<byte[]> messages = new ArrayList<>();
    for (String[] records : contents) {
      Message message = new Message(0);
      message.getHeader().setFlag(Flags.QR);
      message.getHeader().setFlag(Flags.RA);
      message.addRecord(
          Record.newRecord(QUESTION.name(), QUESTION.type(), QUESTION.dclass()), Section.QUESTION);
      for (String record : records) {
        String[] words = record.split(" ", 3);
        message.addRecord(
            Record.fromString(
                Name.fromString(words[0]),
                Type.value(words[1]),
                DClass.IN,
                60,
                words[2],
                Name.root),
            words[1].equals("SOA") ? Section.AUTHORITY : Section.ANSWER);
      }
      message.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
      messages.add(message.toWire());
    }
    return messages;
  }

  /** Changes up to eight places: other bytes, pointers, lengths, pieces lost, doubled or added. */
  private static byte[] mutated(byte[] message, Random random) {
    byte[] changed = message.clone();
    for (int i = random.nextInt(1, 9); i > 0 && changed.length > 0; i--) {
      int at = random.nextInt(changed.length);
      switch (random.nextInt(7)) {
        case 0 -> changed[at] = (byte) random.nextInt();
        case 1 -> changed[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        case 2 -> changed[at] = (byte) 0xc0; // a compression pointer
        case 3 -> changed[at] = (byte) (random.nextBoolean() ? 0 : 0xff);
        case 4 -> changed = Arrays.copyOf(changed, at);
        case 5 -> changed = Arrays.copyOf(changed, changed.length + random.nextInt(40));
        default -> {
          int from = random.nextInt(changed.length);
          int count = Math.min(random.nextInt(20), changed.length - Math.max(at, from));
          System.arraycopy(changed, from, changed, at, count);
        }
      }
    }
    return changed;
  }

  @Test
  void changedMessagesAreTakenOrRefused() throws Exception {
    List<byte[]> messages = messages();
    Query query = new Query(QUESTION, 0, true);
    int taken = 0;
    int refused = 0;
    for (int i = 0; i < INPUTS; i++) {
      Random random = new Random(SEED + i);
      byte[] input = mutated(messages.get(random.nextInt(messages.size())), random);
      try {
        Message answer = query.answer(input);
        if (answer != null) {
          Reply reply = Reply.of(QUESTION, answer);
          check(reply);
          taken++;
        }
      } catch (IOException e) {
        assertTrue(e.getMessage() != null);
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + (SEED + i), e);
      }
    }
    assertTrue(INPUTS < 1000 || (taken > 0 && refused > 0), taken + " taken, " + refused);
  }

  private static void check(Reply reply) {
    assertEquals(reply.kind() == Reply.Kind.DATA, !reply.records().isEmpty());
    assertTrue(reply.aliases().size() <= Reply.ALIASES_MAX);
    assertTrue(reply.lifeSeconds() >= 0 && reply.lifeSeconds() <= 86_400);
    for (Record record : reply.records()) {
      assertEquals(Type.A, record.getType());
      Name owner = reply.aliases().isEmpty() ? QUESTION.name() : reply.aliases().getLast();
      assertEquals(owner, record.getName());
    }
  }

  @Test
  void lookupsEndWithAResultOrAnExceptionOfDns() throws Exception {
    List<byte[]> messages = messages();
    for (int i = 0; i < LOOKUPS; i++) {
      long seed = SEED + i;
      Scenario.simulated(
          Simulation.seed(seed).withFaults(Faults.none()),
          Scenario.options(),
          (server, resolver) -> lookUpOnce(server, resolver, messages, new Random(seed)));
    }
  }

  private static void lookUpOnce(
      TestNameServer server, Resolver resolver, List<byte[]> messages, Random random)
      throws IOException {
    TestNameServer.Behaviour changing =
        call -> {
          byte[] input = mutated(messages.get(random.nextInt(messages.size())), random);
          int id = call.query.getHeader().getID();
          if (input.length > 1 && random.nextInt(4) > 0) {
            input[0] = (byte) (id >> Byte.SIZE);
            input[1] = (byte) id;
          }
          call.send(input);
        };
    for (String name : List.of("one.test", "two.test", "three.test")) {
      server.with(name, changing);
    }
    try {
      assertTrue(!resolver.lookup("one.test").addresses().isEmpty());
    } catch (DnsException e) {
      assertEquals("one.test", e.host());
    }
  }
}
