// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.access;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.queue.Clock;
import org.jspecify.annotations.Nullable;

/** Opens a reactor on a given backend and clock; for the test kit. */
public interface Opener {
  /** Opens a reactor on the calling thread; closes {@code backend} if that fails. See Reactor. */
  AutoCloseable open(Object options, Backend backend, Clock clock);

  /** Holds the opener that the class Reactor registers. */
  final class Registry {
    private static volatile @Nullable Opener opener;

    private Registry() {}

    /** Called by the static initialiser of the class Reactor. */
    public static void register(Opener registered) {
      opener = registered;
    }

    /** The registered opener. The class Reactor must have been initialised. */
    public static Opener opener() {
      Opener registered = opener;
      if (registered == null) {
        throw new IllegalStateException("the class of reactors has not been initialised");
      }
      return registered;
    }
  }
}
