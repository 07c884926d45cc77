// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import java.util.Collection;
import java.util.List;

/** A part of the library into which failures are injected, and the program that uses it. */
enum Target {
  SCHEDULER(
      SchedulerProgram.class,
      List.of(
          "dev.weft.internal.strand.",
          "dev.weft.internal.queue.",
          "dev.weft.internal.cross.",
          "dev.weft.internal.diag.",
          "dev.weft.internal.backend.OpTable",
          "dev.weft.Fiber",
          "dev.weft.internal.fiber.",
          "dev.weft.Reactor",
          "dev.weft.Blocking$Job")),
  IO(
      IoProgram.class,
      List.of(
          "dev.weft.internal.io.", "dev.weft.internal.backend.", "dev.weft.io.", "dev.weft.net.")),
  SYNC(SyncProgram.class, List.of("dev.weft.sync.")),
  RING(
      IoProgram.OnRing.class,
      List.of(
          "dev.weft.internal.backend.",
          "dev.weft.internal.uring.",
          "dev.weft.internal.io.",
          "dev.weft.io.",
          "dev.weft.net.")),
  MICRO(MicroProgram.class, List.of("dev.weft.micro.", "dev.weft.internal.micro.")),
  MICRO_RING(
      MicroProgram.OnRing.class,
      List.of("dev.weft.micro.", "dev.weft.internal.micro.", "dev.weft.internal.backend."));

  private final String program;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> pointed;

  Target(Class<? extends Program> program, List<String> pointed) {
    this.program = program.getName();
    this.pointed = pointed;
  }

  /** The class of the program; {@link InjectingLoader} loads it anew. */
  String program() {
    return program;
  }

  /**
   * Whether the class of that name is to have points: one of a package that is named with a full
   * stop at its end, or of a class that is named, with those nested in it.
   */
  boolean isPointed(String name) {
    return pointed.stream().anyMatch(each -> covers(each, name));
  }

  /** The listed packages and classes that no class in {@code names} belongs to. */
  List<String> withoutAnyOf(Collection<String> names) {
    return pointed.stream()
        .filter(each -> names.stream().noneMatch(name -> covers(each, name)))
        .toList();
  }

  private static boolean covers(String each, String name) {
    return each.endsWith(".")
        ? name.startsWith(each)
        : name.equals(each) || name.startsWith(each + "$");
  }
}
