// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import dev.weft.weaver.tests.ProgramGenerator.Variable;
import java.util.ArrayList;
import java.util.List;

/** Statements of whole constructs: generics, patterns, captured values, jumps out of a finally. */
final class Constructs {
  private final ProgramGenerator program;

  Constructs(ProgramGenerator program) {
    this.program = program;
  }

  /** Appends one to the program. */
  void statement(int depth, boolean hasFields) {
    switch (program.pick(depth > 0 ? 14 : 7)) {
      case 0 -> generics();
      case 1 -> patterns();
      case 2 -> tryInArgument();
      case 3 -> inheritance();
      case 4 -> recursion();
      case 5 -> operands(hasFields);
      case 6 -> places();
      case 7, 8 -> closure(depth, hasFields);
      case 9, 10 -> jumps(depth, hasFields);
      case 11 -> resources(depth, hasFields);
      case 12 -> untilDone(depth, hasFields);
      default -> localClass(depth, hasFields);
    }
  }

  private void add(String text) {
    program.line(text);
  }

  private String e(ValueType type) {
    return program.expression(type, 1);
  }

  private String oneOf(String... choices) {
    return program.pick(List.of(choices));
  }

  private void generics() {
    String node = program.fresh("g");
    add(
        "Node<Integer> %s = Node.of(%s, yInt(%s));"
            .formatted(node, e(ValueType.INT), e(ValueType.INT)));
    add("say(%s.map(x -> x + yInt(1)).map(x -> \"m\" + yAny(x)).greatest());".formatted(node));
    add(
        "say(%s.fold(yLong(%s), (sum, x) -> sum + yInt(x)) + %s.<Long>map(x -> yLong(x)).greatest());"
            .formatted(node, e(ValueType.LONG), node));
    add(
        "for (Integer x : %s) { if (yInt(x) > %s) break; say(x); }"
            .formatted(node, e(ValueType.INT)));
  }

  private void patterns() {
    String object = program.fresh("o");
    add(
        "Object %s = %s;"
            .formatted(
                object,
                oneOf(
                    "shape(" + e(ValueType.INT) + ")",
                    "yAny((Object) " + e(ValueType.LONG) + ")",
                    "new Pair(yInt(3), " + e(ValueType.TEXT) + ")",
                    "yAny(null)",
                    "Op.TIMES",
                    "Wrap.of(Wrap.of(" + e(ValueType.INT) + "))")));
    add("final int f%s = %s;".formatted(object, e(ValueType.INT)));
    add("say(switch (%s) {".formatted(object));
    add("case null -> yText(\"null\");");
    add("case Long w when yLong(w) > f%s -> w + yInt(1);".formatted(object));
    add(
        "case Wrap<?>(Wrap<?>(Integer n)) when yBool(n > f%s) -> { yVoid(); yield n; }"
            .formatted(object));
    add("case Wrap<?>(var in) -> yAny(in);");
    add("case Pair(int a, var b) when may(a, b) -> %s;".formatted(e(ValueType.TEXT)));
    add("case Shape.Group(Shape.Line(var x, long y), String g) -> x + yLong(y) + g;");
    add("case Op op when op == Op.PLUS || yBool(false) -> 1;");
    add("case Op op -> op.of(%s, 2);".formatted(e(ValueType.INT)));
    add(
        "default -> yAny(%s instanceof Shape.Dot(int d) && yInt(d) > 0 ? d : -1); });"
            .formatted(object));
  }

