// SPDX-License-Identifier: Apache-2.0
package programs;

import dev.weft.routine.Routine;

/** What programs say, and helpers that suspend. */
public final class Log {
  public static final StringBuilder LOG = new StringBuilder();

  private Log() {}

  static void say(Object what) {
    LOG.append(what).append(' ');
  }

  static int twice(int x) {
    Routine.suspend();
    return 2 * x;
  }

  static long wide(long a, double d) {
    long b = a + 1;
    Routine.suspend();
    double e = d * 2;
    Routine.suspend();
    return b + (long) e;
  }

  static float flt(float f) {
    Routine.suspend();
    return f + 0.5f;
  }

  static double dbl(double d) {
    Routine.suspend();
    return d + 0.25;
  }

  static String str(String s) {
    Routine.suspend();
    return s + "!";
  }

  static boolean not(boolean b) {
    Routine.suspend();
    return !b;
  }

  static byte small(byte b) {
    Routine.suspend();
    return (byte) (b + 1);
  }

  static char next(char c) {
    Routine.suspend();
    return (char) (c + 1);
  }

  static short half(short s) {
    Routine.suspend();
    return (short) (s / 2);
  }

  static int[] ints(int... values) {
    Routine.suspend();
    return values;
  }

  static void pause() {
    Routine.suspend();
  }

  static int boom(int x) {
    Routine.suspend();
    if (x > 1) {
      throw new IllegalArgumentException("boom" + x);
    }
    return x;
  }
}
