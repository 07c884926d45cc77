// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.IoDriver;
import dev.weft.internal.micro.io.RingPair;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/** The part of a micro-thread that creates other threads and exchanges messages with them. */
abstract class ThreadCalls extends ErrorState {
  @Nullable MicroSocket socket;

  // ---- received messages, first in, first out
  // References are not cleared, to save their write barriers: the count says what is valid.
  private int messages;
  private @Nullable MicroRequest<?, ?> first;
  private @Nullable MicroRequest<?, ?> last;

  /** The last request whose answer the body has waited for. */
  private @Nullable MicroRequest<?, ?> awaited;

  /** The same for its lastly, while that runs in place of the body. */
  private @Nullable MicroRequest<?, ?> awaitedAside;

  // The requests of others that this thread has to answer, and their number. A single one stays
  // linked after it has been removed.
  private int awaitedHere;
  private @Nullable MicroRequest<?, ?> newestAwaited;

  private boolean endsHere;

  ThreadCalls() {}

  // ---- threads

  /**
   * Adds {@code thread} to this process, with the same default socket, including its buffered input
   * and output. It is not started: {@code play}, {@code call}, {@code send} and {@code request}
   * start it.
   *
   * @param thread a thread that belongs to no process yet
   */
  protected final void child(MicroThread thread) {
    adopt(thread, defaultSocket());
  }

  /**
   * Adds {@code thread} to this process, with a default socket that reads from {@code input} and
   * writes to {@code output}, sharing their rings. It is not started.
   *
   * @param thread a thread that belongs to no process yet
   * @param input a socket of this process
   * @param output another socket of this process, or the same
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
   * Adds {@code thread} to this process, reading this thread's output through a pipe, and writing
   * to this thread's former output. Bytes that this thread has written so far come first. It is not
   * started.
   *
   * @param thread a thread that belongs to no process yet
   * @throws Exception whatever {@code lastly} throws; ENOMEM is raised if the heap does not have
   *     four pages for the pipe
   */
  protected final void responder(MicroThread thread) throws Exception {
    ByteRing pipe = pipe();
    MicroSocket mine = defaultSocket();
    MicroSocket pipeline = new MicroSocket(home(), mine.rx, pipe);
    adopt(thread, new MicroSocket(home(), pipe, mine.tx));
    home().rings.attach(pipeline.rx, pipeline.tx); // first: an end without a user is closed
    home().rings.detach(mine.rx, mine.tx);
    socket = pipeline;
  }

  /**
   * Adds {@code thread} to this process, with the connection {@code peer} as default socket. It is
   * not started.
   *
   * @param thread a thread that belongs to no process yet
   * @param peer a connection returned by {@code accept}; closed when the thread ends
   * @throws Exception whatever {@code lastly} throws; ENOMEM is raised if the heap does not have
   *     eight pages for the rings
   */
  protected final void accepted(MicroThread thread, MicroConnection peer) throws Exception {
    adopt(thread, open(peer));
  }

  private MicroSocket open(MicroConnection peer) throws Exception {
    peer.requireFree();
    IoDriver driver = home().driver;
    Handle handle = driver.newHandle("accepted connection");
    RingPair pair = home().rings.open(handle, handle);
    if (pair == null) {
      raise(Errno.ENOMEM);
      throw new ThreadExit(label() + " has no memory for a connection");
    }
    driver.open(handle, peer.take()); // allocates nothing, so the connection can't leak
    return new MicroSocket(home(), pair);
  }

  private void adopt(MicroThread thread, MicroSocket its) {
    MicroProcess process = home();
    boolean adopted = false;
    process.rings.attach(its.rx, its.tx);
    try {
      process.threads.add(thread);
      thread.socket = its;
      adopted = true;
    } finally {
      if (!adopted) {
        process.rings.detach(its.rx, its.tx); // which closes it if no other thread uses it
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
   * Suspends as {@code status} says. WAIT raises EINVAL, because it names no socket; the methods
   * that read and write wait for one.
   *
   * @param status when this thread is to be resumed
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void suspend(MicroStatus status) throws Exception {
    if (status == MicroStatus.RUN) {
      runAgain();
      return;
    }
    switch (status) {
      case RUN -> {} // handled above, ahead of the switch's table lookup
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

  /** Whether it unwinds because it asked to end, not because of an error. */
  final boolean endsHere() {
    return endsHere;
  }

  // ---- messages

  /**
   * Sends a message and waits for the answer; the callee runs next. Raises ESRCH if the callee has
   * ended, or ends without an answer. Suspends.
   *
   * @param <Q> the type of the question
   * @param <R> the type of the answer
   * @param there the callee, a thread of this process
   * @param request the request that carries the message; it may be reused afterwards
   * @param message the question
   * @return the answer; null if ESRCH was raised and lowered
   * @throws Exception whatever {@code lastly} throws
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

  /** Parks until {@link #deliver} has the answer. It is a tail call, so request needs no frame. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"}) // see request
  private static <R> R answer() {
    return (R) Routine.await();
  }

  /**
   * Waits for the answer in a lastly or a finally block that runs outside the body; {@link
   * #deliver} serves only the body.
   */
  @SuppressWarnings("NullAway") // as documented at request
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
   * Stores what the thread waits for, before it is resumed. Returns false if that has not arrived
   * and the thread must not be resumed.
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
      return MicroThreadStrand.prepareResume(guest);
    }
    MicroRequest<?, ?> request = awaited;
    if (request == null || request.isAwaited()) {
      return false;
    }
    context.result = request.isAnswered() ? request.answer() : null;
    return true;
  }

  /**
   * Sends a message without waiting. The answer is received by {@link #recv}. Raises ESRCH if the
   * other thread has ended.
   *
   * @param <Q> the type of the message
   * @param there the other thread, of this process, which is played
   * @param request the request that carries the message
   * @param message the message
   * @throws Exception whatever {@code lastly} throws
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
      before.removeAwaited(request); // its asker no longer waits for it
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
   * @param <Q> the type of the question
   * @param <R> the type of the answer
   * @return the oldest message
   */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // both sides must agree
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

  /** Parks until {@link #deliver} has a message, as {@link #answer} does. */
  static MicroRequest<?, ?> message() {
    return answer();
  }

  /** The hand-written twin of {@link #message()}: a cast after the call would need a frame. */
  @SuppressWarnings("NullAway") // the result is ignored
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
   * Receives a message that has arrived, whether sent or responded, without waiting. Raises EAGAIN
   * if there is none.
   *
   * @param <T> the type of the message
   * @return the oldest message; null if EAGAIN was raised and lowered
   * @throws Exception whatever {@code lastly} throws
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
   * Answers a message; its sender is played. Raises ESRCH if the sender has ended.
   *
   * @param <R> the type of the answer
   * @param request a request returned by {@link #listen}
   * @param message the answer
   * @throws Exception whatever {@code lastly} throws
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

  /** Forgets the request whose answer the body waits for. */
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
      return; // it was the only one, and stays linked: see above
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

  /** After the thread's end: notifies the threads that wait for its answer, the oldest first. */
  final void abandonRequests() {
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
      request.asker().requestAbandoned(request);
      request = newer;
    }
  }

  /** After the thread's end: withdraws a request whose answer it awaited. */
  private void forgetRequest(@Nullable MicroRequest<?, ?> request) {
    if (request != null && request.isAwaited() && request.asker == this) {
      request.forget();
      if (request.callee != null) {
        request.callee.removeAwaited(request);
      }
    }
  }

  final void requestAbandoned(MicroRequest<?, ?> request) {
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
