// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.diag.LeakWatch;
import java.util.List;
import java.util.function.Consumer;

/**
 * A resource that was not closed: a socket, listener, file or pipe that was still open when its
 * reactor was closed or when it became unreachable; or a suspended {@link Coroutine} or {@link
 * Generator} that became unreachable, whose {@code finally} blocks never run. The reactor has
 * closed the descriptor. See {@link ReactorOptions#leakHandler()}.
 */
public final class Leak {
  /** How a leak was found. */
  public enum Reason {
    /** It was open when its reactor was closed. */
    REACTOR_CLOSED,
    /** It became unreachable; found some time after a garbage collection. */
    GARBAGE
  }

  static final LeakWatch.Listener TO_LOG = listener(ReactorOptions::log);

  private final String resource;
  private final Reason reason;
  private final List<StackTraceElement> openedAt;

  private Leak(String resource, Reason reason, List<StackTraceElement> openedAt) {
    this.resource = resource;
    this.reason = reason;
    this.openedAt = List.copyOf(openedAt);
  }

  /** Passes what the library has found to a handler. */
  static LeakWatch.Listener listener(Consumer<? super Leak> handler) {
    return (resource, atClose, openedAt) ->
        handler.accept(
            new Leak(resource, atClose ? Reason.REACTOR_CLOSED : Reason.GARBAGE, openedAt));
  }

  /** One line, and the stack trace. */
  @Override
  public String toString() {
    String how =
        reason == Reason.GARBAGE
            ? " was not closed before it became garbage"
            : " was open when its reactor was closed";
    StringBuilder text = new StringBuilder(resource).append(how);
    openedAt.forEach(frame -> text.append("\n    at ").append(frame));
    return text.toString();
  }

  /** {@return what kind of resource, with its name or address if known} */
  public String resource() {
    return resource;
  }

  /** {@return how the leak was found} */
  public Reason reason() {
    return reason;
  }

  /**
   * {@return the stack trace of the call that opened it, innermost frame first. Empty unless the
   * JVM was started with {@code -Ddev.weft.trace.opens=true}, because traces are expensive}
   */
  public List<StackTraceElement> openedAt() {
    return openedAt;
  }
}
