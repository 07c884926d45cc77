// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Coroutine;
import dev.weft.Generator;
import org.jspecify.annotations.Nullable;

/**
 * Step 8: coroutines. A stackful, asymmetric coroutine runs on the thread that resumes it, with no
 * reactor. Values go in by resume and out by yield. A generator is one that can be iterated.
 */
final class Step08Coroutine {
  private record Tree(@Nullable Tree left, String name, @Nullable Tree right) {}

  static void main() {
    try (Generator<Long> numbers = fibonacci()) {
      for (long number : numbers) {
        System.out.println("fibonacci " + number);
        if (number > 5) {
          break; // close unwinds the body
        }
      }
    }
    Tree tree = new Tree(new Tree(null, "a", null), "b", new Tree(null, "c", null));
    for (String name : Generator.<String>of(out -> walk(tree, out))) {
      System.out.println("node " + name);
    }
    Coroutine<Integer, Integer, String> sum = Coroutine.of(Step08Coroutine::add);
    System.out.println("sums " + sum.start() + ", " + sum.resume(3) + ", " + sum.resume(4));
    System.out.println(sum.finish(0));
  }

  private static Generator<Long> fibonacci() {
    return Generator.of(
        out -> {
          for (long a = 0, b = 1; ; b += a, a = b - a) {
            out.yield(a);
          }
        });
  }

  /** A yield from any depth of recursion. */
  private static void walk(@Nullable Tree tree, Coroutine.Out<String, ?> out) {
    if (tree != null) {
      walk(tree.left, out);
      out.yield(tree.name);
      walk(tree.right, out);
    }
  }

  private static String add(Coroutine.Out<Integer, Integer> out) {
    int total = 0;
    for (int next; (next = out.yield(total)) != 0; ) {
      total += next;
    }
    return "the sum is " + total;
  }
}
