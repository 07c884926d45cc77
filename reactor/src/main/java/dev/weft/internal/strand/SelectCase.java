// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** One of the operations that a select waits for. */
public abstract class SelectCase {
  /** The value of an operation that has none. */
  public static final Object DONE = "done";

  /** Performs it if that is possible now; returns its value, or null if it is not possible. */
  public abstract @Nullable Object attempt();

  /** Adds {@code node} to the wait list that fires it when the operation may be possible. */
  public abstract void enlist(WaitNode node);

  /**
   * Returns the value that came with the firing of {@code node}; null if the operation has not been
   * performed and must be attempted again.
   */
  public abstract @Nullable Object accept(WaitNode node);

  /** Whether the firing of its node completes it. */
  public abstract boolean completesWhenFired();

  /** Notifies this case that {@code other} is in the same select. */
  public void linkClosedCase(SelectCase other) {}

  /** A case that takes {@code event}. */
  public static SelectCase of(Selectable event) {
    return new EventCase(event);
  }

  private static final class EventCase extends SelectCase {
    private final Selectable event;

    EventCase(Selectable event) {
      this.event = event;
    }

    @Override
    public @Nullable Object attempt() {
      return event.take() ? DONE : null;
    }

    @Override
    public void enlist(WaitNode node) {
      event.waiters().add(node);
    }

    @Override
    public @Nullable Object accept(WaitNode node) {
      return attempt();
    }

    @Override
    public boolean completesWhenFired() {
      return false; // another fiber may have taken it
    }
  }
}
