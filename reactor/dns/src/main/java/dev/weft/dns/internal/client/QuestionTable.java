// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.dns.internal.message.Question;
import dev.weft.dns.internal.message.Reply;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskCancelledException;
import dev.weft.sync.Semaphore;
import java.nio.channels.AsynchronousCloseException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The questions that are being asked, and the replies that are known. A question that several
 * fibers have is asked once, by a fiber of the table's own, which ends when none of them waits any
 * more. The number of those that have sockets open is limited; the others wait in their order.
 */
public final class QuestionTable implements AutoCloseable {
  private final Map<Question, Asking> asked = new HashMap<>();
  private final AnswerCache cache;
  private final Semaphore sockets;
  private final ServerRounds rounds;

  /** A failure of a fiber is thrown by the waits for it. */
  private final Bundle fibers = Bundle.detachedSupervising(failure -> {});

  private boolean closed;

  public QuestionTable(long cacheBytes, int queriesMax, RandomGenerator random) {
    cache = new AnswerCache(cacheBytes);
    sockets = Semaphore.of(queriesMax);
    rounds = new ServerRounds(random);
  }

  /** Closes the table at the end of the reactor, and not of the bundle in which it was made. */
  public void transferToReactor() {
    fibers.transferToReactor();
  }

  /** A question in progress. */
  private final class Asking {
    final Question question;
    final Task<Outcome> task;
    int waiting;

    Asking(Question question, Settings settings) {
      this.question = question;
      task = fibers.go("resolve " + question, () -> ask(this, settings));
    }

    void leave() {
      waiting--;
      if (waiting == 0 && asked.remove(question, this)) {
        task.cancel(); // does nothing if it has ended
      }
    }
  }

  /** A fiber's interest in a question. It has to be closed. */
  public static final class Ticket implements AutoCloseable {
    private final @Nullable Outcome known;
    private final @Nullable Asking asking;

    private Ticket(@Nullable Outcome known, @Nullable Asking asking) {
      this.known = known;
      this.asking = asking;
    }

    /**
     * Waits for the outcome. Suspends unless it is known.
     *
     * @throws DeadlineExceededException if it is not known by then
     * @throws AsynchronousCloseException if the table is closed during the call
     */
    public Outcome await(Deadline deadline) throws AsynchronousCloseException {
      if (asking == null) {
        return Objects.requireNonNull(known);
      }
      try {
        return asking.task.join(deadline);
      } catch (TaskCancelledException e) {
        throw new AsynchronousCloseException();
      }
    }

    @Override
    public void close() {
      if (asking != null) {
        asking.leave();
      }
    }
  }

  /** Begins to ask, unless the answer is known or the question is asked already. */
  public Ticket ask(Question question, Settings settings) {
    if (closed) {
      throw new IllegalStateException("the resolver is closed");
    }
    AnswerCache.Entry entry = cache.find(question);
    if (entry != null) {
      return new Ticket(new Outcome.Answered(entry.reply(), entry.end()), null);
    }
    Asking asking = asked.get(question);
    if (asking == null) {
      asking = new Asking(question, settings);
      asked.put(question, asking);
    }
    asking.waiting++;
    return new Ticket(null, asking);
  }

  /** In the fiber of the question. */
  private Outcome ask(Asking asking, Settings settings) {
    Question question = asking.question;
    sockets.acquire();
    Outcome outcome;
    try {
      outcome = rounds.ask(question, settings);
    } finally {
      sockets.release();
      asked.remove(question, asking); // after this, it is asked anew
    }
    if (outcome instanceof Outcome.Answered(Reply reply, Deadline end)) {
      return new Outcome.Answered(reply, cache.put(question, reply).end());
    }
    return outcome;
  }

  /** Forgets all replies. */
  public void forget() {
    cache.clear();
  }

  /** {@return the number of replies that are kept} */
  public int known() {
    return cache.size();
  }

  /** {@return the number of questions that are being asked} */
  public int inProgress() {
    return asked.size();
  }

  /** Ends all questions; fibers that wait get an exception. Suspends. */
  @Override
  public void close() {
    closed = true;
    fibers.close();
  }
}
