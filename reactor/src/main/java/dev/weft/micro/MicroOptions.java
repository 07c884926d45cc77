// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.time.Duration;

/**
 * How to set up a micro-process.
 *
 * @param pages of how many pages of 4096 bytes its heap is: all that its threads take, and 8 for
 *     the rings of each socket
 * @param input the descriptor that its default socket reads; stays open
 * @param output the descriptor that its default socket writes; stays open
 * @param stackful whether its threads run on stacks of their own although they have been woven, as
 *     debuggers like it
 * @param budget how many times its threads are resumed before other processes get their turn
 * @param slabBytes the size of the reactor's slab, if this process is the first on it
 * @param hugePages whether that slab is to be on huge pages
 * @param userTimeout how long the peer of a TCP connection, accepted by a {@link MicroService} or
 *     opened by a thread, may take nothing of what has been sent to it before the system ends the
 *     connection with ETIMEDOUT (TCP_USER_TIMEOUT of tcp(7)); one that has taken all may be silent
 *     for as long as it likes. Zero leaves it to the system, which waits for ever for a peer that
 *     is there and reads nothing
 */
public record MicroOptions(
    int pages,
    int input,
    int output,
    boolean stackful,
    int budget,
    long slabBytes,
    boolean hugePages,
    Duration userTimeout) {
  private static final boolean STACKFUL = Boolean.getBoolean("dev.weft.micro.stackful");
  private static final int BUDGET = 256;
  private static final Duration USER_TIMEOUT_MAX = Duration.ofMillis(Integer.MAX_VALUE);
  private static final int STANDARD_INPUT = 0;
  private static final int STANDARD_OUTPUT = 1;

  /**
   * Options with bounds checked.
   *
   * @throws IllegalArgumentException if a number can't be
   */
  public MicroOptions {
    if (pages <= 0 || budget <= 0 || slabBytes <= 0) {
      throw new IllegalArgumentException(
          "pages, budget and slabBytes must be positive: "
              + pages
              + ", "
              + budget
              + ", "
              + slabBytes);
    }
    if (userTimeout.isNegative() || userTimeout.compareTo(USER_TIMEOUT_MAX) > 0) {
      throw new IllegalArgumentException(
          "userTimeout must be from 0 to " + USER_TIMEOUT_MAX + ": " + userTimeout);
    }
  }

  /**
   * The standard streams, and threads woven if they can be; the system property {@code
   * dev.weft.micro.stackful} makes them stackful everywhere.
   *
   * @param pages of how many pages the heap is
   * @return options for one or more processes
   */
  public static MicroOptions ofPages(int pages) {
    return new MicroOptions(
        pages,
        STANDARD_INPUT,
        STANDARD_OUTPUT,
        STACKFUL,
        BUDGET,
        PagePool.DEFAULT_BYTES,
        false,
        Duration.ZERO);
  }

  /**
   * The same with other descriptors.
   *
   * @param input what the default socket reads
   * @param output what it writes
   * @return changed options
   */
  public MicroOptions withDescriptors(int input, int output) {
    return new MicroOptions(
        pages, input, output, stackful, budget, slabBytes, hugePages, userTimeout);
  }

  /**
   * The same with threads on stacks of their own, or not.
   *
   * @param stackful whether they are to be
   * @return changed options
   */
  public MicroOptions withStackful(boolean stackful) {
    return new MicroOptions(
        pages, input, output, stackful, budget, slabBytes, hugePages, userTimeout);
  }

  /**
   * The same with another budget.
   *
   * @param budget resumes per dispatch
   * @return changed options
   */
  public MicroOptions withBudget(int budget) {
    return new MicroOptions(
        pages, input, output, stackful, budget, slabBytes, hugePages, userTimeout);
  }

  /**
   * The same with another slab.
   *
   * @param bytes its size
   * @param huge whether on huge pages
   * @return changed options
   */
  public MicroOptions withSlab(long bytes, boolean huge) {
    return new MicroOptions(pages, input, output, stackful, budget, bytes, huge, userTimeout);
  }

  /**
   * The same with a limit for peers that take nothing.
   *
   * @param limit up to 24 days, in milliseconds; zero for none
   * @return changed options
   */
  public MicroOptions withUserTimeout(Duration limit) {
    return new MicroOptions(pages, input, output, stackful, budget, slabBytes, hugePages, limit);
  }

  /** The same in the kernel's unit, for which a little is not nothing. */
  int userTimeoutMillis() {
    return userTimeout.isZero() ? 0 : (int) Math.max(userTimeout.toMillis(), 1);
  }
}
