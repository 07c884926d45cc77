// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/** The part of a micro-thread that makes other threads and exchanges messages with them. */
abstract class ThreadCalls extends ErrorState {
  @Nullable MicroSocket socket;

  // ---- messages that have come, first in, first out
  // Stores of references are spared, for their barriers: what the count says is not there stays.
  private int messages;
  private @Nullable MicroRequest<?, ?> first;
  private @Nullable MicroRequest<?, ?> last;

  /** The request that its body has waited for the answer of last. */
  private @Nullable MicroRequest<?, ?> awaited;

  /** The same of its lastly, while that runs in place of the body. */
  private @Nullable MicroRequest<?, ?> awaitedAside;

  // Those of others that this thread is to answer, and how many: if it is one, it stays noted.
  private int awaitedHere;
  private @Nullable MicroRequest<?, ?> newestAwaited;

  private boolean endsHere;

  ThreadCalls() {}

  // ---- threads

  /**
   * Makes {@code thread} a thread of this process with the same default socket, what it has read
   * ahead and not yet written included. It is not started: {@code play}, {@code call}, {@code send}
   * and {@code request} do.
   *
   * @param thread a new one
   */
  protected final void child(MicroThread thread) {
    adopt(thread, defaultSocket());
  }

  /**
   * Makes {@code thread} a thread of this process that reads what {@code input} reads and writes
   * where {@code output} writes, as others do that have them. It is not started.
   *
   * @param thread a new one
   * @param input a socket of this process
   * @param output another one, or the same
   */
  protected final void child(MicroThread thread, MicroSocket input, MicroSocket output) {
    MicroProcess process = home();
    if (input.process != process || output.process != process) {
      throw new IllegalArgumentException(
          "a socket for " + thread.label() + " is not of the process of " + label());
    }
    adopt(thread, input == output ? input : new MicroSocket(process, input.rx, output.tx));
  }

  /**
   * Makes {@code thread} a thread of this process that reads what this one writes, and writes where
   * this one wrote: what this one has written so far goes before. It is not started.
   *
   * @param thread a new one
   * @throws Exception what lastly throws; ENOMEM is raised if there are not four pages for the pipe
   */
  protected final void responder(MicroThread thread) throws Exception {
    ByteRing pipe = home().rings.pipe(self());
    MicroSocket mine = defaultSocket();
    MicroSocket pipeline = new MicroSocket(home(), mine.rx, pipe);
    adopt(thread, new MicroSocket(home(), pipe, mine.tx));
    home().rings.attach(pipeline); // first: an end that nobody has is closed
    home().rings.detach(mine);
    socket = pipeline;
  }

  /**
   * Makes {@code thread} a thread of this process that talks to {@code peer}. It is not started.
   *
   * @param thread a new one
   * @param peer what {@code accept} gave; closed when the thread ends
   * @throws Exception what lastly throws; ENOMEM is raised if there are not eight pages for the
   *     rings
   */
  protected final void accepted(MicroThread thread, MicroConnection peer) throws Exception {
    adopt(thread, home().rings.accepted(self(), peer));
  }

  private void adopt(MicroThread thread, MicroSocket its) {
    MicroProcess process = home();
    boolean adopted = false;
    process.rings.attach(its);
    try {
      process.threads.add(thread);
      thread.socket = its;
      adopted = true;
    } finally {
      if (!adopted) {
        process.rings.detach(its); // which closes it if nobody else has it
      }
    }
  }

  final MicroSocket defaultSocket() {
    MicroSocket found = socket;
    if (found == null) {
      throw new IllegalStateException(label() + " belongs to no process yet");
    }
    return found;
  }

  // ---- suspending

  /**
   * Suspends as {@code status} says. WAIT raises EINVAL, since it names no socket: the words that
   * read and write do that.
   *
   * @param status what is to be done with this thread
   * @throws Exception what lastly throws
   */
  protected final void suspend(MicroStatus status) throws Exception {
    if (status == MicroStatus.RUN) {
      runAgain();
      return;
    }
    switch (status) {
      case RUN -> {} // see above: before the table that a switch asks
      case YIELD -> yieldToAll();
      case LISTEN -> awaitPlay();
      case WAIT -> raise(Errno.EINVAL);
      case ERR -> error();
      case END -> end();
    }
  }

  private void runAgain() {
    if (isFirstWithoutQueue(self())) {
      status = AT_ONCE;
    } else {
      queueFirst("suspend", self());
      status = RUN;
    }
    park();
  }

