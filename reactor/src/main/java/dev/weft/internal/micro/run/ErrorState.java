// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import org.jspecify.annotations.Nullable;

/**
 * The error of a thread, and its raises. A thread has one from its first error on, at the latest
 * from the start of its {@code lastly}.
 */
public final class ErrorState {
  /** A lastly that raises runs lastly again: the maximal depth. */
  private static final int RAISES_MAX = 16;

  private int errno;
  private boolean lowered;

  /** How many raises are running their lastly, nested in each other. */
  private int raises;

  /** The last exception that such a lastly has thrown. */
  private @Nullable Throwable lastlyFailure;

  private @Nullable Fault fault;

  // ---- the state of the body, while a lastly runs in its place

  /** Whether the body is to be resumed afterwards. */
  boolean bodyPlayed;

  int bodyStatus;
  private int bodyErrno;
  private boolean bodyLowered;

  /** The hosted strand of that lastly, if it makes fiber calls. */
  @Nullable MicroThreadStrand cleanupStrand;

  /** The last request whose answer that lastly has waited for. */
  @Nullable Message awaited;

  /** The current error, 0 if there is none. */
  public int errno() {
    return errno;
  }

  public void errno(int code) {
    errno = code;
  }

  /** Sets the error that lastly is run for, 0 for none. */
  void begin(int code) {
    errno = code;
    lowered = false;
  }

  // ---- raises

  /**
   * Begins to raise an error in the running thread.
   *
   * @return how many raises enclose this one
   */
  public int beginRaise(ThreadControl thread, int code) {
    int depth = raises;
    if (depth >= RAISES_MAX) {
      throw new ThreadExit("lastly of " + thread.label() + " raises each time that it runs");
    }
    raises = depth + 1;
    begin(code);
    return depth;
  }

  /** Ends a raise whose lastly has returned or thrown. */
  public void endRaise(int depth) {
    raises = depth;
  }

  public void lastlyFailed(Throwable failure) {
    lastlyFailure = failure;
  }

  /** Whether {@code failure} was thrown by a lastly that a raise of the body has run. */
  boolean isOfLastly(Throwable failure) {
    return failure == lastlyFailure;
  }

  /** Whether no raise is running. */
  public boolean isOutermost() {
    return raises == 0;
  }

  public boolean isLowered() {
    return lowered;
  }

  /** Restores the state of the enclosing lastly, after a raise in it. */
  public void restore(int code, boolean wasLowered) {
    errno = code;
    lowered = wasLowered;
  }

  /** Lowers the current error. */
  public void lower() {
    lowered = true;
    errno = 0;
  }

  /** Returns whether lastly has lowered its error, and resets that. */
  public boolean takeLowered() {
    boolean was = lowered;
    lowered = false;
    return was;
  }

  /** Forgets the raises of the body, which starts again. */
  void forgetRaises() {
    raises = 0;
  }

  // ---- a lastly in place of the body

  /** As {@link #begin}, in place of the body, which may itself be in a lastly. */
  void beginInPlace(int code) {
    bodyErrno = errno;
    bodyLowered = lowered;
    begin(code);
  }

  /** Restores the body's error state, before the body continues. */
  void endInPlace() {
    errno = bodyErrno;
    lowered = bodyLowered;
  }

  // ---- faults

  public @Nullable Fault fault() {
    return fault;
  }

  public void fault(@Nullable Fault found) {
    fault = found;
  }
}
