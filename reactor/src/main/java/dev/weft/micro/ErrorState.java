// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * The part of a micro-thread that deals with errors, deadlines and memory.
 *
 * {@snippet :
 *   BODY --returns------------> LASTLY ------------------> ENDED
 *    |  --raise: lastly() is called there; after lower() the body continues
 *    |  --raiseAt-------------> RAISED --lower()--> BODY   where it was
 *    |                             \--------------> UNWINDING -> ENDED
 *    |  --faults--------------> FAULTED --lower()--> BODY  from its last suspension
 *    |                             \--------------> ENDED
 *    \--its process ends------> REAPED -----------> UNWINDING -> ENDED
 * }
 *
 * <p>A thread that has left bundles open is SETTLING before it has ENDED.
 */
abstract class ErrorState extends ThreadControl {
  /** Phase of a thread's life; see the diagram. */
  enum Phase {
    BODY,
    LASTLY,
    RAISED,
    FAULTED,
    REAPED,
    UNWINDING,
    SETTLING,
    ENDED
  }

  /** A lastly that raises runs lastly again: the maximal depth. */
  private static final int RAISES_MAX = 16;

  Phase phase = Phase.BODY;

  /** Runs {@link #lastly} while the body is suspended or over; null while the body runs. */
  @Nullable Routine cleanup;

  /** The number of an error that was raised at it from outside; 0 if none. */
  int raisedAt;

  // ---- deadlines; see ProcessTimers

  /** Timer that ends a sleep. */
  ProcessTimers.@Nullable Alarm sleep;

  /** Timer of its deadline; created when it first sets one. */
  ProcessTimers.@Nullable Alarm alarm;

  /** Its deadline in the local executor. */
  @Nullable Deadline localDeadline;

  /** Whether it waits for a timer, or for an event outside the process. */
  boolean waitsOutside;

  /** Whether its deadline passed while it was in the run queue. */
  boolean isLate;

  /** Whether its deadline passed while its lastly ran, in which it is not raised. */
  boolean isOverdueAside;

  // ---- fiber calls; see MicroThreadStrand

  /** The hosted strand of its body; created by its first fiber call. */
  @Nullable MicroThreadStrand guest;

  /** The hosted strand of its lastly, while that runs in place of the (possibly waiting) body. */
  @Nullable MicroThreadStrand asideGuest;

  /** Whether it is to be unwound once its fiber call has ended. */
  boolean isToEnd;

  /** Whether an enclosing scope may have ended, to be checked at its current or next wait. */
  boolean hasScopeEnded;

  // The state of the body when an error was raised at the thread.
  boolean bodyPlayed;
  int bodyStatus;

  /** How many blocks of the heap it owns. */
  int blocks;

  private int errno;
  private boolean lowered;

  /** How many raises are running their lastly, nested in each other. */
  private int raises;

  /** The last exception that such a lastly has thrown. */
  private @Nullable Throwable lastlyFailure;

  // errno and lowered of a raise of the body, while another lastly runs in place of the body.
  private int bodyErrno;
  private boolean bodyLowered;

  private @Nullable MicroFault fault;

  ErrorState() {}

  // ---- errno

  /** {@return the error that was last set or raised and not lowered; null if there is none} */
  protected final @Nullable Errno errno() {
    return errno == 0 ? null : Errno.of(errno);
  }

  /**
   * Sets the error that {@link #perror} logs and {@link #error} raises.
   *
   * @param errno the error
   */
  protected final void errno(Errno errno) {
    this.errno = errno.code();
  }

