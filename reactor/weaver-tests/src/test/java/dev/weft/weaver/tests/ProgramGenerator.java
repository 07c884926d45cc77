// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Generates a random program, the same for the same seed. It is a subclass of fuzz.Kit.Program in
 * package fuzz, with calls that suspend wherever the language allows an expression.
 */
final class ProgramGenerator {
  record Variable(ValueType type, String name, boolean isFinal) {}

  /** Which constructs of the language a program uses. */
  enum Style {
    PLAIN,

    /** With {@link Constructs}. */
    RICH,

    /**
     * The same, but with a method that makes the object where an argument has a try: Eclipse's
     * compiler (3.46) writes a wrong stack map there, which the JVM refuses, woven or not.
     */
    RICH_FOR_ECLIPSE
  }

  private static final int EXPRESSION_DEPTH = 2;

  /** How deep statements nest; few are deep, which take as long as many that are not. */
  private final int statementDepth;

  private final Random random;
  private final StringBuilder out = new StringBuilder();
  private final List<Variable> scope = new ArrayList<>();
  private final Style style;
  private int names;

  private ProgramGenerator(long seed, Style style) {
    random = new Random(seed);
    this.style = style;
    boolean isDeep = pick(8) == 0;
    statementDepth = isDeep && style == Style.PLAIN ? 2 : 1; // a woven method must not exceed 64 KB
  }

  /** The source of class {@code name}, nested in one of fuzz.Kit. */
  static String generate(String name, long seed, Style style) {
    return new ProgramGenerator(seed, style).program(name);
  }

  /** A method that makes a Box with a try among its arguments. */
  String boxAroundATry() {
    return style == Style.RICH_FOR_ECLIPSE ? "box" : "new Box";
  }

  private String program(String name) {
    out.append("static class ").append(name).append(" extends Kit.Program {\n");
    method("int helper(int p, String q) throws Exception", ValueType.INT, true);
    method("static long other(long r, double t) throws Exception", ValueType.LONG, false);
    out.append("@Override int virtual(int x) { return super.virtual(x) + ");
    scope.add(new Variable(ValueType.INT, "x", false));
    out.append(expression(ValueType.INT, 2)).append("; }\n");
    scope.clear();
    out.append("void body() throws Exception {\n");
    out.append("say(helper(4, \"p\")); say(other(7L, 2.5)); say(virtual(3));\n");
    statements(statementDepth, true);
    out.append("}\n}\n");
    return out.toString();
  }

  private void method(String header, ValueType result, boolean isInstance) {
    scope.clear();
    if (isInstance) {
      scope.add(new Variable(ValueType.INT, "p", false));
      scope.add(new Variable(ValueType.TEXT, "q", false));
    } else {
      scope.add(new Variable(ValueType.LONG, "r", false));
      scope.add(new Variable(ValueType.DOUBLE, "t", false));
    }
    out.append(header).append(" {\n");
    statements(statementDepth - 1, false);
    out.append("return ").append(expression(result, EXPRESSION_DEPTH)).append(";\n}\n");
    scope.clear();
  }

  int pick(int bound) {
    return random.nextInt(bound);
  }

  <T> T pick(List<T> choices) {
    return choices.get(pick(choices.size()));
  }

  String fresh(String prefix) {
    return prefix + names++;
  }

  ValueType anyType() {
    return pick(List.of(ValueType.values()));
  }

  // ---- statements

  void statements(int depth, boolean hasFields) {
    int before = scope.size();
    int count = 2 + pick(3);
    for (int i = 0; i < count; i++) {
      statement(depth, hasFields);
    }
    while (scope.size() > before) {
      scope.removeLast();
    }
  }

  /** Statements that see no variables but {@code known}, as the body of a lambda. */
  void apart(List<Variable> known, int depth, boolean hasFields) {
    List<Variable> outside = List.copyOf(scope);
    scope.clear();
    scope.addAll(known);
    statements(depth, hasFields);
    scope.clear();
    scope.addAll(outside);
  }

  private void block(int depth, boolean hasFields) {
    out.append("{\n");
    statements(depth, hasFields);
    out.append("}\n");
  }

