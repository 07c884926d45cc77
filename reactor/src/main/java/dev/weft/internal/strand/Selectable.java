// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.access.Accessors;

/** Something that a choice can wait for, inside an object of a public type. */
public interface Selectable {
  /** Where to find it in such objects. */
  Accessors<Selectable> IN = new Accessors<>();

  /** Whose strands may wait for it. */
  EventLoop loop();

  /** The list that is woken when it may be had. */
  WaitList waiters();

  /** Has it, if it is to be had now. */
  boolean take();
}
