// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * The part of a micro-thread that deals with errors, and with memory, whose want is one.
 *
 * <p>
 *
 * {@snippet :
 *   BODY --returns------------> LASTLY ------------------> ENDED
 *    |  --raise: lastly() runs as a call of it; lower() lets it go on
 *    |  --raiseAt-------------> RAISED --lower()--> BODY   as if nothing had been
 *    |                             \--------------> UNWINDING -> ENDED
 *    |  --faults--------------> FAULTED --lower()--> BODY  from its last suspension
 *    |                             \--------------> ENDED
 *    \--its process ends------> REAPED -----------> UNWINDING -> ENDED
 * }
 *
 * <p>One that has left bundles open is SETTLING before it has ENDED.
 */
abstract class ErrorState extends ThreadControl {
  /** What a thread is in the middle of. */
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

  /** A lastly that raises runs lastly: so deep at most. */
  private static final int RAISES_MAX = 16;

  Phase phase = Phase.BODY;

  /** Runs {@link #lastly} while the body is suspended or over; null while the body runs. */
  @Nullable Routine cleanup;

  /** What was raised at it from elsewhere, as an error number; 0 if nothing was. */
  int raisedAt;

  // ---- deadlines; see MicroAlarms

  /** Wakes it from a wait for a time. */
  ProcessTimers.@Nullable Alarm sleep;

  /** Its deadline; made when it sets one for the first time. */
  ProcessTimers.@Nullable Alarm alarm;

  /** Its deadline in the local executor. */
  @Nullable Deadline localDeadline;

  /** Whether it waits for a time, or for somebody outside the process. */
  boolean waitsOutside;

  /** Whether its deadline has passed since it was put into the run queue. */
  boolean isLate;

  /** Whether its deadline has passed while its lastly ran, which is not told. */
  boolean isOverdueAside;

  // ---- calls of fibers; see MicroGuest

  /** The strand of its body; made when it says a word of fibers for the first time. */
  @Nullable MicroThreadStrand guest;

  /** The strand of its lastly, while that runs in place of the body, which may wait meanwhile. */
  @Nullable MicroThreadStrand asideGuest;

  /** Whether it is being unwound, but was in a call of fibers, which must end first. */
  boolean isToEnd;

  /** Whether a scope that it is in may be over, to be told at its present or next wait. */
  boolean hasScopeEnded;

  // What the body was doing when something was raised at it.
  boolean bodyPlayed;
  int bodyStatus;

  /** How many blocks of the heap it has. */
  int blocks;

  private int errno;
  private boolean lowered;

  /** How many of its raises are running their lastly, each in that of the one before. */
  private int raises;

  /** What such a lastly has thrown last. */
  private @Nullable Throwable lastlyFailure;

  // The errno and lowered of a raise of the body whose lastly another lastly has come before.
  private int bodyErrno;
  private boolean bodyLowered;

  private @Nullable MicroFault fault;

  ErrorState() {}

  // ---- errno

  /**
   * The error that was set or raised last and not lowered.
   *
   * @return null if there is none
   */
  protected final @Nullable Errno errno() {
    return errno == 0 ? null : Errno.of(errno);
  }

  /**
   * Sets the error that {@link #perror} and {@link #error} are about.
   *
   * @param errno which one
   */
  protected final void errno(Errno errno) {
    this.errno = errno.code();
  }

  /**
   * Logs a line that ends with the text of the present error.
   *
   * @param message what comes before
   */
  protected final void perror(String message) {
    ThreadLog.line(self(), ThreadLog.perror(message, errno));
  }

  /**
   * As {@link #perror}, if this thread is debugging.
   *
   * @param message what comes before
   */
  protected final void dbgPerror(String message) {
    if (isDebugging()) {
      perror(message);
    }
  }

  // ---- raising

  /**
   * Raises an error: {@link #lastly} runs here and now. If it calls {@link #lower}, this returns;
   * if not, the thread is over, and leaves its calls through their finally blocks. May suspend, if
   * lastly does.
   *
   * @param errno which one
   * @throws Exception what lastly throws
   */
  protected final void raise(Errno errno) throws Exception {
    raise(errno.code());
  }

