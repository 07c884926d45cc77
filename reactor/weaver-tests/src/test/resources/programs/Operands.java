// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;
import java.util.Arrays;

class Operands extends Routine {
  long f = 5;
  int[] arr = {1, 2, 3};
  long[] longs = {1, 2, 3};
  String[][] grid = {{"a", "b"}, {"c", null}};
  String s = "x";
  static double total = 1;

  static class Box {
    final String v;
    Box(String a, int b, long c, double d) { v = a + b + c + d; }
    Box(Box in, int x) { v = "[" + in.v + x + "]"; }
    public String toString() { return v; }
  }

  record Point(int x, int y, String s) {}

  /** What javac does around a try in an argument is to put the operands into locals. */
  private static Point withTry(int kind) {
    return new Point(
        twice(1),
        switch (kind) {
          case 0 -> {
            try {
              yield twice(boom(kind + 2));
            } catch (IllegalArgumentException e) {
              yield twice(5);
            } finally {
              str("never said");
            }
          }
          case 1 -> {
            try {
              yield Integer.parseInt(str("4"));
            } catch (NumberFormatException e) {
              yield 7;
            }
          }
          default -> kind;
        },
        str("t"));
  }

  static <T extends Comparable<T>> T max(T a, T b) {
    suspend();
    return a.compareTo(b) > 0 ? a : b;
  }

  protected void run() {
    total = 1;
    say(1 + twice(3) * twice(twice(1)) + "z" + twice(9));
    say(f + wide(10L, 2.5) * 2 + twice(1));
    arr[twice(1)] += twice(4);
    say(Arrays.toString(arr));
    longs[twice(0)] += wide(1, 1);
    longs[1] -= longs[twice(1)]++ * wide(2, 2);
    say(Arrays.toString(longs));
    grid[twice(0) + 1][0] += str("g");
    say(Arrays.deepToString(grid));
    f += twice(7);
    total *= dbl(2) + flt(1);
    say(f + total);
    s += str("q");
    say(s);
    say(String.format("%s %s %s", 1.5 + dbl(2) * flt(3f), str("k"), new int[] {twice(1), twice(2)}[1]));
    say(new Box("n", twice(2), wide(1, 1), dbl(0)));
    say(new Box(new Box(str("m"), 1, 2, 3), twice(5)));
    say(new Box(new Box(new Box(str("m"), twice(1), wide(3, 3), 3), twice(5)), not(true) ? 1 : twice(3)));
    say(new Point(twice(1), twice(2), not(false) ? str("t") : str("f")));
    say(new StringBuilder(str("sb")).append(twice(8)).append(new Object[] {str("o"), null}.length));
    int x = 4;
    x = x++ + twice(x--) + ++x;
    say(x);
    say(not(false) && twice(1) > 1 || not(not(true)));
    Object o = null;
    say(max("a", str("b")) + max(twice(3), 4) + o);
    say(ints(twice(1), 2, twice(3))[2]);
    suspend();
    if (o == null) say("null ok");
    say(small((byte) 127) + next('a') + half((short) -5) + "" + next('b'));
    new Box(str("unused"), 1, 2, 3);
    say(withTry(0) + "" + withTry(1) + withTry(2));
    int[][] made = new int[twice(1)][twice(1)];
    made[1][1] = twice(3);
    say(Arrays.deepToString(made) + (char) twice(33) + (Integer) twice(4) + (long) flt(2.5f));
  }
}