  /**
   * Logs a line that ends with the text of the current error.
   *
   * @param message the text before it
   */
  protected final void perror(String message) {
    ThreadLog.line(self(), ThreadLog.perror(message, errno));
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

  // ---- raising

  /**
   * Raises an error: runs {@link #lastly} immediately. If that calls {@link #lower}, this method
   * returns; if not, the thread ends and its stack is unwound through its finally blocks. Suspends
   * if lastly does.
   *
   * @param errno the error
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void raise(Errno errno) throws Exception {
    raise(errno.code());
  }

  /**
   * Raises the error that {@link #errno(Errno)} has set; EINVAL if none is set.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void error() throws Exception {
    int code = errno == 0 ? Errno.EINVAL.code() : errno;
    if (raises == 0 && cleanup == null) {
      errno = 0; // so that lower() clears it; a lastly keeps the error that it was run for
    }
    raise(code);
  }

  /** As {@link #raise(Errno)}, for an error number that may have no name. */
  final void raise(int code) throws Exception {
    raise(code, "");
  }

  /**
   * As {@link #raise(int)}; {@code subject} follows the error's name in the message of {@link
   * ThreadExit}.
   */
  final void raise(int code, String subject) throws Exception {
    requireRunning("raise");
    int depth = raises;
    if (depth >= RAISES_MAX) {
      throw new ThreadExit("lastly of " + label() + " raises each time that it runs");
    }
    int outerErrno = errno; // of the enclosing lastly, if this is called in one
    boolean outerLowered = lowered;
    raises = depth + 1;
    begin(code);
    try {
      lastly();
    } catch (Throwable e) {
      lastlyFailure = e;
      throw e;
    } finally {
      raises = depth;
    }
    if (!takeLowered()) {
      throw new ThreadExit(label() + " raised " + Errno.of(code) + subject);
    }
    errno = outerErrno;
    lowered = outerLowered;
  }

  /** Whether {@code failure} was thrown by a lastly that a raise of the body has run. */
  final boolean isOfLastly(Throwable failure) {
    return failure == lastlyFailure;
  }

  /** As {@link #begin}, for a lastly in place of the body, which may itself be in a lastly. */
  final void beginAside(int code) {
    bodyErrno = errno;
    bodyLowered = lowered;
    begin(code);
  }

  /** Restores the body's error state, before the body continues. */
  final void endAside() {
    errno = bodyErrno;
    lowered = bodyLowered;
  }

  /** Sets the error that {@link #lastly} is run for, 0 for none. */
  final void begin(int code) {
    errno = code;
    lowered = false;
  }

  /** Whether its next step is more than resuming the body. */
  final boolean isStepAside() {
    return raisedAt != 0 || isLate || hasScopeEnded || localDeadline != null;
  }

  /** Whether lastly runs in place of the body, which may be suspended. */
  private boolean isAsideOfBody() {
    return cleanup != null && phase != Phase.LASTLY && phase != Phase.SETTLING;
  }

  /**
   * The hosted strand of the code that runs next, body or lastly; null if that has made no fiber
   * call.
   */
  final @Nullable MicroThreadStrand activeGuest() {
    return isAsideOfBody() ? asideGuest : guest;
  }

  /** As {@link #activeGuest}; creates the strand at its first use. */
  final MicroThreadStrand requireGuest(MicroDispatcher dispatcher) {
    MicroThreadStrand found = activeGuest();
    if (found != null) {
      return found;
    }
    MicroThreadStrand made = MicroThreadStrand.of(self(), dispatcher);
    if (isAsideOfBody()) {
      asideGuest = made;
    } else {
      guest = made;
    }
    if (phase == Phase.UNWINDING || home().isEnding()) {
      made.end();
    }
    return made;
  }

  /** Whether it is in a fiber call. */
  final boolean isInCall() {
    MicroThreadStrand active = activeGuest();
    return active != null && active.isWaiting();
  }

  /** Whether it runs its lastly, or has ended, although its deadline has passed. */
  final boolean isOverdue() {
    return isOverdueAside || (phase != Phase.BODY && errno == Errno.ETIMEDOUT.code());
  }

  // ---- after a failure of the runtime's own code, when it no longer runs

  /** Cancels the fiber calls that it is in. */
  final void endCalls() {
    for (MicroThreadStrand strand : new @Nullable MicroThreadStrand[] {guest, asideGuest}) {
      if (strand != null) {
        strand.end();
      }
    }
  }

  /** Whether it is in a fiber call that has not ended. */
  final boolean isInCallStill() {
    return isWaiting(guest) || isWaiting(asideGuest);
  }

  private static boolean isWaiting(@Nullable MicroThreadStrand strand) {
    return strand != null && strand.isWaiting() && !strand.canGoOn();
  }

  /** Discards the results of its fiber calls, and its timers. */
  final void discardCalls() {
    discard(guest);
    discard(asideGuest);
    home().alarms.forget(self());
  }

  private static void discard(@Nullable MicroThreadStrand strand) {
    if (strand != null) {
      MicroThreadStrand.prepareResume(strand);
      if (!strand.holdsResources()) {
        strand.close();
      }
    }
  }

  /** Forgets the raises of its body, which starts again. */
  final void forgetRaises() {
    raises = 0;
  }

  /** Returns whether lastly has lowered its error, and resets that. */
  final boolean takeLowered() {
    boolean was = lowered;
    lowered = false;
    return was;
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
    if (checked(thread).isEnded()) {
      raise(Errno.ESRCH);
      return;
    }
    home().threads.raiseAt(thread, errno.code());
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
   * room in the ring or the thread has ended, output that the descriptor does not accept at once is
   * dropped. So a peer that does not read can't hold a connection open.
   *
   * <p>In the local executor, where a wait for a descriptor blocks the whole process, the deadline
   * is checked only when the thread is about to resume: a wait can last longer, and the deadline
   * does not end a wait by itself.
   *
   * @param deadline when waits end; {@link Deadline#NEVER} removes the deadline
   */
  protected final void deadline(Deadline deadline) {
    home().alarms.deadline(self(), deadline);
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
    if (errno == 0) {
      throw new IllegalStateException("lower: " + label() + " has no error");
    }
    lowered = true;
    errno = 0;
  }

  // ---- faults

  /**
   * {@return the fault if {@link #errno()} is EFAULT: of this thread, or of another one if this is
   * the supervisor; null if there is none or it was cleared}
   */
  protected final @Nullable MicroFault fault() {
    return fault;
  }

  final void fault(MicroFault found) {
    fault = found;
  }

  /** Clears the fault. */
  protected final void clearFault() {
    fault = null;
  }

  /** Logs the fault, if the current error is one, and clears it. */
  protected final void sigerror() {
    MicroFault found = fault;
    if (found != null && errno == Errno.EFAULT.code()) {
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
    MicroBlock block = home().heap.calloc(this, bytes);
    if (block == null) {
      block = exhausted(bytes);
    }
    blocks++;
    return block;
  }

  private long checkedBytes(long count, long size) throws Exception {
    if (count < 0 || size < 0 || Math.multiplyHigh(count, size) != 0 || count * size < 0) {
      raise(Errno.ERANGE);
      throw new ThreadExit("calloc of " + count + " times " + size + " bytes");
    }
    return count * size;
  }

  private MicroBlock exhausted(long bytes) throws Exception {
    MicroHeap heap = home().heap;
    raiseNoMemory("calloc of " + bytes + " bytes", bytes);
    MicroBlock block = heap.calloc(this, bytes);
    if (block == null) {
      throw new ThreadExit(label() + " has no memory left");
    }
    return block;
  }

  /** Creates a ring between two threads; raises ENOMEM if the heap has too few pages. */
  final ByteRing pipe() throws Exception {
    ByteRing ring = home().rings.pipe();
    if (ring == null) {
      raiseNoMemory("a pipe", ByteRing.BYTES);
      ring = home().rings.pipe();
    }
    if (ring == null) {
      throw new ThreadExit(label() + " has no memory left");
    }
    return ring;
  }

  private void raiseNoMemory(String subject, long bytes) throws Exception {
    ThreadLog.line(
        self(),
        subject + ": the micro-heap needs page count of " + home().heap.neededPages(bytes) + "\n");
    raise(Errno.ENOMEM);
  }

  /**
   * Frees the newest block of this thread. Raises ERANGE if it has none.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void free() throws Exception {
    if (home().heap.free(this)) {
      blocks--;
    } else {
      raise(Errno.ERANGE);
    }
  }
}
