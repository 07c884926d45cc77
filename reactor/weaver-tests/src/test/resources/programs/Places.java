// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;
import java.util.ArrayList;
import java.util.List;

/** Suspending code in every place that can have code. */
class Places extends Routine {
  interface Task { void run() throws Exception; }
  interface Reader<T> { T read(); }

  interface WithDefault {
    int base();
    default int twiceLater() {
      Task t = () -> say("default" + twice(base()));
      try { t.run(); } catch (Exception e) { throw new IllegalStateException(e); }
      return hidden(() -> base() + twice(1));
    }
    private int hidden(Reader<Integer> r) { return r.read() + twice(0); }
    static Reader<String> later(String s) { return () -> str(s); }
  }

  enum Op implements Reader<Integer> {
    ADD { public Integer read() { return twice(1); } },
    SUB { public Integer read() { return -twice(2) + field.read(); } };
    final Reader<Integer> field = () -> twice(ordinal());
    static final Reader<String> CONSTANT = () -> str("constant");
  }

  record Counter(int from, int to) {
    Counter { Task unused = () -> pause(); }
    int total() { int sum = 0; for (int i = from; i < to; i++) sum += twice(i); return sum; }
    static Counter of(int n) { pause(); return new Counter(0, n); }
  }

  final Task fieldTask = () -> { pause(); say("field" + this.value); };
  static final Task STATIC_TASK;
  static { int k = 3; STATIC_TASK = () -> say("static" + twice(k)); }
  int value = 4;
  final List<Task> tasks = new ArrayList<>();

  Places() {
    this(5);
    tasks.add(() -> say("constructed" + twice(value)));
  }

  Places(int extra) {
    super();
    tasks.add(() -> say("extra" + twice(extra)));
  }

  class Inner {
    int more = 2;
    class Innermost {
      int sum() { return value + more + twice(1); }
      Reader<Integer> reader() { return () -> sum() + twice(more); }
    }
  }

  static class Generic<T extends Comparable<T>> {
    T best;
    <U extends T> T offer(U u, Reader<? extends T> other) {
      T o = other.read();
      if (best == null || best.compareTo(u) < 0) best = u;
      if (best.compareTo(o) < 0) best = o;
      return best;
    }
    class Cell { T get() { pause(); return best; } }
  }

  static abstract class Template {
    final String all() { return first() + second(); }
    protected abstract String first();
    protected String second() { return "second"; }
  }

  protected void run() throws Exception {
    for (Task task : tasks) task.run();
    fieldTask.run();
    STATIC_TASK.run();
    say(new WithDefault() { public int base() { return twice(3); } }.twiceLater());
    say(WithDefault.later("static").read());
    for (Op op : Op.values()) say(op.read());
    say(Op.CONSTANT.read());
    say(Counter.of(3).total());
    Inner.Innermost innermost = new Inner().new Innermost();
    say(innermost.sum() + innermost.reader().read());
    Generic<Integer> generic = new Generic<>();
    say(generic.offer(3, () -> twice(1)) + generic.offer(twice(4), () -> 1));
    say(generic.new Cell().get());
    say(new Template() { protected String first() { return str("first"); } @Override protected String second() { return super.second() + str("s"); } }.all());
    record Local(int x) { int later() { return twice(x); } }
    say(new Local(twice(6)).later());
    Task[] chain = new Task[1];
    chain[0] = () -> { if (value-- > 0) { pause(); chain[0].run(); } else say("chained"); };
    chain[0].run();
    Reader<Reader<Integer>> inAnonymous = () -> new Reader<>() { int n = value; public Integer read() { return n += twice(value + 7); } };
    say(inAnonymous.read().read());
    long big = 1L << 40; double d = 1e10; float f = 2.5f; char c = 'x'; boolean b = true; byte y = 7;
    Task wide = () -> say(big + d + f + (c + "") + b + y + wide(big, d));
    wide.run();
    assertLater: { if (twice(2) == 4) break assertLater; say("never"); }
    synchronized (this) { say("held" + value); }
    var list = List.of(1, 2, 3);
    int total = 0;
    for (var x : list) total += x > 1 ? twice(x) : x;
    say(total);
  }
}
