// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;
import java.util.List;

class Lambdas extends Routine {
  interface Visitor<T> { void visit(T t); }
  interface Source<R> { R get() throws Exception; }
  interface IntFunction { int apply(int x); }
  interface LongFunction { long apply(int x); }
  interface Maker<T> { T make(int x); }
  interface Binary<A, B, R> { R of(A a, B b); }
  interface ToLong<T> { long apply(T t); }
  interface Test { boolean is(boolean x); }
  interface Marker {}
  interface Special<T> extends Visitor<T> { void visit(T t); }
  interface StringVisitor extends Visitor<String> { void visit(String s); }

  int n;

  static class Made {
    final int x;
    Made(int x) { this.x = x; }
    int more(int y) { return x + twice(y); }
  }

  void each(Visitor<String> v) { v.visit("one"); v.visit("two"); }
  void both(StringVisitor v) { each(v); v.visit("three"); }
  Object get(Source<?> s) throws Exception { return s.get(); }
  int apply(IntFunction f, int x) { return f.apply(x) + f.apply(x + 1); }
  long applyLong(LongFunction f, int x) { return f.apply(x); }
  <T> T make(Maker<T> m, int x) { T t = m.make(x); suspend(); return t; }
  void method(String s) { suspend(); say("method" + s); }
  static int doubled(int x) { return twice(x); }
  int sum(int x) { return n + twice(x); }

  protected void run() throws Exception {
    int k = 7;
    each(s -> { say(s + k); suspend(); n += k; say("after" + n); });
    each(this::method);
    each(s -> say("plain" + s));
    both(s -> { pause(); say("b" + s); });
    say(get(() -> twice(4) + k));
    say(get(() -> { if (k == 7) throw new IllegalStateException(str("thrown")); return 1; }, "x"));
    say(apply(Lambdas::doubled, 3));
    say(apply(this::sum, 5));
    say(applyLong(Lambdas::doubled, 8));
    Source<Integer> boxed = () -> doubled(21);
    say(boxed.get());
    Maker<Integer> reference = Lambdas::doubled;
    say(make(reference, 6));
    Maker<Made> constructor = Made::new;
    say(make(constructor, 9).x);
    Maker<int[]> array = int[]::new;
    say(make(array, 4).length);
    Maker<Made> suspendingMaker = x -> new Made(twice(x));
    say(suspendingMaker.make(2).x);
    Binary<Made, Integer, Integer> unbound = Made::more;
    say(unbound.of(new Made(1), 2));
    Visitor<String> marked = (Visitor<String> & Marker) s -> say(str(s));
    say(marked instanceof Marker);
    marked.visit("marked");
    Source<Source<String>> nested = () -> () -> str("deep" + twice(k));
    say(nested.get().get());
    IntFunction recursive = new IntFunction() { public int apply(int x) { return x == 0 ? 0 : twice(1) + this.apply(x - 1); } };
    say(recursive.apply(3));
    LongFunction fromGeneric = Lambdas::same;
    say(fromGeneric.apply(5));
    ToLong<Integer> fromBox = Lambdas::same;
    say(fromBox.apply(6));
    Maker<Object> toObject = Lambdas::letter;
    say(toObject.make(1));
    LongFunction fromLetter = Lambdas::letter;
    say(fromLetter.apply(2));
    Binary<Byte, Short, Double> widened = Lambdas::product;
    say(widened.of((byte) 3, (short) 4));
    Test test = Lambdas::same;
    say(test.is(true));
    Visitor<Object> ignoring = Lambdas::identity;
    ignoring.visit("void");
    say(List.of(1, 2, 3).stream().map(x -> x + k).toList());
  }

  static <T> T same(T t) { pause(); return t; }
  static char letter(int x) { return (char) ('a' + twice(x)); }
  static double product(long a, double b) { return wide(a, b) * 1.5; }

  static Object identity(Object o) { pause(); say("identity"); return o; }

  Object get(Source<?> s, String unused) {
    try { return s.get(); } catch (Exception e) { return "caught " + e.getMessage(); }
  }
}