  private void yieldToAll() {
    requireRunning("suspend");
    home().threads.yieldLast(self());
    status(MicroStatus.YIELD);
    park();
  }

  private void awaitPlay() {
    requireRunning("suspend");
    listens();
    park();
  }

  private void end() {
    endsHere = true;
    throw new ThreadExit(label() + " ends");
  }

  /** Whether it has left its calls because it wanted to end, not because of an error. */
  final boolean endsHere() {
    return endsHere;
  }

  // ---- messages

  /**
   * Sends a message and waits for the answer; the callee runs next. Raises ESRCH if it has ended,
   * or ends without an answer. Suspends.
   *
   * @param <Q> what is asked
   * @param <R> what is answered
   * @param there the callee, of this process
   * @param request to carry it; may be used again afterwards
   * @param message what is asked
   * @return the answer; null if ESRCH was raised and lowered
   * @throws Exception what lastly throws
   */
  @SuppressWarnings("NullAway") // null only as documented
  protected final <Q, R> R request(MicroThread there, MicroRequest<Q, R> request, Q message)
      throws Exception {
    requireRunning("request");
    if (!begin(there, request, message, true)) {
      raise(Errno.ESRCH);
      return null;
    }
    handOffTo("request", there);
    if (phase != Phase.BODY) {
      return answerAside(request);
    }
    if (awaited != request) {
      awaited = request;
    }
    status = FOR_ANSWER;
    return answer();
  }

  /** Parks until {@link #deliver} has the answer: at the end of request, which needs no frame. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"}) // as request says
  private static <R> R answer() {
    return (R) Routine.await();
  }

  /**
   * Waits for the answer in a lastly or a finally that runs by itself, to which nobody delivers.
   */
  @SuppressWarnings("NullAway") // as request says
  private <R> R answerAside(MicroRequest<?, R> request) throws Exception {
    awaitedAside = request;
    while (request.isAwaited()) {
      listens();
      park();
    }
    awaitedAside = null;
    if (request.isAnswered()) {
      return request.answer();
    }
    raise(Errno.ESRCH);
    return null;
  }

  /**
   * Hands a thread that is to go on what it waits for; returns false if that has not come, and the
   * thread was played for nothing.
   */
  final boolean deliver(Context context) {
    if (status == FOR_MESSAGE) {
      if (messages == 0) {
        return false;
      }
      context.result = dequeue();
      return true;
    }
    if (status != FOR_ANSWER) {
      return MicroThreadStrand.letGoOn(guest);
    }
    MicroRequest<?, ?> request = awaited;
    if (request == null || request.isAwaited()) {
      return false;
    }
    context.result = request.isAnswered() ? request.answer() : null;
    return true;
  }

  /**
   * Sends a message and goes on. What is responded is for {@link #recv}. Raises ESRCH if the other
   * thread has ended.
   *
   * @param <Q> what is sent
   * @param there the other thread, of this process, which is played
   * @param request to carry it
   * @param message what is sent
   * @throws Exception what lastly throws
   */
  protected final <Q> void send(MicroThread there, MicroRequest<Q, ?> request, Q message)
      throws Exception {
    if (begin(there, request, message, false)) {
      play(there);
    } else {
      raise(Errno.ESRCH);
    }
  }

  private boolean begin(
      MicroThread there, MicroRequest<?, ?> request, Object message, boolean awaited) {
    checked(there);
    if (there.isEnded()) {
      return false;
    }
    MicroThread before = request.isAwaited() ? request.callee : null;
    request.ask(message, awaited);
    if (before != null) {
      before.removeAwaited(request); // it was given up
    }
    MicroThread self = self();
    if (request.asker != self) {
      request.asker = self;
    }
    if (request.callee != there) {
      request.callee = there;
    }
    if (awaited) {
      there.addAwaited(request);
    }
    there.enqueue(request);
    return true;
  }

  /**
   * Waits for a message. Suspends if there is none.
   *
   * @param <Q> what is asked
   * @param <R> what is answered
   * @return the oldest
   */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // as the two sides agree
  protected final <Q, R> MicroRequest<Q, R> listen() {
    if (messages > 0) {
      return (MicroRequest<Q, R>) dequeue();
    }
    requireRunning("listen");
    if (phase != Phase.BODY) {
      return (MicroRequest<Q, R>) messageAside();
    }
    status = FOR_MESSAGE;
    return (MicroRequest<Q, R>) message();
  }

