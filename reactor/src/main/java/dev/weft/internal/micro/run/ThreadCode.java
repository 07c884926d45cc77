// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.routine.Routine;

/** The user's code of micro-threads, of which the runtime knows only that they are routines. */
public interface ThreadCode {
  /** The name of {@code thread} in logs; may fail, as it is the user's. */
  String name(Routine thread);

  /** Returns a routine that runs the {@code lastly} of {@code thread}. */
  Routine lastly(Routine thread);
}
