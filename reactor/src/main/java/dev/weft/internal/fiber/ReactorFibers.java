// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;

/**
 * What the fibers of one reactor share: their loop, their numbers, the detached bundles and the
 * servers.
 */
public abstract class ReactorFibers {
  private final EventLoop loop;
  private long fibersStarted;

  /** Wraps around. */
  private int fibersEnded;

  /** The number of fibers that have not ended and are in no bundle. */
  private int roots;

  /** Whether a program runs the reactor step by step, and means to continue. */
  private boolean keepsWards;

  /** The detached bundles that no other bundle owns. */
  private final Wards wards = new Wards(null);

  private final Services services = new Services();

  protected ReactorFibers(EventLoop loop) {
    this.loop = loop;
    loop.extensions.put(Services.class, services);
  }

  public EventLoop loop() {
    return loop;
  }

  /** Whether a fiber that runs {@code task} needs no stack of its own. */
  protected abstract boolean runsStackless(Object task);

  /** Handles the failure of {@code fiber}, which no other fiber receives. Must not throw. */
  protected abstract void uncaught(Object fiber, Throwable failure);

  /** Starts a fiber that calls {@link #closeWards}. */
  protected abstract void startClosingWards();

  /** The detached bundles that the reactor owns. */
  public Wards wards() {
    return wards;
  }

  /** The servers that run on the reactor. */
  public Services services() {
    return services;
  }

  /** Closes the detached bundles that the reactor owns; called by a fiber. */
  public void closeWards() {
    Strand closer = Strand.require("close");
    for (BundleState ward; (ward = wards.newest()) != null; ) {
      ward.closeByReactor(closer);
    }
  }

  long nextFiberId() {
    return ++fibersStarted;
  }

  /** The number of fibers that have ended, the calling one included. */
  int nextEnd() {
    return ++fibersEnded;
  }

  void rootStarted() {
    roots++;
  }

  /** Sets whether detached bundles stay open when only their fibers are left. */
  public void keepWards(boolean keeps) {
    keepsWards = keeps;
  }

  /** Closes the reactor's detached bundles when only their fibers are left. */
  void rootEnded() {
    roots--;
    if (roots == 0 && !keepsWards && wards.newest() != null) {
      startClosingWards();
    }
  }
}