  /**
   * Raises the error that {@link #errno(Errno)} has set.
   *
   * @throws Exception what lastly throws
   */
  protected final void error() throws Exception {
    int code = errno == 0 ? Errno.EINVAL.code() : errno;
    if (raises == 0 && cleanup == null) {
      errno = 0; // it is that error which may be lowered; in a lastly, the one that it was run for
    }
    raise(code);
  }

  /** As {@link #raise(Errno)}, for a code that may have no name. */
  final void raise(int code) throws Exception {
    raise(code, "");
  }

  /** As {@link #raise(int)}; what is behind the error's name is told if the thread ends of it. */
  final void raise(int code, String subject) throws Exception {
    requireRunning("raise");
    int depth = raises;
    if (depth >= RAISES_MAX) {
      throw new ThreadExit("lastly of " + label() + " raises each time that it runs");
    }
    int outerErrno = errno; // of the lastly that raises, if it is one
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

  /** Whether {@code failure} has come out of a lastly that a raise of the body has run. */
  final boolean isOfLastly(Throwable failure) {
    return failure == lastlyFailure;
  }

  /** As {@link #begin}, in place of the body, which may itself be in a lastly. */
  final void beginAside(int code) {
    bodyErrno = errno;
    bodyLowered = lowered;
    begin(code);
  }

  /** The body goes on where it was. */
  final void endAside() {
    errno = bodyErrno;
    lowered = bodyLowered;
  }

  /** Has {@link #lastly} see this error, 0 for none. */
  final void begin(int code) {
    errno = code;
    lowered = false;
  }

  /** Whether its next step is more than to go on. */
  final boolean isStepAside() {
    return raisedAt != 0 || isLate || hasScopeEnded || localDeadline != null;
  }

  /** Whether lastly runs in place of its body, which may be suspended. */
  private boolean isAsideOfBody() {
    return cleanup != null && phase != Phase.LASTLY && phase != Phase.SETTLING;
  }

  /** The strand of what is next of it, body or lastly; null if it has said no word of fibers. */
  final @Nullable MicroThreadStrand activeGuest() {
    return isAsideOfBody() ? asideGuest : guest;
  }

  /** The same; makes it at the first use. */
  final MicroThreadStrand requireGuest(MicroDispatcher kernel) {
    MicroThreadStrand found = activeGuest();
    if (found != null) {
      return found;
    }
    MicroThreadStrand made = MicroThreadStrand.of(self(), kernel);
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

  /** Whether it is in a call of fibers. */
  final boolean isInCall() {
    MicroThreadStrand active = activeGuest();
    return active != null && active.isWaiting();
  }

  /** Whether it runs its lastly, or has ended, although its deadline has passed. */
  final boolean isOverdue() {
    return isOverdueAside || (phase != Phase.BODY && errno == Errno.ETIMEDOUT.code());
  }

  // ---- when something is broken beneath it, so that nothing of it runs any more

  /** Cancels the calls of fibers that it is in. */
  final void endCalls() {
    for (MicroThreadStrand strand : new @Nullable MicroThreadStrand[] {guest, asideGuest}) {
      if (strand != null) {
        strand.end();
      }
    }
  }

  /** Whether such a call has not ended. */
  final boolean isInCallStill() {
    return isWaiting(guest) || isWaiting(asideGuest);
  }

  private static boolean isWaiting(@Nullable MicroThreadStrand strand) {
    return strand != null && strand.isWaiting() && !strand.canGoOn();
  }

  /** Forgets what came of them. */
  final void discardCalls() {
    for (MicroThreadStrand strand : new @Nullable MicroThreadStrand[] {guest, asideGuest}) {
      if (strand != null) {
        MicroThreadStrand.letGoOn(strand);
        if (!strand.holdsResources()) {
          strand.close();
        }
      }
    }
  }

  /** It begins anew: the raises that its body was in are gone with it. */
  final void forgetRaises() {
    raises = 0;
  }

  /** Whether lastly has lowered what it was called for. */
  final boolean takeLowered() {
    boolean was = lowered;
    lowered = false;
    return was;
  }

  /**
   * Raises an error in another thread of this process. Its {@link #lastly} runs when it is that
   * thread's turn; if it lowers, the thread goes on where it was, waiting if it waited; if not, the
   * thread is over. An ended thread raises ESRCH here.
   *
   * @param thread one of this process
   * @param errno which one
   * @throws Exception what lastly throws
   */
  protected final void raiseAt(MicroThread thread, Errno errno) throws Exception {
    if (checked(thread).isEnded()) {
      raise(Errno.ESRCH);
      return;
    }
    home().threads.raiseAt(thread, errno.code());
  }

  /**
   * Sets until when this thread may wait, in whatever word that suspends: if it waits then, or
   * begins to later, ETIMEDOUT is raised in it as by {@link #raiseAt}. Lowered, it waits on, and
   * has no deadline until it sets another. One deadline is for all waits until it is set again; it
   * costs next to nothing to do that before each. A {@link #lastly} that waits after the end of the
   * body, or in place of it, is not told.
   *
   * <p>It holds for the output to a descriptor too: when it has passed and lastly waits for room
   * there, or the thread has ended, what the descriptor does not take at once is dropped. Nobody
   * who does not read holds a connection.
   *
   * <p>In the local executor, where a wait for a descriptor blocks all, it is looked at when the
   * thread is about to go on: a wait lasts longer, and one that nothing ends is not ended by it.
   *
   * @param deadline until when; {@link Deadline#NEVER} takes it back
   */
  protected final void deadline(Deadline deadline) {
    home().alarms.deadline(self(), deadline);
  }

  /**
   * Runs when an error was raised, when something went wrong, when the process ends around the
   * thread, and at its end in any case: then without an error. Whether there is one is told by
   * {@link #errno()}. May suspend.
   *
   * @throws Exception nothing that it can help: the thread is over then
   */
  protected void lastly() throws Exception {}

  /**
   * The twin of {@link #lastly()}, which the weaver overrides in classes that override that.
   *
   * @param context the calling thread's
   * @throws Exception what lastly throws
   */
  protected void lastly(Context context) throws Exception {
    lastly();
  }

  /**
   * In {@link #lastly}: once it returns, the thread goes on. After a raise, behind that raise;
   * after one by another thread, where it was; after a fault, from its last suspension, with its
   * locals as they were then, or from its beginning if it has not suspended, if that was in a call
   * of fibers, or if it runs on a stack of its own. The process ends around it all the same.
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
   * What went wrong, if {@link #errno()} is EFAULT: in this thread, or in another one if this is
   * the supervisor.
   *
   * @return null if nothing did, or if it was cleared
   */
  protected final @Nullable MicroFault fault() {
    return fault;
  }

  final void fault(MicroFault found) {
    fault = found;
  }

  /** Forgets the fault. */
  protected final void clearFault() {
    fault = null;
  }

  /** Logs the fault, if the present error is one, and forgets it. */
  protected final void sigerror() {
    MicroFault found = fault;
    if (found != null && errno == Errno.EFAULT.code()) {
      perror(found.description());
      clearFault();
    }
  }

  // ---- memory

  /**
   * Takes zeroed memory from the process's heap, page-aligned. If there is too little, logs of how
   * many pages the heap would have to be and raises ENOMEM; if that is lowered, tries once more.
   *
   * @param count how many
   * @param size of each, in bytes; raises ERANGE if the product is no number of bytes
   * @return a block that is this thread's until it frees it or ends
   * @throws Exception what lastly throws
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
    want("calloc of " + bytes + " bytes", bytes);
    MicroBlock block = heap.calloc(this, bytes);
    if (block == null) {
      throw new ThreadExit(label() + " has no memory left");
    }
    return block;
  }

  /** Has the heap set the pages of a pipe's ring aside; raises ENOMEM if it has not as many. */
  final void reserveRing() throws Exception {
    MicroHeap heap = home().heap;
    if (!heap.reserveRing()) {
      want("a pipe", ByteRing.BYTES);
      if (!heap.reserveRing()) {
        throw new ThreadExit(label() + " has no memory left");
      }
    }
  }

  private void want(String subject, long bytes) throws Exception {
    ThreadLog.line(
        self(),
        subject + ": the micro-heap needs page count of " + home().heap.neededPages(bytes) + "\n");
    raise(Errno.ENOMEM);
  }

  /**
   * Frees the newest block of this thread. Raises ERANGE if it has none.
   *
   * @throws Exception what lastly throws
   */
  protected final void free() throws Exception {
    if (home().heap.free(this)) {
      blocks--;
    } else {
      raise(Errno.ERANGE);
    }
  }
}
