// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

import org.jspecify.annotations.Nullable;

/**
 * The deadline of a scope around the call has passed: of a bundle, of the bundle that the fiber was
 * started in, or of a shielded cleanup. Every suspending call in that scope throws it from then on,
 * whatever the call's own deadline, so that the fiber leaves the scope.
 *
 * <p>It is not a {@link DeadlineExceededException}, which means that only the deadline of the one
 * call has passed. So a loop that catches that exception and retries ends with its scope:
 *
 * <p>
 *
 * {@snippet :
 * try (Bundle _ = Bundle.open(Deadline.after(Duration.ofSeconds(10)))) {
 *   while (true) {
 *     try {
 *       return channel.receive(Deadline.after(Duration.ofSeconds(1)));
 *     } catch (DeadlineExceededException e) {
 *       ping(); // nothing came for a second: try again
 *     }
 *   }
 * } catch (ScopeExpiredException e) {
 *   return null; // nothing came for ten seconds
 * }
 * }
 *
 * <p>If scopes with deadlines are nested, it may be the outer one that has expired. {@code
 * Fiber.within} distinguishes them: it throws a {@link DeadlineExceededException} for its own
 * deadline, and passes this exception on for any other.
 */
public final class ScopeExpiredException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Object scope;

  /**
   * Creates the exception.
   *
   * @param message the call that timed out, and the scope
   * @param scope the scope; null if the fiber has inherited the deadline
   */
  public ScopeExpiredException(String message, @Nullable Object scope) {
    super(message);
    this.scope = scope;
  }

  /**
   * Returns whether the deadline of a given scope has passed.
   *
   * @param candidate a scope, such as a bundle
   * @return true if the fiber that got this exception opened {@code candidate}, and of all
   *     deadlines around the call its deadline was the first to pass
   */
  public boolean isOf(Object candidate) {
    return candidate == scope;
  }
}