  private void statement(int depth, boolean hasFields) {
    if (style != Style.PLAIN && pick(3) == 0) {
      new Constructs(this).statement(depth, hasFields);
      return;
    }
    int kind = pick(depth > 0 ? 22 : 9);
    switch (kind) {
      case 0, 1 -> declare();
      case 2 -> line("say(" + expression(anyType(), EXPRESSION_DEPTH) + ");");
      case 3 -> line("yVoid();");
      case 4 -> assign();
      case 5 -> line("may(" + expression(ValueType.INT, 1) + ");");
      case 6 -> store(hasFields);
      case 7 ->
          line(
              "counter += "
                  + expression(ValueType.INT, 2)
                  + "; total ^= "
                  + expression(ValueType.LONG, 2)
                  + ";");
      case 8 -> lambda();
      case 9, 10 -> conditional(depth, hasFields);
      case 11, 12, 13 -> loop(depth, hasFields);
      case 14, 15, 16 -> attempt(depth, hasFields);
      case 17 -> resource(depth, hasFields);
      case 18 -> oldSwitch(depth, hasFields);
      case 19 -> shapes(depth, hasFields);
      case 20 -> monitor();
      default -> throwing(depth, hasFields);
    }
  }

  void line(String text) {
    out.append(text).append('\n');
  }

  private void declare() {
    ValueType type = anyType();
    boolean isFinal = pick(3) == 0;
    String value = expression(type, EXPRESSION_DEPTH);
    String name = fresh("v");
    line((isFinal ? "final " : "") + type.word + " " + name + " = " + value + ";");
    scope.add(new Variable(type, name, isFinal));
  }

  private void assign() {
    List<Variable> open = scope.stream().filter(variable -> !variable.isFinal).toList();
    if (open.isEmpty()) {
      declare();
      return;
    }
    Variable target = pick(open);
    String value = expression(target.type, EXPRESSION_DEPTH);
    String operator =
        switch (target.type) {
          case BOOL -> pick(List.of("=", "&=", "|=", "^="));
          case TEXT -> pick(List.of("=", "="));
          case INT, LONG -> pick(List.of("=", "+=", "-=", "*=", "^=", "|="));
          default -> pick(List.of("=", "+=", "-="));
        };
    line(target.name + " " + operator + " " + value + ";");
  }

  private void store(boolean hasFields) {
    String index = "[" + expression(ValueType.INT, 1) + " & 3]";
    if (!hasFields) {
      line("total += " + expression(ValueType.LONG, 2) + ";");
      return;
    }
    switch (pick(6)) {
      case 0 -> line("array" + index + " += " + expression(ValueType.INT, 2) + ";");
      case 1 -> line("field -= " + expression(ValueType.INT, 2) + ";");
      case 2 -> line("wide += " + expression(ValueType.LONG, 2) + ";");
      case 3 -> line("text = " + cut(expression(ValueType.TEXT, 2)) + ";");
      case 4 -> line("doubles[yInt(" + pick(2) + ")] *= " + expression(ValueType.FLOAT, 1) + ";");
      default -> line("words[yInt(" + pick(3) + ")] += yText(\"w\"); yArray(array)[1]++;");
    }
  }

  private static String cut(String text) {
    return "((" + text + ").length() > 20 ? \"cut\" : \"t\" + yInt(2))";
  }

  private void conditional(int depth, boolean hasFields) {
    out.append("if (").append(expression(ValueType.BOOL, 2)).append(") ");
    block(depth - 1, hasFields);
    if (pick(2) == 0) {
      out.append("else ");
      block(depth - 1, hasFields);
    }
  }

