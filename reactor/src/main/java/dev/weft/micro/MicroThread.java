// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.IoDriver;
import dev.weft.internal.micro.io.PairEnd;
import dev.weft.internal.micro.io.RingPair;
import dev.weft.internal.micro.run.BlockingCall;
import dev.weft.internal.micro.run.ErrorState;
import dev.weft.internal.micro.run.Fault;
import dev.weft.internal.micro.run.MicroDispatcher;
import dev.weft.internal.micro.run.OutgoingConnections;
import dev.weft.internal.micro.run.ProcessControl;
import dev.weft.internal.micro.run.ThreadCode;
import dev.weft.internal.micro.run.ThreadControl;
import dev.weft.internal.micro.run.ThreadExit;
import dev.weft.internal.micro.run.ThreadLog;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.UdpSocket;
import dev.weft.net.UnixMessageSocket;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Lightweight thread of a micro-process, scheduled cooperatively. Its body is {@link #run}, an
 * ordinary method; its state is ordinary fields and locals, which survive a suspension; its
 * arguments are the constructor's. Only the thread itself may call the methods below.
 *
 * <p>
 *
 * {@snippet :
 * final class Echo extends MicroThread {
 *   protected void run() throws Exception {
 *     MicroBlock line = calloc(1, 1024);
 *     for (int length; (length = readline(line, 1024)) > 0; ) {
 *       write(line, length);
 *     }
 *   }
 * }
 * }
 *
 * <p>Errors are raised, not returned: {@link #raise(dev.weft.error.Errno)} runs {@link #lastly()},
 * which may {@link #lower} the error; the thread then continues where the error was raised. An
 * uncaught exception is a fault and is raised as EFAULT.
 *
 * <p>On a reactor a micro-thread may also make the calls of fibers ({@link dev.weft.sync.Channel},
 * {@link dev.weft.Bundle}, {@link dev.weft.Fiber#sleep}, sockets, files). Such a call suspends only
 * this thread. A deadline or failure of a bundle that encloses it also ends waits of the
 * micro-thread's own methods, with the exception that a fiber's call would throw. If an error is
 * raised at a thread in a fiber call, it runs {@link #lastly()} and resumes the call if that lowers
 * the error; if the thread is terminated, the call throws a {@link
 * dev.weft.error.CancelledException}.
 *
 * <p>Methods that suspend must not be called in a constructor or in a {@code synchronized} block.
 * The methods about sockets are those of {@link MicroSocket}, applied to the default socket.
 */
public abstract class MicroThread extends Routine {
  private static final MicroStatus[] STATUSES = MicroStatus.values();

  /** What the runtime may call of the user's code. */
  private static final ThreadCode CODE =
      new ThreadCode() {
        @Override
        public String name(Routine thread) {
          return ((MicroThread) thread).name();
        }

        @Override
        public Routine lastly(Routine thread) {
          return new Lastly((MicroThread) thread);
        }
      };

  /** Runs lastly() while the body is suspended or has ended. */
  private static final class Lastly extends Routine {
    private final MicroThread thread;

    Lastly(MicroThread thread) {
      this.thread = thread;
    }

    @Override
    protected void run() throws Exception {
      thread.lastly();
    }
  }

  /** Its state for the scheduler. */
  @SuppressWarnings("this-escape") // only stored there: it belongs to no process yet
  final ThreadControl control = new ThreadControl(this, CODE);

  private @Nullable MicroProcess process;
  private @Nullable MicroSocket socket;

  /** Creates a thread that belongs to no process yet. */
  protected MicroThread() {}

  /** The thread of that state. */
  static MicroThread of(ThreadControl control) {
    return (MicroThread) control.body;
  }

  /** {@return its name in logs; unless overridden, the simple name of its class} */
  public String name() {
    return getClass().getSimpleName();
  }

  /** {@return how it last suspended, or END; RUN while it runs and before it has run} */
  public final MicroStatus status() {
    return STATUSES[control.visibleStatus()];
  }

  /** {@return whether it has ended: its {@code lastly} has returned} */
  public final boolean isEnded() {
    return control.isEnded();
  }

  /**
   * {@return the process that this thread belongs to}
   *
   * @throws IllegalStateException if it belongs to none yet
   */
  protected final MicroProcess process() {
    MicroProcess found = process;
    if (found == null) {
      throw new IllegalStateException(control.label() + " belongs to no process yet");
    }
    return found;
  }

  // ---- control

  /**
   * Appends {@code thread} to the run queue. A thread that is queued already is not queued again;
   * playing an ended thread has no effect.
   *
   * @param thread a thread of this process
   */
  protected final void play(MicroThread thread) {
    control.play(thread.control);
  }

  /** Suspends this thread, outside the run queue, until another thread plays it. */
  protected final void pause() {
    control.pause();
  }

  /**
   * Passes control to {@code thread}: it runs next, and this thread is suspended until another
   * thread plays it. Suspends.
   *
   * @param thread a thread of this process
   */
  protected final void call(MicroThread thread) {
    control.call(thread.control);
  }

  /**
   * Suspends as {@code status} says. WAIT raises EINVAL, because it names no socket; the methods
   * that read and write wait for one.
   *
   * @param status when this thread is to be resumed
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void suspend(MicroStatus status) throws Exception {
    switch (status) {
      case RUN -> control.runAgain();
      case YIELD -> control.yieldToAll();
      case LISTEN -> control.awaitPlay();
      case WAIT -> raise(Errno.EINVAL);
      case ERR -> error();
      case END -> throw control.exit();
    }
  }

  // ---- threads

  /**
   * Adds {@code thread} to this process, with the same default socket, including its buffered input
   * and output. It is not started: {@code play}, {@code call}, {@code send} and {@code request}
   * start it.
   *
   * @param thread a thread that belongs to no process yet
   */
  protected final void child(MicroThread thread) {
    StackReserve.check();
    thread.adoptedBy(process(), socket());
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
    StackReserve.check();
    MicroProcess mine = process();
    if (input.process != mine.control || output.process != mine.control) {
      throw new IllegalArgumentException(
          "a socket for "
              + thread.control.label()
              + " is not of the process of "
              + control.label());
    }
    MicroSocket both = new MicroSocket(mine.control, input.rx, output.tx);
    thread.adoptedBy(mine, input == output ? input : both);
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
    MicroSocket mine = socket();
    ByteRing pipe = pipe();
    StackReserve.check();
    ProcessControl its = process().control;
    MicroSocket pipeline = new MicroSocket(its, mine.rx, pipe);
    thread.adoptedBy(process(), new MicroSocket(its, pipe, mine.tx));
    its.rings().attach(pipeline.rx, pipeline.tx); // first: an end without a user is closed
    its.rings().detach(mine.rx, mine.tx);
    control.socket(pipeline.rx, pipeline.tx);
    socket = pipeline;
  }

  private ByteRing pipe() throws Exception {
    ProcessControl its = process().control;
    ByteRing ring = its.rings().pipe();
    if (ring == null) {
      raiseNoMemory("a pipe", ByteRing.BYTES);
      ring = its.rings().pipe();
    }
    if (ring == null) {
      throw new ThreadExit(control.label() + " has no memory left");
    }
    return ring;
  }

  /**
   * Adds {@code thread} to this process, with the connection {@code peer} as default socket. It is
   * not started.
   *
   * @param thread a thread that belongs to no process yet
   * @param peer a connection returned by {@code accept}, or an end of a {@link #pair}; closed when
   *     the thread ends
   * @throws Exception whatever {@code lastly} throws; ENOMEM is raised if the heap does not have
   *     eight pages for the rings, four for an end of a pair that another process has made
   */
  protected final void accepted(MicroThread thread, MicroConnection peer) throws Exception {
    StackReserve.check(); // a socket without a thread would stay open
    MicroSocket its = open(peer);
    try {
      thread.adoptedBy(process(), its);
    } finally {
      given(peer);
    }
  }

  /**
   * Makes a byte stream between two threads, in both directions: of this process, or of any process
   * of this reactor. Each end is given to a thread by {@link #accepted}, {@link
   * #adopt(MicroConnection)} or {@link MicroProcess#start(MicroThread, MicroOptions,
   * MicroConnection)}; it may be passed on before. The ends work as those of the pipe of a {@link
   * #responder}: {@code hup} and {@code readhup} pass messages, a full ring suspends the writer,
   * and if the threads that have one end have ended, however they have, the other one reads the
   * bytes that are left and then the end, and its writes raise EPIPE.
   *
   * <p>Each process pays for the ring that its end reads from, four pages; this one for both until
   * the ends have been given. An end that no thread has got is closed when this thread ends. Raises
   * ENOMEM if the heap does not have eight pages. Does not suspend, unless {@code lastly} does.
   *
   * @return both ends
   * @throws Exception whatever {@code lastly} throws
   */
  protected final MicroPair pair() throws Exception {
    StackReserve.check();
    OutgoingConnections its = control.connections();
    PairEnd made = its.pair();
    if (made == null) {
      raiseNoMemory("a pair of pipes", 2L * ByteRing.BYTES);
      made = its.pair();
    }
    if (made == null) {
      throw new ThreadExit(control.label() + " has no memory left");
    }
    MicroDispatcher dispatcher = process().control.dispatcher();
    EventLoop loop = dispatcher == null ? null : dispatcher.loop();
    return new MicroPair(new MicroConnection(loop, made), new MicroConnection(loop, made.other()));
  }

  private MicroSocket open(MicroConnection peer) throws Exception {
    peer.requireFree();
    ProcessControl its = process().control;
    PairEnd end = peer.end();
    if (end != null) {
      if (!its.rings().pairs().take(end)) {
        raise(Errno.ENOMEM);
        throw new ThreadExit(control.label() + " has no memory for an end of a pair");
      }
      return new MicroSocket(its, end.rx, end.tx);
    }
    IoDriver driver = its.driver();
    Handle handle = driver.newHandle("accepted connection");
    RingPair pair = its.rings().open(handle, handle, true);
    if (pair == null) {
      raise(Errno.ENOMEM);
      throw new ThreadExit(control.label() + " has no memory for a connection");
    }
    driver.open(handle, peer.take()); // allocates nothing, so the connection can't leak
    return new MicroSocket(its, pair.rx(), pair.tx());
  }

  /** After a thread has got {@code peer}, or could not. */
  private static void given(MicroConnection peer) {
    PairEnd end = peer.end();
    if (end != null) {
      end.given();
    }
  }

  /** Becomes a thread of a process, with a default socket. */
  final void adoptedBy(MicroProcess its, MicroSocket initial) {
    its.control.adopt(control, initial.rx, initial.tx);
    process = its;
    socket = initial;
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
    if (!control.beginRequest(there.control, request, message)) {
      raise(Errno.ESRCH);
      return null;
    }
    if (!control.isInBody()) {
      return answerInLastly(request);
    }
    return answer();
  }

  /** Waits for the answer in a lastly or a finally block that runs outside the body. */
  @SuppressWarnings("NullAway") // as documented at request
  private <R> R answerInLastly(MicroRequest<?, R> request) throws Exception {
    control.awaitAnswer(request);
    if (request.hasAnswer()) {
      return request.answer();
    }
    raise(Errno.ESRCH);
    return null;
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
    if (!control.send(there.control, request, message)) {
      raise(Errno.ESRCH);
    }
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
    if (control.hasMessage()) {
      return (MicroRequest<Q, R>) control.takeMessage();
    }
    control.requireRunning("listen");
    if (!control.isInBody()) {
      control.awaitMessage();
      return (MicroRequest<Q, R>) control.takeMessage();
    }
    control.expectMessage();
    return (MicroRequest<Q, R>) message();
  }

  /** Parks until a message has been delivered. */
  static MicroRequest<?, ?> message() {
    return answer();
  }

  /** The hand-written twin of {@link #message()}: a cast after the call would need a frame. */
  @SuppressWarnings("NullAway") // the result is ignored
  static MicroRequest<?, ?> message(Context context) {
    context.suspended = true;
    return null;
  }

  /** Parks until the answer has been delivered. It is a tail call, so request needs no frame. */
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"}) // see request
  private static <R> R answer() {
    return (R) Routine.await();
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
    if (!control.hasMessage()) {
      raise(Errno.EAGAIN);
      return null;
    }
    return ((MicroRequest<?, ?>) control.takeMessage()).content();
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
    if (!control.respond(request, message)) {
      raise(Errno.ESRCH);
    }
  }

  // ---- log

  /**
   * {@return whether {@code dbg}, {@code dbgf} and {@code dbgPerror} of this thread write; unless
   * overridden, whether the system property {@code dev.weft.micro.debug} is true}
   */
  protected boolean isDebugging() {
    return ThreadLog.DEBUG;
  }

  /**
   * Logs a line.
   *
   * @param message the line, without its newline
   */
  protected final void log(String message) {
    ThreadLog.line(control, message + "\n");
  }

  /**
   * Logs formatted text.
   *
   * @param format a format string of {@link String#format}; no newline is added
   * @param arguments the format's arguments
   */
  protected final void logf(String format, Object... arguments) {
    ThreadLog.line(control, String.format(Locale.ROOT, format, arguments));
  }

  /**
   * Logs a line if this thread is debugging.
   *
   * @param message the line, without its newline
   */
  protected final void dbg(String message) {
    if (isDebugging()) {
      log(message);
    }
  }

  /**
   * Logs formatted text if this thread is debugging.
   *
   * @param format a format string of {@link String#format}; no newline is added
   * @param arguments the format's arguments
   */
  protected final void dbgf(String format, Object... arguments) {
    if (isDebugging()) {
      logf(format, arguments);
    }
  }

  /**
   * Logs a line that ends with the text of the current error.
   *
   * @param message the text before it
   */
  protected final void perror(String message) {
    ThreadLog.line(control, ThreadLog.perror(message, control.errno()));
  }

  /**
   * As {@link #perror}, if this thread is debugging.
   *
   * @param message the text before the error's text
   */
  protected final void dbgPerror(String message) {
    if (isDebugging()) {
      perror(message);
    }
  }

  // ---- errors

  /** {@return the error that was last set or raised and not lowered; null if there is none} */
  protected final @Nullable Errno errno() {
    int code = control.errno();
    return code == 0 ? null : Errno.of(code);
  }

  /**
   * Sets the error that {@link #perror} logs and {@link #error} raises.
   *
   * @param errno the error
   */
  protected final void errno(Errno errno) {
    control.errors().errno(errno.code());
  }

  /**
   * Raises an error: runs {@link #lastly} immediately. If that calls {@link #lower}, this method
   * returns; if not, the thread ends and its stack is unwound through its finally blocks. Suspends
   * if lastly does.
   *
   * @param errno the error
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void raise(Errno errno) throws Exception {
    raise(errno.code(), "");
  }

  /**
   * Raises the error that {@link #errno(Errno)} has set; EINVAL if none is set.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void error() throws Exception {
    int current = control.errno();
    if (current != 0 && control.isUndisturbed()) {
      control
          .errors()
          .errno(0); // so that lower() clears it; a lastly keeps the error it is run for
    }
    raise(current == 0 ? Errno.EINVAL.code() : current, "");
  }

  /** As {@link #raise(Errno)}, for an error number that may have no name. */
  final void raise(int code) throws Exception {
    raise(code, "");
  }

  /**
   * As {@link #raise(int)}.
   *
   * @param subject follows the error's name in the message of the exception that ends the thread
   */
  final void raise(int code, String subject) throws Exception {
    control.requireRunning("raise");
    ErrorState errors = control.errors();
    int outerErrno = errors.errno(); // of the enclosing lastly, if this is called in one
    boolean outerLowered = errors.isLowered();
    int depth = errors.beginRaise(control, code);
    try {
      lastly();
    } catch (Throwable e) {
      errors.lastlyFailed(e);
      throw e;
    } finally {
      errors.endRaise(depth);
    }
    if (!errors.takeLowered()) {
      throw new ThreadExit(control.label() + " raised " + Errno.of(code) + subject);
    }
    errors.restore(outerErrno, outerLowered);
  }

  /**
   * Raises an error in another thread of this process. That thread's {@link #lastly} runs when the
   * thread is next scheduled. If it lowers the error, the thread continues where it was, waiting if
   * it waited; if not, the thread ends. Raises ESRCH in this thread if the other one has ended.
   *
   * @param thread a thread of this process
   * @param errno the error
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void raiseAt(MicroThread thread, Errno errno) throws Exception {
    if (control.checked(thread.control).isEnded()) {
      raise(Errno.ESRCH);
      return;
    }
    process().control.threads().raiseAt(thread.control, errno.code());
  }

  /**
   * Sets the deadline of all waits of this thread. If the thread is waiting when the deadline
   * passes, or begins to wait later, ETIMEDOUT is raised in it as by {@link #raiseAt}. If {@code
   * lastly} lowers the error, the thread continues to wait, without a deadline until it sets
   * another. A deadline holds for all waits until it is set again; setting it before each wait is
   * cheap. It is not raised in a {@link #lastly} that waits after the end of the body, or in place
   * of it.
   *
   * <p>The deadline also limits output to a descriptor: once it has passed, and lastly waits for
   * room in the ring or the thread has ended, output that the descriptor does not accept
   * immediately is dropped. So a peer that does not read can't hold a connection open.
   *
   * <p>In the local executor, where a wait for a descriptor blocks the whole process, the deadline
   * is checked only when the thread is about to resume: a wait can last longer, and the deadline
   * does not end a wait by itself.
   *
   * @param deadline when waits end; {@link Deadline#NEVER} removes the deadline
   */
  protected final void deadline(Deadline deadline) {
    process().control.timers().deadline(control, deadline);
  }

  /**
   * Error handler and finaliser (mnvkd's {@code vk_finally}). Runs when an error is raised, when
   * the thread faults, when the process ends, and in any case at the thread's end, then without an
   * error. {@link #errno()} returns the error. May suspend.
   *
   * @throws Exception if it fails; the thread then ends
   */
  protected void lastly() throws Exception {}

  /**
   * The twin of {@link #lastly()}, which the weaver overrides in classes that override {@code
   * lastly()}.
   *
   * @param context the calling thread's context
   * @throws Exception whatever {@link #lastly()} throws
   */
  protected void lastly(Context context) throws Exception {
    lastly();
  }

  /**
   * Lowers the current error: once {@link #lastly} returns, the thread continues. After a raise it
   * continues behind that raise; after {@link #raiseAt}, where it was; after a fault, from its last
   * suspension, with its locals as they were then. After a fault it starts again from the beginning
   * if it has not suspended, if its last suspension was in a fiber call, or if it runs on a stack
   * of its own. It does not stop the process from ending.
   *
   * @throws IllegalStateException if there is no error
   */
  protected final void lower() {
    if (control.errno() == 0) {
      throw new IllegalStateException("lower: " + control.label() + " has no error");
    }
    control.errors().lower();
  }

  // ---- faults

  /**
   * {@return the fault if {@link #errno()} is EFAULT: of this thread, or of another one if this is
   * the supervisor; null if there is none or it was cleared}
   */
  protected final @Nullable MicroFault fault() {
    Fault found = control.errors().fault();
    return found == null ? null : new MicroFault(of(found.thread()), found.cause());
  }

  /** Clears the fault. */
  protected final void clearFault() {
    control.errors().fault(null);
  }

  /** Logs the fault, if the current error is one, and clears it. */
  protected final void sigerror() {
    MicroFault found = fault();
    if (found != null && control.errno() == Errno.EFAULT.code()) {
      perror(found.description());
      clearFault();
    }
  }

  // ---- memory

  /**
   * Allocates a zeroed, page-aligned block from the process's heap. If memory is short, logs how
   * many pages the heap would need and raises ENOMEM; if that is lowered, tries once more.
   *
   * @param count how many elements
   * @param size the size of an element in bytes; raises ERANGE if the product overflows or is
   *     negative
   * @return a block that this thread owns until it frees the block or ends
   * @throws Exception whatever {@code lastly} throws
   */
  protected final MicroBlock calloc(long count, long size) throws Exception {
    long bytes = count * size;
    if (((count | size) >>> 31) != 0) {
      bytes = checkedBytes(count, size);
    }
    MicroBlock block = process().heap.calloc(this, bytes);
    if (block == null) {
      block = exhausted(bytes);
    }
    control.blocks++;
    return block;
  }

  /**
   * Allocates a zeroed block for a number of elements, as {@link #calloc(long, long)} does.
   *
   * @param count how many elements
   * @param element their layout
   * @return a block that this thread owns until it frees the block or ends
   * @throws Exception whatever {@code lastly} throws
   */
  protected final MicroBlock calloc(long count, MicroLayout element) throws Exception {
    return calloc(count, element.byteSize());
  }

  private long checkedBytes(long count, long size) throws Exception {
    if (count < 0 || size < 0 || Math.multiplyHigh(count, size) != 0 || count * size < 0) {
      raise(Errno.ERANGE);
      throw new ThreadExit("calloc of " + count + " times " + size + " bytes");
    }
    return count * size;
  }

  private MicroBlock exhausted(long bytes) throws Exception {
    MicroHeap heap = process().heap;
    raiseNoMemory("calloc of " + bytes + " bytes", bytes);
    MicroBlock block = heap.calloc(this, bytes);
    if (block == null) {
      throw new ThreadExit(control.label() + " has no memory left");
    }
    return block;
  }

  private void raiseNoMemory(String subject, long bytes) throws Exception {
    ThreadLog.line(
        control,
        subject
            + ": the micro-heap needs page count of "
            + process().heap.neededPages(bytes)
            + "\n");
    raise(Errno.ENOMEM);
  }

  /**
   * Frees the newest block of this thread. Raises ERANGE if it has none.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void free() throws Exception {
    if (process().heap.free(this)) {
      control.blocks--;
    } else {
      raise(Errno.ERANGE);
    }
  }

  // ---- the default socket

  /** {@return the default socket, which the methods below use} */
  protected final MicroSocket socket() {
    MicroSocket found = socket;
    if (found == null) {
      throw new IllegalStateException(control.label() + " belongs to no process yet");
    }
    return found;
  }

  /**
   * Runs a blocking call on a thread of {@link dev.weft.Blocking}; the other threads of this
   * process, and all other processes, continue to run. In the local executor it blocks them. If the
   * process is killed meanwhile, the call completes and its result is discarded. Suspends.
   *
   * @param <T> the type of the result
   * @param call must use neither the micro-heap nor the methods of this class
   * @return the call's result
   * @throws Exception the exception that the call throws, unchanged
   */
  protected final <T extends @Nullable Object> T blocking(Callable<T> call) throws Exception {
    ProcessControl its = process().control;
    if (its.dispatcher() == null) {
      return call.call();
    }
    BlockingCall<T> made = new BlockingCall<>(its, control, call);
    made.start();
    while (!made.isDone()) {
      its.timers().await(control); // again, if it was played or lowered an error raised at it
      ThreadControl.park();
    }
    return made.result();
  }

  /**
   * Waits until {@code other} has bytes to read or has reached its end. {@link
   * MicroSocket#pollwrite} waits for room. Suspends.
   *
   * @param other a socket of this process
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void await(MicroSocket other) throws Exception {
    other.pollread();
  }

  /**
   * Reads a number of bytes, fewer only at the end of the input. Suspends.
   *
   * @param target the block to fill
   * @param length how many bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int read(MicroBlock target, int length) throws Exception {
    return socket().read(target, length);
  }

  /**
   * Reads a number of bytes, fewer only at the end of the input. Suspends.
   *
   * @param target the block to fill
   * @param offset the first byte's offset in {@code target}
   * @param length how many bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int read(MicroBlock target, long offset, int length) throws Exception {
    return socket().read(target, offset, length);
  }

  /**
   * Reads up to and including a newline, at most {@code length} bytes, or up to the end of the
   * input. Suspends.
   *
   * @param target the block to fill
   * @param length the most bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int readline(MicroBlock target, int length) throws Exception {
    return socket().readline(target, length);
  }

  /**
   * Reads up to and including a newline, at most {@code length} bytes, or up to the end of the
   * input. Suspends.
   *
   * @param target the block to fill
   * @param offset the first byte's offset in {@code target}
   * @param length the most bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int readline(MicroBlock target, long offset, int length) throws Exception {
    return socket().readline(target, offset, length);
  }

  /**
   * {@return how many bytes can be read without waiting; 0 if none have arrived yet, or at the end}
   */
  protected final int buffered() {
    return socket().buffered();
  }

  /**
   * Waits until there are bytes to read, without reading them. Suspends. A thread that waits here
   * before it allocates a block for the input holds no memory while its connection is idle.
   *
   * @return how many bytes are available; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int pollread() throws Exception {
    return socket().pollread();
  }

  /**
   * Waits until a number of bytes can be read without waiting, or the end has arrived, without
   * reading them. Suspends.
   *
   * @param count how many bytes, at most 16384
   * @return how many bytes are available, fewer than {@code count} only at the end or after an
   *     error that was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int pollread(int count) throws Exception {
    return socket().pollread(count);
  }

  /**
   * Waits until a number of bytes can be written without waiting, without writing any. Suspends.
   *
   * @param count how many bytes, at most 16384
   * @return how many bytes can be written without waiting, fewer than {@code count} only after an
   *     error that was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int pollwrite(int count) throws Exception {
    return socket().pollwrite(count);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param source the block to write from
   * @param length how many bytes to write
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void write(MicroBlock source, int length) throws Exception {
    socket().write(source, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param source the block to write from
   * @param offset the first byte's offset in {@code source}
   * @param length how many bytes to write
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void write(MicroBlock source, long offset, int length) throws Exception {
    socket().write(source, offset, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param bytes the bytes, all of which are written
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void write(byte[] bytes) throws Exception {
    socket().write(bytes);
  }

  /**
   * Writes a text as UTF-8. Suspends while the ring is full.
   *
   * @param text preferably a constant
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void literal(String text) throws Exception {
    socket().literal(text);
  }

  /**
   * Formats a text into a block and writes it. Raises ENOBUFS unless the text is shorter than
   * {@code length}. Suspends while the ring is full.
   *
   * @param line the block to format into
   * @param length how many bytes of the block may be used
   * @param format a format string of {@link String#format}
   * @param arguments the format's arguments
   * @return the text's length in bytes
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int writef(MicroBlock line, int length, String format, Object... arguments)
      throws Exception {
    return socket().writef(line, length, format, arguments);
  }

  /**
   * Waits until the system has accepted all bytes written so far. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void flush() throws Exception {
    socket().flush();
  }

  /**
   * Moves bytes from the input to the output, fewer only at the end of the input. Suspends.
   *
   * @param length how many bytes to move
   * @return bytes moved
   * @throws Exception whatever {@code lastly} throws
   */
  protected final long forward(long length) throws Exception {
    return socket().forward(length);
  }

  /**
   * {@return whether all of a message has been read and its end has arrived, so that {@link
   * #readhup} would succeed}
   */
  protected final boolean pollhup() {
    return socket().pollhup();
  }

  /**
   * Acknowledges the end of a message, which resumes its writer. Raises EAGAIN if the end has not
   * arrived.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void readhup() throws Exception {
    socket().readhup();
  }

  /**
   * Ends a message and waits until the reader has acknowledged its end. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void hup() throws Exception {
    socket().hup();
  }

  /**
   * Waits for a connection to the listening socket of a process that was started with a {@link
   * dev.weft.net.TcpListener}. Suspends.
   *
   * @return the connection, or null if an error was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable MicroConnection accept() throws Exception {
    return socket().accept();
  }

  /**
   * Opens a TCP connection. Raises ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2)),
   * EMFILE if no descriptor is left, ENOMEM if the heap does not have eight pages for its rings,
   * and EOPNOTSUPP in the local executor. Suspends.
   *
   * @param address a resolved address
   * @return the connection, or null if an error was raised and lowered. It is closed when both its
   *     sides have been closed ({@link MicroSocket#rxClose}, {@link MicroSocket#txClose}), at the
   *     latest when this thread and all threads that received it by {@link #child(MicroThread,
   *     MicroSocket, MicroSocket)} have ended
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable MicroSocket connect(InetSocketAddress address) throws Exception {
    StackReserve.check(); // from here on, the socket is closed if the call fails
    OutgoingConnections its = control.connections();
    RingPair made = its.begin(address);
    if (made == null) {
      raise(its.failure(), OutgoingConnections.subject(address));
      return null;
    }
    boolean connected = false;
    try {
      while (made.tx().isConnecting()) {
        its.await(made);
        ThreadControl.park();
      }
      connected = made.tx().failure() == 0;
    } finally {
      if (!connected) {
        its.close(made); // however the wait ended
      }
    }
    if (connected) {
      return new MicroSocket(process().control, made.rx(), made.tx());
    }
    // The failure is not reset: after a fault the thread may execute this again.
    raise(made.tx().failure(), OutgoingConnections.subject(address));
    return null;
  }

  /**
   * Takes over a UDP socket that is connected to its peer. What is written up to a {@link
   * MicroSocket#hup} is sent as one datagram, and each datagram received is a message to be read,
   * whose end {@link MicroSocket#readhup} acknowledges. Raises EBADF if the socket is closed,
   * ENOMEM if the heap does not have eight pages for its rings, and EOPNOTSUPP in the local
   * executor; the socket stays the caller's then. Does not suspend, unless {@code lastly} does.
   *
   * @param socket a connected socket of this reactor, in which no fiber waits; from now on only the
   *     micro-socket is to be used. It is closed as that of {@link #connect} is
   * @return the micro-socket, or null if an error was raised and lowered
   * @throws IllegalArgumentException if {@code socket} is not connected
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable MicroSocket adopt(UdpSocket socket) throws Exception {
    if (socket.remoteAddress() == null) {
      throw new IllegalArgumentException("adopt: not connected: " + socket);
    }
    return adopt(Endpoint.IN.of(socket), socket);
  }

  /**
   * Takes over a Unix socket for messages, as {@link #adopt(UdpSocket)} does: one of a {@link
   * dev.weft.net.SocketPair}, or a connection. The end of a connection is an empty message, which
   * is read again and again.
   *
   * @param socket a connected socket of this reactor, in which no fiber waits; from now on only the
   *     micro-socket is to be used. It is closed as that of {@link #connect} is
   * @return the micro-socket, or null if an error was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable MicroSocket adopt(UnixMessageSocket socket) throws Exception {
    return adopt(Endpoint.IN.of(socket), socket);
  }

  /**
   * Makes a socket of a connection that no thread has yet: an accepted one, or an end of a {@link
   * #pair}. It is closed as that of {@link #connect} is. Does not suspend, unless {@code lastly}
   * does.
   *
   * @param peer the connection, of this reactor
   * @return its socket
   * @throws Exception whatever {@code lastly} throws; ENOMEM is raised as by {@link #accepted}
   */
  protected final MicroSocket adopt(MicroConnection peer) throws Exception {
    StackReserve.check();
    OutgoingConnections mine = control.connections();
    MicroSocket made = open(peer);
    try {
      mine.add(made.rx, made.tx);
    } finally {
      given(peer);
    }
    return made;
  }

  private @Nullable MicroSocket adopt(@Nullable Endpoint endpoint, Object name) throws Exception {
    StackReserve.check();
    OutgoingConnections its = control.connections();
    RingPair made = its.adopt(Objects.requireNonNull(endpoint));
    if (made == null) {
      raise(its.failure(), ": adopt " + name);
      return null;
    }
    return new MicroSocket(process().control, made.rx(), made.tx());
  }

  /**
   * Asks the system for the address of the peer of a connection. Raises the system's error, such as
   * ENOTSOCK if the default socket is no connection.
   *
   * @return its address and port; null if an error was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable InetSocketAddress remoteAddress() throws Exception {
    return socket().remoteAddress();
  }

  /** Closes the reading side. */
  protected final void rxClose() {
    socket().rxClose();
  }

  /** Closes the writing side. */
  protected final void txClose() {
    socket().txClose();
  }

  /**
   * Shuts down the reading side of a connection.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void rxShutdown() throws Exception {
    socket().rxShutdown();
  }

  /**
   * Flushes the output and shuts down the writing side of a connection. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void txShutdown() throws Exception {
    socket().txShutdown();
  }

  @Override
  public String toString() {
    return control.toString();
  }
}
