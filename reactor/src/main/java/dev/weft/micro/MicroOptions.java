// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.io.SocketSetup;
import dev.weft.internal.micro.run.ProcessSettings;
import java.time.Duration;

/** Options of a micro-process. Immutable; start from {@link #ofPages}. */
public final class MicroOptions {
  private static final boolean STACKFUL = Boolean.getBoolean("dev.weft.micro.stackful");
  private static final int BUDGET = 256;

  /** Enough for 160 processes of 26 pages. */
  private static final long POOL_BYTES = 16L << 20;

  private static final SocketSetup CONNECTIONS = SocketSetup.NONE.with(SocketOption.NO_DELAY, 1);
  private static final Duration USER_TIMEOUT_MAX = Duration.ofMillis(Integer.MAX_VALUE);
  private static final int STANDARD_INPUT = 0;
  private static final int STANDARD_OUTPUT = 1;

  private final int pages;
  private final int input;
  private final int output;
  private final boolean stackful;
  private final int budget;
  private final long slabBytes;
  private final boolean hugePages;
  private final Duration userTimeout;

  /** What a process keeps of these options. */
  private final ProcessSettings settings;

  private MicroOptions(
      int pages,
      int input,
      int output,
      boolean stackful,
      int budget,
      long slabBytes,
      boolean hugePages,
      Duration userTimeout) {
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

    this.pages = pages;
    this.input = input;
    this.output = output;
    this.stackful = stackful;
    this.budget = budget;
    this.slabBytes = slabBytes;
    this.hugePages = hugePages;
    this.userTimeout = userTimeout;
    SocketSetup setup = CONNECTIONS.withUserTimeout(userTimeout);
    settings = new ProcessSettings(budget, stackful, setup);
  }

  /**
   * Returns options with the standard streams, and with woven threads where possible. The system
   * property {@code dev.weft.micro.stackful} makes all threads stackful.
   *
   * @param pages the size of the heap, in pages of 4096 bytes
   * @return options for any number of processes
   */
  public static MicroOptions ofPages(int pages) {
    return new MicroOptions(
        pages, STANDARD_INPUT, STANDARD_OUTPUT, STACKFUL, BUDGET, POOL_BYTES, false, Duration.ZERO);
  }

  /**
   * {@return these options with other descriptors}
   *
   * <p>They stay open when the process ends. Without io_uring, those from 3 on are opened a second
   * time, by the name {@code /dev/fd/N}: that is possible for files and pipes, but not for sockets.
   *
   * @param input the descriptor that the default socket reads
   * @param output the descriptor that it writes
   */
  public MicroOptions withDescriptors(int input, int output) {
    return new MicroOptions(
        pages, input, output, stackful, budget, slabBytes, hugePages, userTimeout);
  }

  /**
   * {@return these options with or without stackful threads}
   *
   * @param stackful whether threads run on stacks of their own
   */
  public MicroOptions withStackful(boolean stackful) {
    return new MicroOptions(
        pages, input, output, stackful, budget, slabBytes, hugePages, userTimeout);
  }

  /**
   * {@return these options with another budget}
   *
   * @param budget resumes per dispatch
   */
  public MicroOptions withBudget(int budget) {
    return new MicroOptions(
        pages, input, output, stackful, budget, slabBytes, hugePages, userTimeout);
  }

  /**
   * {@return these options with another page pool}
   *
   * @param bytes its size in bytes
   * @param huge whether it uses huge pages
   */
  public MicroOptions withSlab(long bytes, boolean huge) {
    return new MicroOptions(pages, input, output, stackful, budget, bytes, huge, userTimeout);
  }

  /**
   * {@return these options with another user timeout}
   *
   * @param limit up to 24 days, with a resolution of milliseconds; zero for none
   */
  public MicroOptions withUserTimeout(Duration limit) {
    return new MicroOptions(pages, input, output, stackful, budget, slabBytes, hugePages, limit);
  }

  ProcessSettings settings() {
    return settings;
  }

  /**
   * {@return the size of its heap, in pages of 4096 bytes: the blocks of its threads, and 8 pages
   * for the rings of each socket}
   */
  public int pages() {
    return pages;
  }

  /** {@return the descriptor that its default socket reads; it stays open} */
  public int input() {
    return input;
  }

  /** {@return the descriptor that its default socket writes; it stays open} */
  public int output() {
    return output;
  }

  /**
   * {@return whether its threads run on stacks of their own even if they have been woven, which
   * suits debuggers}
   */
  public boolean stackful() {
    return stackful;
  }

  /** {@return how many times its threads are resumed before other processes run} */
  public int budget() {
    return budget;
  }

  /**
   * {@return the size of the reactor's page pool in bytes, if this process is the reactor's first}
   */
  public long slabBytes() {
    return slabBytes;
  }

  /** {@return whether that page pool uses huge pages} */
  public boolean hugePages() {
    return hugePages;
  }

  /**
   * {@return how long the peer of a TCP connection, accepted by a {@link MicroService} or opened by
   * a thread, may acknowledge none of the data sent to it before the system ends the connection
   * with ETIMEDOUT (TCP_USER_TIMEOUT of tcp(7)); a peer that has received everything may be silent
   * indefinitely. Zero is the system's default, which waits indefinitely for a peer that is
   * reachable and reads nothing}
   */
  public Duration userTimeout() {
    return userTimeout;
  }

  @Override
  public String toString() {
    return "MicroOptions[pages="
        + pages
        + ", input="
        + input
        + ", output="
        + output
        + ", stackful="
        + stackful
        + ", budget="
        + budget
        + ", slabBytes="
        + slabBytes
        + ", hugePages="
        + hugePages
        + ", userTimeout="
        + userTimeout
        + "]";
  }
}
