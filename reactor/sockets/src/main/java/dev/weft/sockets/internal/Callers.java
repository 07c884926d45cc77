// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.Fiber;
import dev.weft.Reactor;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** Checks who calls a socket. */
public final class Callers {
  private Callers() {}

  /** Whether the calling thread runs a reactor or one of its fibers. */
  public static boolean haveReactor() {
    return reactor() != null;
  }

  /**
   * The reactor of the caller, or null. The caller is the one strand of it that runs from here on,
   * even if it has waited for a lock of the JDK.
   */
  private static @Nullable Reactor reactor() {
    try {
      return Reactor.current();
    } catch (WrongThreadException e) {
      return null;
    }
  }

  /** Whether the caller is a fiber with a stack, of {@code home}. */
  static boolean isFiberOf(Reactor home) {
    return Thread.currentThread().isVirtual() && reactor() == home;
  }

  /**
   * The reactor of the calling fiber.
   *
   * @throws SocketException if it is no fiber, or has no stack
   */
  static Reactor require(String verb) throws SocketException {
    Reactor reactor = reactor();
    if (reactor != null && Thread.currentThread().isVirtual()) {
      return reactor;
    }
    try {
      Fiber.current();
    } catch (WrongThreadException e) {
      throw new SocketException(
          verb
              + ": a socket of dev.weft.sockets must be used in a fiber, but was used on "
              + Thread.currentThread(),
          e);
    }
    throw new SocketException(
        verb
            + ": the fiber has no stack, since its task is woven, but the code of java.net between"
            + " is not: run it as a task that is not woven, or all with"
            + " ReactorOptions.withStackful(true)");
  }

  /**
   * Checks that the caller is a fiber with a stack, of {@code home}.
   *
   * @throws SocketException if it is not
   */
  static void requireFiberOf(Reactor home, String verb) throws SocketException {
    if (require(verb) != home) {
      throw new SocketException(
          verb
              + ": the socket belongs to another reactor than that of "
              + Thread.currentThread()
              + ": connections can't be shared by the fibers of several reactors");
    }
  }
}
