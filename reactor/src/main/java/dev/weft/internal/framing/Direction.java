// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a stream of messages.
 *
 * <pre>
 *   IDLE -&gt; BUSY -&gt; IDLE
 *              \-&gt; ENDED      by agreement: nothing follows
 *              \-&gt; FAILED     in a message, so that what follows is not known to be one
 * </pre>
 */
public final class Direction {
  private enum State {
    IDLE,
    BUSY,
    ENDED,
    FAILED
  }

  private State state = State.IDLE;
  private @Nullable Throwable failure;

  /** Begins a call, which {@link #idle}, {@link #end} or {@link #fail} ends. */
  public void begin(String verb, Object name) throws ErrnoException {
    requireUsable(verb, name);
    state = State.BUSY;
  }

  /** Throws if a call is in progress or one has failed. */
  public void requireUsable(String verb, Object name) throws ErrnoException {
    if (state == State.BUSY) {
      throw new IllegalStateException(verb + " " + name + ": another fiber is in such a call");
    }
    if (state == State.FAILED) {
      // The failure was thrown already; here it is the reason.
      ErrnoException reset = new ErrnoException(verb, name.toString(), Errno.ECONNRESET.code());
      reset.initCause(failure);
      throw reset;
    }
  }

  /** The call has transferred its message. */
  public void idle() {
    assert state == State.BUSY : state;
    state = State.IDLE;
  }

  /** The direction has ended. */
  public void end() {
    state = State.ENDED;
  }

  /** The call has failed, so the direction has. */
  public void fail(Throwable cause) {
    assert state == State.BUSY : state;
    state = State.FAILED;
    failure = cause;
  }

  public boolean isBusy() {
    return state == State.BUSY;
  }

  public boolean hasEnded() {
    return state == State.ENDED;
  }
}