  /**
   * javac moves the operands below into locals, including the uninitialised object. With a long
   * among them javac itself fails, in JDK 25.
   */
  private void tryInArgument() {
    String call =
        oneOf("may(" + e(ValueType.INT) + ", \"t\")", "quiet(" + e(ValueType.INT) + ") > 3");
    add(
        "say(%s + \"\" + %s(%s, switch (%s & 1) {"
            .formatted(
                e(ValueType.INT), program.boxAroundATry(), e(ValueType.INT), e(ValueType.INT)));
    add("case 0 -> { try { yield %s ? %s : \"no\"; }".formatted(call, e(ValueType.TEXT)));
    add("catch (RuntimeException e) { say(yAny(e.getMessage())); yield \"caught\"; }");
    add(program.pick(2) == 0 ? "finally { yVoid(); } }" : "}");
    add("default -> %s; }, %s));".formatted(e(ValueType.TEXT), e(ValueType.LONG)));
  }

  private void inheritance() {
    String both = program.fresh("d");
    String captured = program.fresh("c");
    add("final long %s = %s;".formatted(captured, e(ValueType.LONG)));
    add("Both %s = %s;".formatted(both, oneOf("new Both() {}", "new Upper()", "new Lower()")));
    add("say(%s.name(%s) + %s.deep(2, %s));".formatted(both, e(ValueType.INT), both, captured));
    add(
        "Named n%s = x -> yText(\"lambda\") + x + %s; say(n%s.name(1) + n%s.twice(2));"
            .formatted(both, captured, both, both));
  }

  private void recursion() {
    String name = program.fresh("r");
    add(
        "Rec<Integer, Long> %s = (self, n) -> n <= 0 ? yLong(%d) :"
            .formatted(name, program.pick(5)));
    add(
        oneOf(
            "yInt(n) * self.call(self, n - 1);",
            "self.call(self, n - 2) + self.call(self, n - 1);"));
    add(
        "say(%s.call(%s, %d) + \"\" + even(%d));"
            .formatted(name, name, program.pick(4), program.pick(6)));
    add(
        "try { unwind(%d, %s); } catch (Exception e) { say(e.getMessage()); }"
            .formatted(program.pick(4), e(ValueType.INT)));
  }

  private void operands(boolean hasFields) {
    if (hasFields) {
      add("array[counter++ & 3] += yInt(%s) + counter++;".formatted(e(ValueType.INT)));
      add("wide <<= yInt(1) + (field = yInt(field & 7)); doubles[field & 1] -= yLong(wide) % 5;");
      add("words[field % 3 & 1] = yText(words[1]).length() > 9 ? \"\" : words[0] + field--;");
    }
    add(
        "say(list(yInt(1), %s, yAny(3)).size() + Op.values()[%s & 1].of(yInt(2), %s));"
            .formatted(e(ValueType.INT), e(ValueType.INT), e(ValueType.INT)));
    add("assert yBool(true) : yText(\"never\");");
    add(
        "say((Object) yChar('x') + \"\" + (yBool(%s) ? 1 : yLong(2)) + -yInt(3) + ~%s);"
            .formatted(e(ValueType.BOOL), e(ValueType.INT)));
  }

  private void places() {
    add(
        "say(yAny(new Outer(%s)).new Inner(yInt(%s)).both());"
            .formatted(e(ValueType.INT), e(ValueType.INT)));
    add(
        "say(new Outer(yInt(%s)).new Inner(%s) { int both() { return super.both() - yInt(1); } }.both());"
            .formatted(e(ValueType.INT), e(ValueType.INT)));
    add("new Box(%s, yText(\"unused\"), yLong(1));".formatted(e(ValueType.INT)));
    add(
        "say(Wrap.of(%s).in() + Counted.next(%s).total(yInt(1)));"
            .formatted(e(ValueType.TEXT), e(ValueType.INT)));
  }

