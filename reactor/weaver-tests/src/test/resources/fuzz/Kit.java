// SPDX-License-Identifier: Apache-2.0
package fuzz;

import dev.weft.routine.Routine;

/** What generated programs are made of. */
public class Kit {
  public static final StringBuilder LOG = new StringBuilder();
  static int fuel;
  static int counter;
  static long total;

  /** Ends a program that runs for too long, woven or not at the same point. */
  static class OutOfFuel extends Error {}

  public abstract static class Program extends Routine {
    int field = 3;
    long wide = 5;
    String text = "f";
    int[] array = {1, 2, 3, 4};
    double[] doubles = {0.5, 1.5};
    String[] words = {"a", "b", "c"};

    abstract void body() throws Exception;

    protected void run() throws Exception {
      fuel = 150;
      counter = 0;
      total = 0;
      try {
        body();
      } catch (RuntimeException e) {
        say(e);
        suspend();
      } finally {
        say("end" + field + wide + text + array[0] + array[1] + array[2] + array[3]);
        say(doubles[0] + words[0] + words[1] + words[2] + counter + total);
      }
    }

    int virtual(int x) {
      return x + yInt(1);
    }
  }

  static void burn() {
    if (--fuel < 0) {
      throw new OutOfFuel();
    }
  }

  static void say(Object what) {
    if (LOG.length() < 20_000) {
      LOG.append(what).append(' ');
    }
  }

  static void yVoid() { burn(); Routine.suspend(); }
  static int yInt(int x) { burn(); Routine.suspend(); return x; }
  static long yLong(long x) { burn(); Routine.suspend(); Routine.suspend(); return x; }
  static float yFloat(float x) { burn(); Routine.suspend(); return x; }
  static double yDouble(double x) { burn(); Routine.suspend(); return x; }
  static boolean yBool(boolean x) { burn(); Routine.suspend(); return x; }
  static char yChar(char x) { burn(); Routine.suspend(); return x; }
  static byte yByte(byte x) { burn(); Routine.suspend(); return x; }
  static short yShort(short x) { burn(); Routine.suspend(); return x; }
  static String yText(String x) { burn(); Routine.suspend(); return x; }
  static int[] yArray(int[] x) { burn(); Routine.suspend(); return x; }
  static <T> T yAny(T x) { burn(); Routine.suspend(); return x; }
  static int sum(int... xs) { int s = 0; for (int x : xs) s += yInt(x); return s; }
  static int tail(int depth, int x) { burn(); return depth <= 0 ? yInt(x) : tail(depth - 1, x + 1); }
  static long deep(int depth, long x) { burn(); return depth <= 0 ? yLong(x) : deep(depth - 1, x) + 1; }
  static int waits() { burn(); return Routine.awaitInt(); }
  static String waitsAny() { burn(); return (String) Routine.await(); }

  static void may(int x) {
    yVoid();
    if (x > 4) {
      throw new IllegalStateException("may" + x);
    }
    if (x < -4) {
      throw new IllegalArgumentException("not" + x);
    }
  }

  static class Box {
    int n;
    String s;
    Box(int a, String b, long c) { n = a; s = b + c; }
    Box(Box b, double d) { n = b.n + (int) d; s = b.s; }
    int grow(int by) { n += yInt(by); return n; }
    public String toString() { return n + s; }
  }

  static Box box(int a, String b, long c) { return new Box(a, b, c); }

  static class Resource implements AutoCloseable {
    final String name;
    Resource(String name) { this.name = name; say("open" + name); }
    static Resource open(String name) { return new Resource(yText(name)); }
    public void close() {
      yVoid();
      say("close" + name);
      if (name.length() > 4) throw new IllegalStateException("close");
    }
  }

  record Pair(int a, String b) {}
  enum Suit { RED, GREEN, BLUE }
  sealed interface Shape { record Dot(int x) implements Shape {} record Line(int x, long y) implements Shape {} record Group(Shape in, String name) implements Shape {} }
  interface IntFunction { int apply(int x); default int again(int x) { return apply(apply(x)) + yInt(1); } }
  interface Source<T> { T get() throws Exception; }
  interface Mapper<A, B> { B map(A a); }

