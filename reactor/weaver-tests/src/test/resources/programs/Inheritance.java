// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;

class Inheritance extends Routine {
  interface Visitor<T> {
    void visit(T t);
    default int twiceOver(T t) { visit(t); suspend(); visit(t); return hidden() + 2; }
    private int hidden() { suspend(); return 0; }
    static int open() { return twice(3); }
  }

  static abstract class Node {
    abstract int sum();
    void all(Visitor<String> v) { v.visit("node"); }
  }

  static class Leaf extends Node {
    final int v;
    Leaf(int v) { this.v = v; }
    int sum() { return v; }
  }

  static class Fork extends Node {
    final Node l, r;
    Fork(Node l, Node r) { this.l = l; this.r = r; }
    int sum() { suspend(); return l.sum() + r.sum(); }
    @Override void all(Visitor<String> v) { super.all(v); v.visit("fork"); }
  }

  static class Named implements Visitor<Integer> {
    public void visit(Integer i) { say(i + twice(i)); }
  }

  static class A { private int f() { return twice(1); } int callA() { return f(); } }
  static class B extends A { private int f() { return twice(2); } int callB() { return f() + super.callA(); } }

  static class Implementation { public void visit(Long l) { say("l" + wide(l, 1)); } }
  interface LongVisitor { void visit(Long l); }
  static class Joined extends Implementation implements LongVisitor {}

  static abstract class Covariant { abstract Object get(); }
  static class Strings extends Covariant { @Override String get() { return str("covariant"); } }

  protected void run() {
    say(new Fork(new Fork(new Leaf(1), new Leaf(2)), new Fork(new Leaf(3), new Leaf(4))).sum());
    say(new Named().twiceOver(4));
    Visitor<Integer> v = new Named();
    v.visit(7);
    say(Visitor.open());
    say(new B().callB());
    LongVisitor joined = new Joined();
    joined.visit(5L);
    Covariant c = new Strings();
    say(c.get());
    new Fork(null, null).all(new Visitor<>() { public void visit(String s) { say(str(s)); } });
    class Local { int x = 5; int more(int y) { return x + twice(y); } }
    say(new Local().more(3));
  }

  static class Base extends Routine {
    String a = "base";
    protected void run() { say(a); suspend(); say(str(a)); }
  }

  static class Derived extends Base {
    protected void run() { int x = twice(4); super.run(); say("derived" + x); suspend(); }
  }

  static class Quiet extends Base {
    protected void run() { say("quiet"); }
  }

  static abstract class Generator<T> extends Routine {
    T next;
    protected void emit(T t) { next = t; say(t); suspend(); }
  }

  static class Tree extends Generator<Integer> {
    protected void run() { walk(1, 8); }
    void walk(int lo, int hi) {
      if (lo >= hi) return;
      int mid = (lo + hi) >>> 1;
      walk(lo, mid);
      emit(mid);
      walk(mid + 1, hi);
    }
  }
}
