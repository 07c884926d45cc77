// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.net;

import static java.net.StandardProtocolFamily.INET;
import static java.net.StandardProtocolFamily.INET6;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.FiberTask;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.internal.failure.Failures;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Happy Eyeballs version 2 (RFC 8305): connects to the first address of a host that answers. Both
 * families are looked up at the same time. Attempts alternate between the families, IPv6 first, and
 * start one after the other, each while the earlier ones continue. The first that succeeds ends the
 * others.
 *
 * @param <T> a connection
 */
public final class HappyEyeballs<T> {
  /** RFC 8305, section 3: how long IPv4 addresses wait for those of IPv6. */
  public static final Duration RESOLUTION_DELAY = Duration.ofMillis(50);

  /** RFC 8305, section 5: how long an attempt is alone before the next one starts. */
  public static final Duration ATTEMPT_DELAY = Duration.ofMillis(250);

  /** More attempts wait until one of these has failed. */
  private static final int ATTEMPTS_AT_ONCE_MAX = 32;

  /** Finds the addresses of one family. */
  @FunctionalInterface
  public interface Lookup {
    /** Whether {@link #addresses}, or the connector, can't suspend without a stack. */
    default boolean needsStack() {
      return false;
    }

    List<InetAddress> addresses(StandardProtocolFamily family, Deadline deadline)
        throws IOException;
  }

  /** Opens connections. */
  public interface Connector<T> {
    T connect(InetAddress address, Deadline deadline) throws IOException;

    /** Closes a connection that is not needed. */
    void discard(T connection);
  }

  /** The addresses of one family that have not been tried yet. */
  private static final class Candidates {
    final StandardProtocolFamily family;
    final Queue<InetAddress> addresses = new ArrayDeque<>();

    /** Whether the lookup has ended. */
    boolean arrived;

    Candidates(StandardProtocolFamily family) {
      this.family = family;
    }
  }

  private final String target;
  private final Lookup lookup;
  private final Connector<T> connector;
  private final Deadline deadline;

  /** Has a value when something has happened that the calling fiber must react to. */
  private final Channel<Boolean> changed = Channel.buffered(1);

  private Candidates next = new Candidates(INET6);
  private Candidates other = new Candidates(INET);
  private final List<Exception> failedLookups = new ArrayList<>();
  private final List<Exception> failedAttempts = new ArrayList<>();
  private int running;
  private @Nullable T winner;

  /** When the next attempt may start although others are running. */
  private Deadline pause = Deadline.NOW;

  private HappyEyeballs(String target, Lookup lookup, Connector<T> connector, Deadline deadline) {
    this.target = target;
    this.lookup = lookup;
    this.connector = connector;
    this.deadline = deadline;
  }

  /**
   * Connects. Suspends.
   *
   * @param target host and port, for messages
   */
  public static <T> T connect(
      String target, Lookup lookup, Connector<T> connector, Deadline deadline) throws IOException {
    return new HappyEyeballs<>(target, lookup, connector, deadline).connect();
  }

  private T connect() throws IOException {
    boolean ended = false;
    try {
      T connection = race();
      ended = true;
      return connection;
    } finally {
      if (!ended && winner != null) { // the caller was cancelled meanwhile
        connector.discard(winner);
      }
    }
  }

  private T race() throws IOException {
    T connection;
    try (Bundle race = Bundle.open()) {
      Candidates ipv6 = next;
      Candidates ipv4 = other;
      start(race, "lookup " + ipv6.family, () -> look(ipv6));
      start(race, "lookup " + ipv4.family, () -> look(ipv4));
      awaitAddresses(ipv6, ipv4);
      while ((connection = winner) == null) {
        Deadline wake = startNext(race);
        if (running == 0 && next.arrived && other.arrived) {
          throw failure();
        }
        await(wake);
      }
    } // the other attempts are cancelled here, and have ended
    return connection;
  }

  // ---- lookups

  private void start(Bundle race, String name, FiberTask task) {
    race.go(name, lookup.needsStack() ? UserCode.onStack(task) : task);
  }

  private void look(Candidates candidates) {
    try {
      candidates.addresses.addAll(lookup.addresses(candidates.family, deadline));
    } catch (IOException | DeadlineExceededException e) {
      failedLookups.add(e);
    }
    candidates.arrived = true;
    changed.trySend(true);
  }

  /** Waits for addresses of IPv6, or of IPv4 if those of IPv6 do not arrive soon after. */
  private void awaitAddresses(Candidates ipv6, Candidates ipv4) {
    Deadline grace = Deadline.NEVER;
    while (!ipv6.arrived && !grace.hasPassed()) {
      await(grace);
      if (grace.equals(Deadline.NEVER) && !ipv4.addresses.isEmpty()) {
        grace = Deadline.after(RESOLUTION_DELAY);
      }
    }
  }

  // ---- attempts

  /** Starts an attempt if it is time to; returns when it will be. */
  private Deadline startNext(Bundle race) {
    if (noneIsLeft() || running == ATTEMPTS_AT_ONCE_MAX) {
      return Deadline.NEVER;
    }
    if (running > 0 && !pause.hasPassed()) {
      return pause;
    }
    if (next.addresses.isEmpty()) {
      swap();
    }
    InetAddress address = next.addresses.remove();
    swap();
    running++;
    pause = Deadline.after(ATTEMPT_DELAY);
    start(race, "connect " + address.getHostAddress(), () -> attempt(address));
    return noneIsLeft() ? Deadline.NEVER : pause;
  }

  private boolean noneIsLeft() {
    return next.addresses.isEmpty() && other.addresses.isEmpty();
  }

  private void swap() {
    Candidates last = next;
    next = other;
    other = last;
  }

  private void attempt(InetAddress address) {
    T connection = null;
    try {
      connection = connector.connect(address, deadline);
    } catch (IOException | DeadlineExceededException e) {
      failedAttempts.add(e);
      pause = Deadline.NOW; // the next one need not wait
    }
    running--;
    if (connection != null) {
      win(connection);
    }
    changed.trySend(true);
  }

  private void win(T connection) {
    if (winner == null) {
      winner = connection;
    } else {
      connector.discard(connection);
    }
  }

  /** Waits until something has happened, or until {@code wake}. */
  private void await(Deadline wake) {
    boolean isLast = deadline.compareTo(wake) <= 0;
    boolean happened =
        Choose.<Boolean>inOrder()
            .receive(changed, value -> true)
            .timeout(wake.min(deadline), () -> false)
            .await();
    if (!happened && isLast) {
      throw expired();
    }
  }

  // ---- failures

  private DeadlineExceededException expired() {
    DeadlineExceededException expired =
        new DeadlineExceededException("connect " + target + ": deadline exceeded");
    suppressAll(expired);
    return expired;
  }

  private Exception failureOfLookups() {
    if (failedLookups.isEmpty()) {
      return new UnknownHostException(target + ": the host has no address");
    }
    return failedLookups.removeFirst();
  }

  private IOException failure() {
    if (deadline.hasPassed()) {
      throw expired();
    }
    Exception first = failedAttempts.isEmpty() ? failureOfLookups() : failedAttempts.getFirst();
    if (failedAttempts.isEmpty()) {
      suppressAll(first);
      throw Failures.unchecked(first);
    }
    IOException failure =
        first instanceof ErrnoException known
            ? new ErrnoException("connect", target, known.code())
            : new IOException("connect " + target + ": " + first.getMessage());
    suppressAll(failure);
    return failure;
  }

  private void suppressAll(Exception failure) {
    failedAttempts.forEach(failure::addSuppressed);
    failedLookups.forEach(other -> Failures.suppress(failure, other));
  }
}
