// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.message;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * What a message says about its question. Records that have nothing to do with the question, such
 * as those that a forger adds, are not in it.
 *
 * @param kind what it is
 * @param aliases the targets of the CNAME records that lead from the name in the question
 * @param records those that were asked for, of the last of these names
 * @param lifeSeconds how long the reply is valid
 * @param bytes the length of the message
 */
public record Reply(
    Kind kind, List<Name> aliases, List<Record> records, long lifeSeconds, int bytes) {
  /** What a reply says. */
  public enum Kind {
    /** There are records. */
    DATA,
    /** The name is an alias, and it is for another question whether its target has records. */
    ALIAS,
    /** The name exists, without such records. */
    NO_DATA,
    /** There is no such name. */
    NO_NAME
  }

  /** Longer chains of aliases, within one message or over several, are an error. */
  public static final int ALIASES_MAX = 16;

  /** Replies are asked for again at least once a day. */
  private static final long LIFE_SECONDS_MAX = 86_400;

  /** RFC 2308, section 5: one to three hours have been found to work well. */
  private static final long NEGATIVE_LIFE_SECONDS_MAX = 10_800;

  /** RFC 2181, section 8: a TTL with the highest bit set is 0. */
  private static final long TTL_MAX = Integer.MAX_VALUE;

  public Reply {
    aliases = List.copyOf(aliases);
    records = List.copyOf(records);
  }

  /**
   * Reads a message.
   *
   * @throws IOException with the reason, if it answers nothing: the server has failed or refuses,
   *     or the aliases in it form a loop or too long a chain
   */
  public static Reply of(Question question, Message message) throws IOException {
    int code = message.getRcode();
    if (code != Rcode.NOERROR && code != Rcode.NXDOMAIN) {
      throw new IOException(Rcode.string(code));
    }
    return new Reader(question, message).read(code == Rcode.NXDOMAIN);
  }

  private static final class Reader {
    private final Question question;
    private final Message message;
    private final List<Record> answer;
    private final List<Name> aliases = new ArrayList<>();
    private final List<Record> found = new ArrayList<>();
    private long life = LIFE_SECONDS_MAX;

    Reader(Question question, Message message) {
      this.question = question;
      this.message = message;
      answer = message.getSection(Section.ANSWER);
    }

    Reply read(boolean noName) throws IOException {
      followAliases();
      if (!found.isEmpty()) {
        return reply(Kind.DATA, life);
      }
      SOARecord authority = authority();
      if (noName) {
        return reply(Kind.NO_NAME, negativeLife(authority));
      }
      if (!aliases.isEmpty() && authority == null) {
        return reply(Kind.ALIAS, life);
      }
      if (authority == null && isReferral()) {
        throw new IOException("the server refers to others, and does not ask them");
      }
      return reply(Kind.NO_DATA, negativeLife(authority));
    }

    private Reply reply(Kind kind, long lifeSeconds) {
      return new Reply(kind, aliases, found, lifeSeconds, message.numBytes());
    }

    private void followAliases() throws IOException {
      Name owner = question.name();
      Set<Name> visited = new HashSet<>();
      for (Name next = owner; next != null; next = target(owner)) {
        if (!visited.add(next)) {
          throw new IOException("the aliases form a loop at " + next);
        }
        if (visited.size() > ALIASES_MAX + 1) {
          throw new IOException("more than " + ALIASES_MAX + " aliases lead from one to the next");
        }
        if (!next.equals(owner)) {
          aliases.add(next);
        }
        owner = next;
        collect(owner);
        if (!found.isEmpty()) {
          return;
        }
      }
    }

    private void collect(Name owner) {
      for (Record candidate : answer) {
        if (question.asksFor(candidate) && candidate.getName().equals(owner)) {
          found.add(candidate);
          limitLife(candidate.getTTL());
        }
      }
    }

    /** Where an alias leads, or null if the name is none. */
    private @Nullable Name target(Name owner) {
      for (Record candidate : answer) {
        if (candidate instanceof CNAMERecord alias
            && alias.getDClass() == question.dclass()
            && alias.getName().equals(owner)) {
          limitLife(alias.getTTL());
          return alias.getTarget();
        }
      }
      return null;
    }

    private void limitLife(long ttl) {
      life = Math.min(life, ttl > TTL_MAX ? 0 : ttl);
    }

    /** The start of authority that comes with a negative answer, or null (RFC 2308). */
    private @Nullable SOARecord authority() {
      Name last = aliases.isEmpty() ? question.name() : aliases.getLast();
      for (Record candidate : message.getSection(Section.AUTHORITY)) {
        if (candidate instanceof SOARecord soa && last.subdomain(soa.getName())) {
          return soa;
        }
      }
      return null;
    }

    /** Without a start of authority a negative answer is not kept. */
    private long negativeLife(@Nullable SOARecord authority) {
      if (authority == null) {
        return 0;
      }
      limitLife(authority.getTTL());
      limitLife(authority.getMinimum());
      return Math.min(life, NEGATIVE_LIFE_SECONDS_MAX);
    }

    private boolean isReferral() {
      return !message.getHeader().getFlag(Flags.AA)
          && !message.getHeader().getFlag(Flags.RA)
          && message.getSection(Section.AUTHORITY).stream()
              .anyMatch(candidate -> candidate.getType() == Type.NS);
    }
  }
}
