// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import dev.weft.Deadline;
import java.time.Duration;
import java.util.List;
import org.xbill.DNS.Record;

/** The records of one type that a name has, and the names that lead to them. Immutable. */
public final class Answer {
  private final String name;
  private final List<String> aliases;
  private final List<Record> records;
  private final Deadline end;

  Answer(String name, List<String> aliases, List<Record> records, Deadline end) {
    this.name = name;
    this.aliases = List.copyOf(aliases);
    this.records = List.copyOf(records);
    this.end = end;
  }

  /** {@return the name that was asked for, without a dot at the end} */
  public String name() {
    return name;
  }

  /**
   * {@return the names that the chain of aliases (CNAME) goes through from {@link #name}, the
   * canonical one last; none if the name is no alias}
   */
  public List<String> aliases() {
    return aliases;
  }

  /** {@return the name that has the records, at the end of the chain of aliases} */
  public String canonicalName() {
    return aliases.isEmpty() ? name : aliases.getLast();
  }

  /** {@return at least one record; their time to live is that of the server's answer} */
  public List<Record> records() {
    return records;
  }

  /** {@return how long the answer is still valid: what is left of the shortest time to live} */
  public Duration timeToLive() {
    return end.remaining();
  }

  @Override
  public String toString() {
    return name + " " + records;
  }
}