  private void loop(int depth, boolean hasFields) {
    String name = fresh("i");
    String label = fresh("loop");
    int count = 1 + pick(3);
    out.append(label).append(": ");
    ValueType type = ValueType.INT;
    switch (pick(5)) {
      case 0 ->
          out.append("for (int %s = 0; %s < %d; %s++) {\n".formatted(name, name, count, name));
      case 1 ->
          out.append(
              "for (int %s = yInt(0); %s < yInt(%d); %s += yInt(1)) {\n"
                  .formatted(name, name, count, name));
      case 2 ->
          out.append(
              "for (int %s : new int[] {%s, 2}) {\n".formatted(name, expression(ValueType.INT, 1)));
      case 3 -> {
        out.append("for (String %s : java.util.List.of(\"l\", yText(\"m\"))) {\n".formatted(name));
        type = ValueType.TEXT;
      }
      default ->
          out.append(
              "for (int %s = 0, n%s = yInt(%d); ; ) { if (%s++ >= n%s) break;\n"
                  .formatted(name, name, count, name, name));
    }
    scope.add(new Variable(type, name, true));
    statements(depth - 1, hasFields);
    if (pick(2) == 0) {
      String jump = pick(List.of("break ", "continue ")) + label + ";";
      line("if (" + expression(ValueType.BOOL, 1) + ") " + jump);
      statements(0, hasFields);
    }
    scope.removeLast();
    out.append("}\n");
  }

  private void attempt(int depth, boolean hasFields) {
    out.append("try ");
    block(depth - 1, hasFields);
    boolean catches = pick(4) != 0;
    if (catches) {
      String name = fresh("e");
      String type =
          pick(
              List.of(
                  "RuntimeException",
                  "IllegalStateException",
                  "IllegalStateException | IllegalArgumentException"));
      out.append("catch (%s %s) {\nsay(%s.getMessage());\n".formatted(type, name, name));
      statements(depth - 1, hasFields);
      if (pick(4) == 0) {
        line("throw " + name + ";");
      }
      out.append("}\n");
    }
    if (!catches || pick(2) == 0) {
      out.append("finally ");
      block(depth - 1, hasFields);
    }
  }

  private void resource(int depth, boolean hasFields) {
    String name = fresh("res");
    String length = pick(List.of("\"r\"", "yText(\"long\") + yInt(3)", "yText(\"q\")"));
    out.append(
        "try (Resource %s = new Resource(%s); Resource b%s = yAny(new Resource(\"b\"))) {\n"
            .formatted(name, length, name));
    statements(depth - 1, hasFields);
    out.append("} catch (IllegalStateException e) { say(e.getMessage()");
    out.append(" + e.getSuppressed().length + yInt(4)); }\n");
  }

  private void oldSwitch(int depth, boolean hasFields) {
    boolean onText = pick(3) == 0;
    String selector = expression(onText ? ValueType.TEXT : ValueType.INT, 1);
    out.append("switch (").append(onText ? selector : selector + " & 3").append(") {\n");
    for (int i = 0; i < 3; i++) {
      out.append("case ").append(onText ? "\"s" + i + "\"" : "" + i).append(": {\n");
      statements(depth - 1, hasFields);
      out.append("}\n").append(pick(2) == 0 ? "break;\n" : "");
    }
    out.append("default: yVoid(); }\n");
  }

  private void shapes(int depth, boolean hasFields) {
    String number = fresh("n");
    out.append("switch (shape(%s)) {\n".formatted(expression(ValueType.INT, 1)));
    out.append("case Shape.Dot(int %s) when yInt(%s) > 2 -> {\n".formatted(number, number));
    scope.add(new Variable(ValueType.INT, number, true));
    statements(depth - 1, hasFields);
    scope.removeLast();
    out.append("}\ncase Shape.Dot d -> say(d + yText(\"dot\"));\n");
    out.append("case Shape.Line(int a, long b) -> say(yInt(a) + yLong(b));\n");
    out.append("case Shape.Group(Shape.Dot(int c), String g) -> { say(yText(g) + c); }\n");
    out.append("case Shape.Group g -> say(yAny(g.name()));\n}\n");
  }

  private void monitor() {
    line("synchronized (LOG) { counter++; }");
    line("yVoid();");
  }

  private void throwing(int depth, boolean hasFields) {
    String name = fresh("e");
    out.append(
        "try { if (%s) throw new IllegalStateException(%s);\n"
            .formatted(expression(ValueType.BOOL, 2), expression(ValueType.TEXT, 1)));
    statements(depth - 1, hasFields);
    out.append(
        "} catch (IllegalStateException %s) { say(yAny(%s).getMessage()); }\n"
            .formatted(name, name));
  }

