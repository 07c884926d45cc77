// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import dev.weft.Deadline;
import dev.weft.dns.internal.message.Query;
import dev.weft.dns.internal.message.Question;
import dev.weft.dns.internal.message.Reply;
import dev.weft.error.DeadlineExceededException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;

/**
 * Asks one server after the other until one has an answer. Only servers that are silent are worth
 * another attempt: when all have answered that they can't, the question has failed.
 */
final class ServerRounds {
  private static final int IDS = 1 << 16;

  private final RandomGenerator random;
  private int rotation;

  /** Takes the source of the ids of queries, which must be unpredictable. */
  ServerRounds(RandomGenerator random) {
    this.random = random;
  }

  /** One question, and what has come of asking it so far. */
  private final class Round {
    private final Question question;
    private final Settings settings;
    private final int first;
    private final Map<InetSocketAddress, String> reasons = new LinkedHashMap<>();
    private Duration timeout;
    private boolean anyFailed;
    private boolean anyTimedOut;

    Round(Question question, Settings settings) {
      this.question = question;
      this.settings = settings;
      timeout = settings.timeout();
      first = settings.rotate() ? rotation++ : 0;
    }

    /** Asks each server once; returns null if none has an answer. */
    @Nullable Reply ask() {
      anyFailed = false;
      anyTimedOut = false;
      int count = settings.servers().size();
      for (int i = 0; i < count; i++) {
        InetSocketAddress server = settings.servers().get(Math.floorMod(first + i, count));
        try {
          return Reply.of(question, exchange(server));
        } catch (DeadlineExceededException e) {
          anyTimedOut = true;
          reasons.put(server, "no answer within " + timeout.toMillis() + " ms");
        } catch (IOException e) {
          anyFailed = true;
          reasons.put(server, String.valueOf(e.getMessage()));
        }
      }
      timeout = timeout.multipliedBy(2);
      return null;
    }

    private Message exchange(InetSocketAddress server) throws IOException {
      Deadline deadline = Deadline.after(timeout);
      Query query = new Query(question, random.nextInt(IDS), settings.edns());
      Message answer = exchange(server, query, deadline);
      if (query.isRefusedForEdns(answer)) {
        Query plain = new Query(question, random.nextInt(IDS), false);
        return exchange(server, plain, deadline);
      }
      return answer;
    }

    private Message exchange(InetSocketAddress server, Query query, Deadline deadline)
        throws IOException {
      return settings.useTcp()
          ? Transport.exchangeByTcp(server, query, deadline)
          : Transport.exchange(server, query, deadline);
    }

    /** What each server has said last. */
    String reason() {
      return reasons.entrySet().stream()
          .map(entry -> Servers.text(entry.getKey()) + ": " + entry.getValue())
          .collect(Collectors.joining("; "));
    }
  }

  /** Asks, with a longer timeout in each round. Suspends. */
  Outcome ask(Question question, Settings settings) {
    Round round = new Round(question, settings);
    for (int i = 0; i < settings.attempts(); i++) {
      Reply reply = round.ask();
      if (reply != null) {
        return new Outcome.Answered(reply, Deadline.NOW);
      }
      if (!round.anyTimedOut) {
        break;
      }
    }
    return round.anyFailed
        ? new Outcome.Failed(round.reason())
        : new Outcome.TimedOut(round.reason());
  }
}
