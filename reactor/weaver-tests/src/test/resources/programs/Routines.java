// SPDX-License-Identifier: Apache-2.0
package p;

import dev.weft.routine.Routine;
import java.lang.ref.WeakReference;
import java.util.function.IntFunction;

/** Used by RoutinesTest, which finds lines by the comments at their ends. */
public class Routines {
  static class Failing extends Routine {
    int inner(int x) {
      Routine.suspend(); // inner suspends
      throw new IllegalStateException("failed"); // inner fails
    }

    int middle(int x) {
      int y = inner(x) + 1; // middle calls
      return y + x;
    }

    protected void run() {
      int z = middle(1); // run calls middle
      if (z > 0) Routine.suspend();
    }
  }

  static class Again extends Routine {
    void fail() {
      Routine.suspend();
      throw new IllegalStateException("again"); // fail fails
    }

    protected void run() {
      IllegalStateException kept = null;
      try {
        fail(); // run calls fail
      } catch (IllegalStateException e) {
        kept = e;
      }
      Routine.suspend();
      throw kept;
    }
  }

  public static class Dead extends Routine {
    public WeakReference<Object> reference;

    protected void run() {
      Object big = new byte[100];
      reference = new WeakReference<>(big);
      use(big);
      Routine.suspend();
      Routine.suspend();
    }

    void use(Object o) {
      Routine.suspend();
      o.hashCode();
    }
  }

  public static IntFunction<Routine> fill(String name) {
    return switch (name) {
      case "Flat" -> i -> new Flat(i, 2);
      case "Deep3" -> i -> new Deep3(i, 2);
      default -> i -> new Deep10(i, 2);
    };
  }

  /** Three ints: two of its own, and one that lives across the suspension. */
  static class Flat extends Routine {
    int a;
    int b;

    Flat(int a, int b) {
      this.a = a;
      this.b = b;
    }

    protected void run() {
      for (int i = 0; i < 3; i++) {
        Routine.suspend();
      }
    }
  }

  /** Calls below run, each with one int that lives across the suspension. */
  static class Deep3 extends Flat {
    Deep3(int a, int b) {
      super(a, b);
    }

    protected void run() {
      int result = down(1);
      a = result;
    }

    int down(int depth) {
      if (depth == 0) {
        for (int i = 0; i < 2; i++) {
          Routine.suspend();
        }
        return 0;
      }
      return down(depth - 1) + depth;
    }
  }

  static class Deep10 extends Deep3 {
    Deep10(int a, int b) {
      super(a, b);
    }

    protected void run() {
      int result = down(8);
      a = result;
    }
  }

  /** Fails below suspended callers, one of which catches that and fails of it. */
  static class Wrapping extends Routine {
    void low() {
      Routine.suspend();
      try {
        fail();
      } catch (UnsupportedOperationException e) {
        throw new IllegalArgumentException(e);
      }
    }

    void fail() {
      throw new UnsupportedOperationException();
    }

    void between() {
      low();
      fail();
    }

    void wrapping() {
      try {
        between();
      } catch (IllegalArgumentException e) {
        throw new IllegalStateException(e);
      }
    }

    protected void run() {
      wrapping();
      fail();
    }
  }
}
