// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

/** Something that happens once, and that strands of any reactor and threads wait for. */
public final class CrossThreadLatch {
  private volatile boolean released;

  private final CrossThreadCondition condition =
      new CrossThreadCondition() {
        @Override
        protected boolean attempt(long wanted) {
          return released;
        }
      };

  /** Ends all waits, present and future. May be called from any thread, again and again. */
  public void release() {
    released = true;
    condition.wakeAll();
  }

  public boolean isReleased() {
    return released;
  }

  /**
   * Waits for the release. Suspends a strand, blocks a thread.
   *
   * @throws WrongThreadException if the caller is a reactor's thread outside any fiber, which must
   *     not block
   */
  public void await(String verb, Object subject, long deadline) {
    condition.await(verb, subject, 0, deadline, false);
  }

  /** As {@link #await}, but neither a cancel nor an interrupt ends the wait. */
  public void awaitShielded(String verb, Object subject, long deadline) {
    condition.await(verb, subject, 0, deadline, true);
  }
}