  private void lambda() {
    String captured = fresh("c");
    line("final int " + captured + " = " + expression(ValueType.INT, 1) + ";");
    String name = fresh("f");
    String argument = expression(ValueType.INT, 1);
    switch (pick(7)) {
      case 0 -> line("IntFunction %s = x -> x + yInt(%s);".formatted(name, captured));
      case 1 -> line("IntFunction %s = Kit::yInt;".formatted(name));
      case 2 -> line("IntFunction %s = Kit::quiet;".formatted(name));
      case 3 -> line("IntFunction %s = new Box(%s, \"b\", 1L)::grow;".formatted(name, captured));
      case 4 ->
          line(
              ("IntFunction %s = new IntFunction() { int k = %s;"
                      + " public int apply(int x) { return k += yInt(x); } };")
                  .formatted(name, captured));
      case 5 -> {
        line("Mapper<Integer, Integer> m%s = Kit::boxed;".formatted(name));
        line("IntFunction %s = x -> m%s.map(x) + %s;".formatted(name, name, captured));
      }
      default -> {
        line(
            "Source<Source<String>> s%s = () -> () -> yText(\"n\" + %s);"
                .formatted(name, captured));
        line("Mapper<Integer, int[]> a%s = int[]::new;".formatted(name));
        line("say(s%s.get().get() + a%s.map(3).length);".formatted(name, name));
        line("IntFunction %s = x -> yInt(x) - 1;".formatted(name));
      }
    }
    line("say(%s.again(%s) + %s.apply(yInt(%s)));".formatted(name, argument, name, captured));
  }

  // ---- expressions

  String expression(ValueType type, int depth) {
    List<Variable> known = scope.stream().filter(variable -> variable.type == type).toList();
    if (depth <= 0) {
      return !known.isEmpty() && pick(4) != 0 ? pick(known).name : literal(type);
    }
    return switch (pick(6)) {
      case 0 -> yielding(type, expression(type, depth - 1));
      case 1 ->
          "(%s ? %s : %s)"
              .formatted(
                  expression(ValueType.BOOL, depth - 1),
                  expression(type, depth - 1),
                  expression(type, depth - 1));
      case 2 -> expression(type, 0);
      default -> special(type, depth - 1);
    };
  }

  private String literal(ValueType type) {
    int n = pick(10) - 3;
    return switch (type) {
      case INT -> "(" + n + ")";
      case LONG -> "(" + n + "L)";
      case FLOAT -> n + 3 + ".25f";
      case DOUBLE -> n + 3 + ".5";
      case BOOL -> n > 1 ? "true" : "false";
      case TEXT -> "\"s" + (n + 3) + "\"";
    };
  }

  private static String yielding(ValueType type, String inside) {
    String call =
        switch (type) {
          case INT -> "yInt";
          case LONG -> "yLong";
          case FLOAT -> "yFloat";
          case DOUBLE -> "yDouble";
          case BOOL -> "yBool";
          case TEXT -> "yText";
        };
    return call + "(" + inside + ")";
  }

  private String special(ValueType type, int depth) {
    return switch (type) {
      case INT -> integer(depth);
      case LONG -> longInteger(depth);
      case FLOAT ->
          pick(2) == 0
              ? "(%s + yFloat(%s))".formatted(e(ValueType.FLOAT, depth), e(ValueType.FLOAT, depth))
              : "(float) (%s + %s)".formatted(e(ValueType.INT, depth), e(ValueType.DOUBLE, depth));
      case DOUBLE ->
          pick(2) == 0
              ? "(%s * %s)".formatted(e(ValueType.DOUBLE, depth), e(ValueType.FLOAT, depth))
              : "(yDouble(%s) - %s)"
                  .formatted(e(ValueType.DOUBLE, depth), e(ValueType.LONG, depth));
      case BOOL -> condition(depth);
      case TEXT -> text(depth);
    };
  }

  private String e(ValueType type, int depth) {
    return expression(type, depth);
  }