  /** A lambda with a body of its own, which uses only captured variables. */
  private void closure(int depth, boolean hasFields) {
    List<Variable> captured = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ValueType type = program.anyType();
      String name = program.fresh("c");
      add("final %s %s = %s;".formatted(type.word, name, e(type)));
      captured.add(new Variable(type, name, true));
    }
    String name = program.fresh("s");
    add("Source<Integer> %s = () -> { try {".formatted(name));
    program.apart(captured, depth - 1, hasFields);
    add("if (yBool(true)) return yInt(1); yVoid(); } finally { say(\"left\"); yVoid(); }");
    add("return 2; };");
    add(
        "Source<String> t%s = () -> { Source<Integer> in = %s; return yText(\"t\") + in.get(); };"
            .formatted(name, name));
    add("say(%s.get()); say(t%s.get());".formatted(name, name));
  }

  /** Exits from a try whose finally block suspends, some of which the finally block overrides. */
  private void jumps(int depth, boolean hasFields) {
    String label = program.fresh("out");
    String name = program.fresh("j");
    add("%s: for (int %s = 0; %s < 3; %s++) {".formatted(label, name, name, name));
    add("inner%s: do { try { try {".formatted(label));
    program.statements(depth - 1, hasFields);
    String[] jumps = {
      "break " + label + ";",
      "continue " + label + ";",
      "break inner" + label + ";",
      "continue inner" + label + ";",
      "throw new IllegalStateException(\"jump\");"
    };
    add("if (yInt(%s) > 2) %s".formatted(e(ValueType.INT), oneOf(jumps)));
    add("} finally { say(\"f\" + yInt(%s));".formatted(name));
    add(program.pick(3) == 0 ? "if (%s) %s }".formatted(e(ValueType.BOOL), oneOf(jumps)) : "}");
    add(
        "} catch (IllegalStateException e) { say(yText(\"caught\")); if (%s) %s }"
            .formatted(e(ValueType.BOOL), oneOf(jumps)));
    add("finally { yVoid(); } } while (--fuel > 0 && yBool(%s)); }".formatted(e(ValueType.BOOL)));
  }

  private void resources(int depth, boolean hasFields) {
    String name = program.fresh("a");
    add(
        "try (Resource %s = yBool(%s) ? null : new Resource(yText(\"one\"))) {"
            .formatted(name, e(ValueType.BOOL)));
    add(
        "try (%s; Resource n%s = Resource.open(%s)) {"
            .formatted(name, name, oneOf("\"two\"", "\"fails\"")));
    program.statements(depth - 1, hasFields);
    add("} finally { say(yText(\"inner\")); }");
    add(
        "} catch (IllegalStateException e) { say(e.getMessage() + yInt(e.getSuppressed().length)); }");
  }

  private void untilDone(int depth, boolean hasFields) {
    String name = program.fresh("u");
    add(
        "int %s = yInt(3); while (%s-- > 0) { synchronized (LOG) { counter++; }"
            .formatted(name, name));
    add("long k%s = %s; if (yBool(%s == 1)) continue;".formatted(name, e(ValueType.LONG), name));
    program.statements(depth - 1, hasFields);
    add(
        "do { say(k%s ^ yLong(%s)); } while (yInt(%s) < 0 && %s-- > 0); }"
            .formatted(name, name, name, name));
  }

  private void localClass(int depth, boolean hasFields) {
    String type = program.fresh("Local");
    String captured = program.fresh("c");
    add("final String %s = %s;".formatted(captured, e(ValueType.TEXT)));
    add("class %s extends Node<String> implements Named {".formatted(type));
    add("long kept = quiet(2); { kept++; }");
    add("%s() { super(%s, null); }".formatted(type, captured));
    add("public String name(int given) throws Exception {");
    List<Variable> known = new ArrayList<>();
    known.add(new Variable(ValueType.INT, "given", false));
    known.add(new Variable(ValueType.LONG, "kept", false));
    known.add(new Variable(ValueType.TEXT, captured, true));
    program.apart(known, depth - 1, hasFields);
    add("return value + kept + yText(%s); }".formatted(captured));
    add(
        "@Override String greatest() throws Exception { return super.greatest() + name(yInt(1)); } }");
    add("say(new %s().twice(2) + new %s().greatest());".formatted(type, type));
  }
}
