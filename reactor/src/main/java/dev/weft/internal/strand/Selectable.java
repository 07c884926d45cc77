// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.access.Accessors;

/** The internal side of a public object that a select can wait for. */
public interface Selectable {
  /** Returns the selectable of such a public object. */
  Accessors<Selectable> IN = new Accessors<>();

  /** The loop whose strands may wait for it. */
  EventLoop loop();

  /** The list that is woken when {@link #take} may succeed. */
  WaitList waiters();

  /** Takes it if it is available now; returns whether it was. */
  boolean take();
}
