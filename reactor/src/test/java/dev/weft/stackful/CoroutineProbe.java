// SPDX-License-Identifier: Apache-2.0
package dev.weft.stackful;

import dev.weft.Coroutine;

/** The program of {@link CoroutineAccessTest}: prints what a coroutine yields, or its exception. */
final class CoroutineProbe {
  private CoroutineProbe() {}

  public static void main(String[] arguments) {
    Object held = new Object();
    try (Coroutine<Integer, Integer, Void> coroutine = Coroutine.of(CoroutineProbe::sum)) {
      synchronized (held) {
        coroutine.start();
        int sum = 0;
        for (int i = 1; i <= 100; i++) {
          Integer yielded = coroutine.resume(i);
          sum = yielded == null ? -1 : yielded;
        }
        print("sum", sum);
        print("held", Thread.holdsLock(held));
      }
    } catch (UnsupportedOperationException e) {
      print("refused", e.getMessage());
    }
  }

  private static Void sum(Coroutine.Out<Integer, Integer> out) {
    for (int sum = 0; ; ) {
      sum += out.yield(sum);
    }
  }

  private static void print(String what, Object value) {
    System.out.println(what + ": " + value);
  }
}