  /** As {@link #answer}, for listen. */
  static MicroRequest<?, ?> message() {
    return answer();
  }

  /** The twin of {@link #message()}, by hand: a cast after the call would need a frame. */
  @SuppressWarnings("NullAway") // of no meaning
  static MicroRequest<?, ?> message(Context context) {
    context.suspended = true;
    return null;
  }

  private MicroRequest<?, ?> messageAside() {
    while (messages == 0) {
      listens();
      park();
    }
    return dequeue();
  }

  /**
   * Takes a message that has come, be it sent or responded. Does not wait: raises EAGAIN if there
   * is none.
   *
   * @param <T> what it is
   * @return what the oldest carries; null if EAGAIN was raised and lowered
   * @throws Exception what lastly throws
   */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // null only as documented
  protected final <T> T recv() throws Exception {
    if (messages == 0) {
      raise(Errno.EAGAIN);
      return null;
    }
    return dequeue().taken();
  }

  /**
   * Answers a message; its sender is played. Raises ESRCH if that has ended.
   *
   * @param <R> what is answered
   * @param request what {@link #listen} gave
   * @param message the answer
   * @throws Exception what lastly throws
   */
  protected final <R> void respond(MicroRequest<?, R> request, R message) throws Exception {
    MicroThread asker = checked(request.asker());
    if (asker.isEnded()) {
      raise(Errno.ESRCH);
      return;
    }
    if (!request.respond(message)) {
      asker.enqueue(request);
    } else if (request.callee != null) {
      request.callee.removeAwaited(request);
    }
    play(asker);
  }

  /** It is not going to wait any more for what it has requested. */
  final void forgetAwaited() {
    awaited = null;
  }

  // ---- requests to this thread whose askers wait for the answer

  final void addAwaited(MicroRequest<?, ?> request) {
    MicroRequest<?, ?> newest = newestAwaited;
    if (awaitedHere > 0 && newest != null) {
      request.olderAwaited = newest;
      newest.newerAwaited = request;
    }
    if (newest != request) {
      newestAwaited = request;
    }
    awaitedHere++;
  }

  final void removeAwaited(MicroRequest<?, ?> request) {
    if (--awaitedHere == 0) {
      return; // it was the only one, and stays noted: see above
    }
    MicroRequest<?, ?> older = request.olderAwaited;
    MicroRequest<?, ?> newer = request.newerAwaited;
    if (older != null) {
      older.newerAwaited = newer;
      request.olderAwaited = null;
    }
    if (newer != null) {
      newer.olderAwaited = older;
      request.newerAwaited = null;
    } else {
      newestAwaited = older;
    }
  }

  /** It has ended: whoever waits for an answer of it is told, the oldest first. */
  final void refuseAskers() {
    forgetRequest(awaited);
    forgetRequest(awaitedAside);
    MicroRequest<?, ?> request = awaitedHere == 0 ? null : newestAwaited;
    while (request != null && request.olderAwaited != null) {
      request = request.olderAwaited;
    }
    while (request != null) {
      MicroRequest<?, ?> newer = request.newerAwaited;
      removeAwaited(request);
      request.abandon();
      request.asker().gaveUp(request);
      request = newer;
    }
  }

  /** It has ended, and waits for this answer no longer. */
  private void forgetRequest(@Nullable MicroRequest<?, ?> request) {
    if (request != null && request.isAwaited() && request.asker == this) {
      request.forget();
      if (request.callee != null) {
        request.callee.removeAwaited(request);
      }
    }
  }

  final void gaveUp(MicroRequest<?, ?> request) {
    if (isEnded()) {
      return;
    }
    if (awaitedAside == request) {
      home().threads.play(self());
    }
    if (awaited == request) {
      home().threads.raiseAt(self(), Errno.ESRCH.code());
    }
  }

  final void enqueue(MicroRequest<?, ?> request) {
    if (messages == 0) {
      if (first != request) {
        first = request;
      }
    } else {
      MicroRequest<?, ?> before = messages == 1 ? first : last;
      assert before != null;
      before.next = request;
      last = request;
    }
    messages++;
  }

  private MicroRequest<?, ?> dequeue() {
    MicroRequest<?, ?> request = first;
    assert request != null;
    if (--messages > 0) {
      first = request.next;
    }
    request.take();
    return request;
  }
}
