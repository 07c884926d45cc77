// SPDX-License-Identifier: Apache-2.0
package programs;

import static programs.Log.*;

import dev.weft.routine.Routine;
import java.util.List;

class Patterns extends Routine {
  sealed interface Shape {
    record Square(int a) implements Shape {}
    record Rect(int a, int b) implements Shape {}
    record Nest(Shape in, long l) implements Shape {}
  }

  enum Letter { A, B, C }

  protected void run() {
    for (Shape s : List.of(new Shape.Square(2), new Shape.Rect(2, 3), new Shape.Nest(new Shape.Square(4), 9L), new Shape.Nest(new Shape.Rect(1, 1), 2L))) say(area(s));
    for (Letter e : Letter.values()) {
      say(switch (e) { case A -> twice(1); case B -> { suspend(); yield twice(2); } case C -> 7; });
    }
    for (String s : List.of("x", "yy", "z")) say(switch (s) { case "x" -> twice(5); case "yy" -> str(s).length(); default -> 0; });
    Object o = 5;
    if (o instanceof Integer i && twice(i) == 10) say("ten" + i);
    say(1 + switch (twice(1)) { case 2 -> { try { yield boom(2); } catch (RuntimeException e) { yield 5; } } default -> 9; });
    for (int i = 0; i < 4; i++) {
      switch (i) {
        case 0: say(twice(i));
        case 1: say("through"); break;
        default: pause(); say("default");
      }
    }
    for (Object each : new Object[] {1, "two", 3L, null}) {
      say(switch (each) { case null -> str("null"); case Integer i when twice(i) > 1 -> "int" + i; case String t -> str(t); default -> each; });
    }
  }

  long area(Shape s) {
    return switch (s) {
      case Shape.Square(int a) -> a * twice(a);
      case Shape.Rect(int a, int b) when twice(a) == 4 -> a * b + twice(0);
      case Shape.Rect r -> -1;
      case Shape.Nest(Shape.Square(int q), long l) -> wide(q, l);
      case Shape.Nest n -> -2;
    };
  }
}
