// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;

/** A chain of calls, each of which has something to do when the innermost fails. */
class Unsaved extends Routine {
  static class Resource implements AutoCloseable {
    @Override public void close() {
      say("closing");
      suspend();
      say("closed");
    }
  }

  protected void run() {
    try {
      say(first(1));
    } catch (OutOfMemoryError e) {
      say(e.getMessage());
    } finally {
      say("last");
    }
    suspend();
    say("on");
    say(fourth(7));
  }

  int first(int x) {
    int before = x + 1;
    try (Resource r = new Resource()) {
      return before + second(x) * 2;
    } finally {
      say("first");
    }
  }

  static int second(int x) {
    for (int i = 0; ; i++) {
      try {
        return x + third(i);
      } catch (IllegalStateException e) {
        say(e.getMessage() + i);
        pause();
      } finally {
        say("second");
      }
    }
  }

  static int third(int x) {
    try {
      return x + fourth(x);
    } catch (OutOfMemoryError e) {
      say("third");
      if (x == 0) {
        throw new IllegalStateException("again");
      }
      throw e;
    } finally {
      pause();
      say("finally");
    }
  }

  static int fourth(int x) {
    try {
      return x + fifth(x);
    } finally {
      say("fourth");
    }
  }

  static int fifth(int x) {
    int got = awaitInt();
    return got - got + x;
  }
}
