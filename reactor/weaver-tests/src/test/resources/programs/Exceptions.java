// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;

class Exceptions extends Routine {
  static class Resource implements AutoCloseable {
    final String name;
    Resource(String name) { this.name = name; say("open" + name); }
    @Override public void close() {
      suspend();
      say("close" + name);
      if (name.equals("r1")) throw new IllegalStateException("close");
    }
  }

  protected void run() throws Exception {
    for (int i = 0; i < 3; i++) {
      try {
        say(boom(i));
      } catch (IllegalArgumentException e) {
        say(e.getMessage());
        suspend();
        say("caught");
      } finally {
        say("fin");
        suspend();
        say("fin2");
      }
    }
    try {
      try {
        say(boom(5));
      } finally {
        pause();
        say("inner");
      }
    } catch (RuntimeException e) {
      say(str(e.getMessage()));
    }
    say(ret(1));
    say(ret(2));
    try (Resource r = new Resource("r1"); Resource q = new Resource(str("r2"))) {
      say(twice(1));
      boom(7);
    } catch (Exception e) {
      say(e.getMessage() + e.getSuppressed().length);
    }
    try {
      deep(5);
    } catch (IllegalStateException e) {
      say(e.getCause().getMessage());
    }
    try {
      int[] none = null;
      none[twice(0)] = twice(1);
    } catch (NullPointerException e) {
      say("npe" + twice(2));
    }
    try {
      say(1 / (twice(0)));
    } catch (ArithmeticException | ClassCastException e) {
      say(e.getMessage());
    }
    synchronized (this) {
      say("held");
    }
    pause();
    throw new java.io.IOException(str("end"));
  }

  int ret(int x) {
    try {
      if (twice(x) == 2) return twice(100);
      say("no");
      return -1;
    } finally {
      suspend();
      say("ret");
    }
  }

  void deep(int n) {
    try {
      if (n == 0) boom(9);
      else deep(n - 1);
    } catch (IllegalArgumentException e) {
      if (n == 3) {
        suspend();
        throw new IllegalStateException(e);
      }
      throw e;
    }
  }
}