  static abstract class Base<T> { abstract T change(T t); T both(T t) { return change(yAny(change(t))); } }
  static class Ints extends Base<Integer> { Integer change(Integer i) { return i + yInt(1); } }
  static class Still extends Base<Integer> { Integer change(Integer i) { return i + 2; } }
  static class Over extends Ints { @Override Integer change(Integer i) { return super.change(i) * 2; } @Override Integer both(Integer i) { return super.both(i) + 1; } }
  static class Upon extends Still { @Override Integer change(Integer i) { return yInt(super.change(i)); } }
  static class Within extends Still { @Override Integer change(Integer i) { return super.change(i) + 1; } }
  static class Beyond extends Within { @Override Integer change(Integer i) { return yInt(1) + super.change(i); } }
  static Base<Integer> base(int x) { return switch (x & 7) { case 0 -> new Ints(); case 1 -> new Still(); case 2 -> new Upon(); case 3 -> new Within(); case 4 -> new Beyond(); default -> new Over(); }; }
  static Integer boxed(int x) { return yInt(x); }
  static int quiet(int x) { return x + 1; }
  static Shape shape(int x) { return switch (x & 3) { case 0 -> new Shape.Dot(x); case 1 -> new Shape.Line(x, 2L); case 2 -> new Shape.Group(new Shape.Dot(x), "g"); default -> new Shape.Group(new Shape.Line(x, x), "h"); }; }

  interface Named { String name(int x) throws Exception; default String twice(int x) throws Exception { return name(x) + sure(name(x + 1)); } private String sure(String s) { return yText(s); } }
  interface Left { default String name(int x) throws Exception { return "left" + yInt(x); } }
  interface Right { default String name(int x) throws Exception { return "right" + x; } default long deep(int n, long w) { return n == 0 ? yLong(w) : deep(n - 1, w + 1); } }
  interface Both extends Left, Right { @Override default String name(int x) throws Exception { return Left.super.name(x) + Right.super.name(yInt(x)); } }
  static class Upper implements Both { @Override public String name(int x) throws Exception { return Both.super.name(x) + yText("upper"); } }
  static class Lower extends Upper { @Override public String name(int x) throws Exception { return super.name(x + 1); } @Override public long deep(int n, long w) { return super.deep(n, yLong(w)) * 2; } }
  interface Rec<A, B> { B call(Rec<A, B> self, A a); }
  interface Fold<A, B> { B with(B b, A a); }
  enum Op { PLUS { int of(int a, int b) { return yInt(a) + b; } }, TIMES { int of(int a, int b) { return super.of(b, a) * yInt(b); } }; int of(int a, int b) { return yInt(a) - b; } }
  record Wrap<T>(T in) { static <T> Wrap<T> of(T t) { return new Wrap<>(yAny(t)); } public T in() { return yAny(in); } }
  record Counted(int n, long... more) { Counted { n = n & 15; } static Counted next(int n) { return new Counted(yInt(n), 1L, yLong(n)); } long total(int factor) { long sum = n; for (long each : more) sum += yLong(each) * factor; return sum; } }
  static class Outer { int n; Outer(int n) { this.n = n; } class Inner { int m; Inner(int m) { this.m = m; } int both() { return yInt(n++) + m; } } }
  static class Node<T extends Comparable<? super T>> implements Iterable<T> {
    final T value; final Node<T> next;
    Node(T value, Node<T> next) { this.value = value; this.next = next; }
    @SafeVarargs static <T extends Comparable<? super T>> Node<T> of(T... values) { Node<T> made = null; for (T value : values) made = new Node<>(yAny(value), made); return made; }
    <R extends Comparable<? super R>> Node<R> map(Mapper<? super T, ? extends R> f) { return new Node<>(f.map(value), next == null ? null : next.map(f)); }
    <B> B fold(B start, Fold<? super T, B> f) { B b = start; for (Node<T> at = this; at != null; at = at.next) b = f.with(b, at.value); return b; }
    T greatest() throws Exception { T best = yAny(value); if (next != null) { T other = next.greatest(); if (other.compareTo(best) > 0) best = other; } return best; }
    public java.util.Iterator<T> iterator() { java.util.List<T> all = new java.util.ArrayList<>(); for (Node<T> at = this; at != null; at = at.next) all.add(at.value); return all.iterator(); }
  }
  @SafeVarargs static <T> java.util.List<T> list(T... values) { java.util.List<T> made = new java.util.ArrayList<>(); for (T value : values) made.add(yAny(value)); return made; }
  static boolean may(int x, String text) { may(x); return yBool(text.length() > 2); }
  static boolean even(int n) { return n == 0 ? yBool(true) : odd(n - 1); }
  static boolean odd(int n) { return n == 0 ? yBool(false) : even(n - 1); }
  static int unwind(int depth, int x) throws Exception { try { if (depth == 0) { may(x); throw new Exception("bottom" + yInt(x)); } return unwind(depth - 1, x) + 1; } catch (IllegalStateException e) { if (x > 5) throw new Exception(e.getMessage() + depth, e); return yInt(depth); } finally { say("u" + yInt(depth)); } }
}
