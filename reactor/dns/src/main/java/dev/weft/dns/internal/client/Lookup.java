// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import dev.weft.Deadline;
import dev.weft.dns.internal.message.Question;
import dev.weft.dns.internal.message.Reply;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/** A question, and those for the targets of aliases that it leads to. It has to be closed. */
public final class Lookup implements AutoCloseable {
  /** What a lookup ends with. */
  public enum Kind {
    DATA,
    NO_DATA,
    NO_NAME,
    FAILED,
    TIMED_OUT
  }

  /**
   * What was found.
   *
   * @param kind of the result
   * @param name that was asked for
   * @param aliases the names that the chain of aliases goes through
   * @param records of the last name
   * @param end until when this is valid
   * @param reason why there are no records
   */
  public record Result(
      Kind kind,
      Name name,
      List<Name> aliases,
      List<Record> records,
      Deadline end,
      String reason) {}

  private final QuestionTable table;
  private final Settings settings;
  private final Name name;
  private final List<Name> aliases = new ArrayList<>();
  private Deadline end = Deadline.NEVER;
  private Question question;
  private QuestionTable.Ticket ticket;

  /** Begins to ask. */
  public Lookup(QuestionTable table, Settings settings, Question question) {
    this.table = table;
    this.settings = settings;
    this.question = question;
    name = question.name();
    ticket = table.ask(question, settings);
  }

  /**
   * Waits for the result. Suspends.
   *
   * @throws AsynchronousCloseException if the table is closed during the call
   * @throws dev.weft.error.DeadlineExceededException if there is none by then
   */
  public Result await(Deadline deadline) throws AsynchronousCloseException {
    while (true) {
      switch (ticket.await(deadline)) {
        case Outcome.Failed(String reason) -> {
          return without(Kind.FAILED, reason);
        }
        case Outcome.TimedOut(String reason) -> {
          return without(Kind.TIMED_OUT, reason);
        }
        case Outcome.Answered(Reply reply, Deadline until) -> {
          end = end.min(until);
          String loop = follow(reply.aliases());
          if (!loop.isEmpty()) {
            return without(Kind.FAILED, loop);
          }
          if (reply.kind() != Reply.Kind.ALIAS) {
            return result(reply);
          }
        }
      }
      askAboutTarget();
    }
  }

  private Result result(Reply reply) {
    return switch (reply.kind()) {
      case DATA -> new Result(Kind.DATA, name, List.copyOf(aliases), reply.records(), end, "");
      case NO_NAME -> without(Kind.NO_NAME, "no such name (NXDOMAIN)");
      case NO_DATA, ALIAS -> without(Kind.NO_DATA, "no records of this type");
    };
  }

  private Result without(Kind kind, String reason) {
    return new Result(kind, name, List.copyOf(aliases), List.of(), end, reason);
  }

  /** Appends to the chain; returns what is wrong with it, or an empty text. */
  private String follow(List<Name> targets) {
    for (Name target : targets) {
      if (target.equals(name) || aliases.contains(target)) {
        return "the aliases form a loop at " + target.toString(true);
      }
      if (aliases.size() == Reply.ALIASES_MAX) {
        return "more than " + Reply.ALIASES_MAX + " aliases lead from one to the next";
      }
      aliases.add(target);
    }
    return "";
  }

  private void askAboutTarget() {
    ticket.close();
    question = question.about(aliases.getLast());
    ticket = table.ask(question, settings);
  }

  @Override
  public void close() {
    ticket.close();
  }
}
