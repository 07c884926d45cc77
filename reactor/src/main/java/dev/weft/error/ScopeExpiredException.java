// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

import org.jspecify.annotations.Nullable;

/**
 * The deadline of a scope that the caller is in has passed: of a bundle, of the bundle that the
 * fiber was started in, or of a shielded cleanup. Every suspending call in that scope throws it
 * from then on, whatever deadline the call itself was given, so that the fiber leaves the scope.
 *
 * <p>It is not a {@link DeadlineExceededException}, which says that only the time of the one call
 * is up. So a loop that catches that one and tries again ends with its scope:
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
 * <p>Where scopes with deadlines are nested, the one around may be the one that has expired. {@code
 * Fiber.within} tells them apart: it throws a {@link DeadlineExceededException} for its own
 * deadline, and passes this exception on for any other.
 */
public final class ScopeExpiredException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Object scope;

  /**
   * Tells whose deadline has passed.
   *
   * @param message the call that was cut short, and the scope
   * @param scope the scope; null if the fiber has inherited the deadline
   */
  public ScopeExpiredException(String message, @Nullable Object scope) {
    super(message);
    this.scope = scope;
  }

  /**
   * Whether it was the deadline of a certain scope that has passed.
   *
   * @param candidate such as a bundle
   * @return true if {@code candidate} was opened by the fiber that got this exception, and its
   *     deadline was the first to pass of all around the call
   */
  public boolean isOf(Object candidate) {
    return candidate == scope;
  }
}
