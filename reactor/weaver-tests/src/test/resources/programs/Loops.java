// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;
import java.util.List;

class Loops extends Routine {
  protected void run() {
    for (int i = 0; i < 3; i++) {
      say(i);
      suspend();
      for (int j = 0; j < 2; j++) {
        say("j" + j);
        pause();
      }
    }
    int i = 10;
    do {
      i -= twice(i) / 4;
      say(i);
    } while (i > 2);
    for (String s : List.of("a", "b")) {
      suspend();
      say(str(s));
    }
    outer:
    for (int a = 0; ; a++) {
      for (int b = 0; b < 3; b++) {
        if (a + b == 3) break outer;
        if (b == 2) continue outer;
        say(a * 10 + twice(b));
      }
    }
    while (not(i > 5)) i += 2;
    goneBeforeTheSuspension();
    say(i + awaitInt() + awaitLong() + (String) await());
  }

  /** Neither counter of two loops, which have the same name, is live at the suspension. */
  private static void goneBeforeTheSuspension() {
    for (int i = 0; i < 2; i++) {
      say("once " + i);
    }
    for (int i = 0; i < 2; i++) {
      say("twice " + i);
    }
    suspend();
    say("gone");
  }
}
