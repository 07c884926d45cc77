// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.access;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.queue.Clock;
import org.jspecify.annotations.Nullable;

/** The way to a reactor on another backend and clock than the system's, for the test kit alone. */
public interface Opener {
  /** Opens a reactor on the calling thread, closes {@code backend} if it can't; see Reactor. */
  AutoCloseable open(Object options, Backend backend, Clock clock);

  /** Holds the one that the class of reactors has registered. */
  final class Registry {
    private static volatile @Nullable Opener opener;

    private Registry() {}

    /** Called by the static initialiser of the class of reactors. */
    public static void register(Opener registered) {
      opener = registered;
    }

    /** The way in; the class of reactors must have been initialised. */
    public static Opener opener() {
      Opener registered = opener;
      if (registered == null) {
        throw new IllegalStateException("the class of reactors has not been initialised");
      }
      return registered;
    }
  }
}
