// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;

class Recursion extends Routine {
  protected void run() {
    say(fib(8));
    say(tail(50));
    say(ackermann(2, 2));
    for (int i = 0; i < 3; i++) {
      a(i);
      say(b(i));
      c(i);
      say(d(3));
    }
    say("end");
  }

  static int fib(int n) {
    if (n < 2) { suspend(); return n; }
    return fib(n - 1) + fib(n - 2);
  }

  static int tail(int n) { return n == 0 ? twice(21) : tail(n - 1); }

  int ackermann(int m, int n) {
    suspend();
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
  }

  void a(int i) { pause(); say("a" + i); pause(); }
  int b(int i) { int x = twice(i); return twice(x); }
  void c(int i) { suspend(); if (i == 1) { suspend(); } else pause(); }
  int d(int n) { suspend(); return n == 0 ? awaitInt() : d(n - 1); }
}
