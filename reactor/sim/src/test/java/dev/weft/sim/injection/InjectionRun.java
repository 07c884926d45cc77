// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** Injects failures at chosen points of a target: for the test, and for scripts/simulate. */
final class InjectionRun {
  private static final int BURST = 6;
  private static final int FAILED = 1;
  private static final int WRONG_ARGUMENTS = 2;

  /** The target, the kind of failure, and how many consecutive points fail. */
  record Plan(Target target, Injection.Kind kind, int burst) {
    @Override
    public String toString() {
      return target + " " + kind + (burst == 1 ? "" : " " + burst + " in a row");
    }
  }

  private InjectionRun() {}

  static List<Plan> plans() {
    List<Plan> plans = new ArrayList<>();
    for (Target target : Target.values()) {
      plans.add(new Plan(target, Injection.Kind.MEMORY, 1));
      plans.add(new Plan(target, Injection.Kind.STACK, 1));
      plans.add(new Plan(target, Injection.Kind.MEMORY, BURST));
      plans.add(new Plan(target, Injection.Kind.CALL, 1));
    }
    return plans;
  }

  private static Runnable program(InjectingLoader loader, Target target) throws Exception {
    return (Runnable) loader.loadClass(target.program()).getDeclaredConstructor().newInstance();
  }

  /** Returns what was found; {@code points} chooses from the existing points, numbered from 1. */
  static List<String> failures(Plan plan, LongFunction<LongStream> points) throws Exception {
    Target target = plan.target;
    InjectingLoader loader = new InjectingLoader(target);
    // Initialises the classes, which a failure would make unusable, and counts the points.
    program(loader, target).run();
    Injection.arm(Long.MAX_VALUE, 0, plan.kind);
    program(loader, target).run();
    long count = Injection.disarm();
    List<String> unused = target.withoutAnyOf(loader.defined());
    if (count == 0 || !unused.isEmpty()) {
      return List.of(plan + " has " + count + " points, and none in " + unused);
    }
    List<String> failures = new ArrayList<>();
    for (long point : points.apply(count).toArray()) {
      Injection.arm(point, point + plan.burst - 1, plan.kind);
      try {
        program(loader, target).run();
      } catch (AssertionError | RuntimeException e) {
        failures.add(
            plan
                + ", point "
                + point
                + " of "
                + count
                + " at "
                + Injection.place()
                + ": "
                + traceOf(e));
      } finally {
        Injection.disarm();
      }
    }
    return failures;
  }

  private static String traceOf(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /** Arguments: how many points of each plan or "all", the first one, and a target or "all". */
  public static void main(String[] arguments) throws Exception {
    long most = arguments[0].equals("all") ? Long.MAX_VALUE : Long.parseLong(arguments[0]);
    long first = Math.max(1, Long.parseLong(arguments[1]));
    String name = arguments[2];
    List<Plan> chosen =
        plans().stream()
            .filter(plan -> name.equals("all") || plan.target.name().equalsIgnoreCase(name))
            .toList();
    if (chosen.isEmpty()) {
      System.err.println("simulate: no target " + name + "; there are " + List.of(Target.values()));
      System.exit(WRONG_ARGUMENTS);
    }
    int found = 0;
    for (Plan plan : chosen) {
      List<String> failures =
          failures(plan, count -> LongStream.rangeClosed(first, count).limit(most));
      failures.forEach(System.out::println);
      System.out.println(plan + ": " + failures.size() + " failures");
      found += failures.size();
    }
    System.exit(found == 0 ? 0 : FAILED);
  }
}