  private String integer(int depth) {
    String one = e(ValueType.INT, depth);
    String two = e(ValueType.INT, depth);
    return switch (pick(18)) {
      case 0 -> "new int[] {%s, yInt(%s), 7}[%s & 1]".formatted(one, two, e(ValueType.INT, 0));
      case 1 ->
          "new Box(new Box(%s, %s, %s), %s).n"
              .formatted(
                  one,
                  e(ValueType.TEXT, depth),
                  e(ValueType.LONG, depth),
                  e(ValueType.DOUBLE, depth));
      case 2 -> "tail(%d, %s)".formatted(pick(4), one);
      case 3 -> "sum(%s, %s)".formatted(one, two);
      case 4 -> "base(%s).both(%s)".formatted(one, two);
      case 5 -> "new Pair(%s, %s).a()".formatted(one, e(ValueType.TEXT, depth));
      case 6 ->
          "switch (%s & 3) { case 0 -> %s; case 1 -> { yVoid(); yield %s; } default -> 4; }"
              .formatted(one, two, e(ValueType.INT, depth))
              .transform(text -> "(" + text + ")");
      case 7 ->
          "(switch (Suit.values()[(%s & 1) + 1]) { case RED -> 1; case GREEN -> %s; case BLUE -> yInt(3); })"
              .formatted(one, two);
      case 8 ->
          "(int) (yChar((char) (%s & 127)) + yByte((byte) (%s + 1)) + yShort((short) 9))"
              .formatted(one, two);
      case 9 -> "(%s).length()".formatted(e(ValueType.TEXT, depth));
      case 10 ->
          "(yAny((Object) %s) instanceof Integer k%d && k%d > 1 ? 1 : yInt(2))"
              .formatted(one, names, names++);
      case 11 -> "waits()";
      case 12 -> "(int) %s".formatted(e(ValueType.LONG, depth));
      case 13 -> "yArray(new int[] {%s, %s})[yInt(1)]++".formatted(one, two);
      case 14 -> "(%s / yInt(%d))".formatted(one, pick(5));
      case 15 -> "yAny(%s)".formatted(one);
      default -> "(%s %s %s)".formatted(one, pick(List.of("+", "-", "*", "^")), two);
    };
  }

  private String longInteger(int depth) {
    String one = e(ValueType.LONG, depth);
    return switch (pick(4)) {
      case 0 -> "deep(%d, %s)".formatted(pick(3), one);
      case 1 -> "(%s << yInt(%d))".formatted(one, pick(5));
      case 2 -> "(%s + %s)".formatted(e(ValueType.INT, depth), one);
      default -> "(%s - yLong(%s))".formatted(one, e(ValueType.LONG, depth));
    };
  }

  private String condition(int depth) {
    return switch (pick(5)) {
      case 0 -> "(%s && yBool(%s))".formatted(e(ValueType.BOOL, depth), e(ValueType.BOOL, depth));
      case 1 -> "(%s || %s)".formatted(e(ValueType.BOOL, depth), e(ValueType.BOOL, depth));
      case 2 -> "(%s < %s)".formatted(e(ValueType.INT, depth), e(ValueType.LONG, depth));
      case 3 ->
          "(%s > yDouble(%s))".formatted(e(ValueType.FLOAT, depth), e(ValueType.DOUBLE, depth));
      default -> "!%s".formatted(e(ValueType.BOOL, depth));
    };
  }

  private String text(int depth) {
    return switch (pick(7)) {
      case 0 ->
          "(%s + %s + %s)"
              .formatted(
                  e(ValueType.TEXT, depth), e(ValueType.INT, depth), e(ValueType.LONG, depth));
      case 1 ->
          "new Box(%s, %s, yLong(%s)).toString()"
              .formatted(
                  e(ValueType.INT, depth), e(ValueType.TEXT, depth), e(ValueType.LONG, depth));
      case 2 ->
          "new StringBuilder(%s).append(yDouble(%s)).append(%s).toString()"
              .formatted(
                  e(ValueType.TEXT, depth), e(ValueType.DOUBLE, depth), e(ValueType.BOOL, depth));
      case 3 ->
          "String.format(\"%%s-%%s\", %s, yText(%s))"
              .formatted(e(ValueType.FLOAT, depth), e(ValueType.TEXT, depth));
      case 4 -> "waitsAny()";
      case 5 -> "yAny(new Pair(yInt(1), %s)).b()".formatted(e(ValueType.TEXT, depth));
      default -> "(\"\" + yAny(%s) + yChar('c'))".formatted(e(ValueType.BOOL, depth));
    };
  }
}
