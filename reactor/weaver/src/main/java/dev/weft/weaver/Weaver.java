// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import dev.weft.weaver.analysis.MissingClasses;
import dev.weft.weaver.analysis.SuspendInference;
import dev.weft.weaver.codegen.ClassWeaver;
import dev.weft.weaver.model.ClassInfo;
import dev.weft.weaver.model.ClassInfo.Role;
import dev.weft.weaver.model.ClassTable;
import dev.weft.weaver.model.MethodInfo;
import dev.weft.weaver.model.Names;
import dev.weft.weaver.model.WovenAttribute;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Weaves classes in memory: all that are compiled together in one call, since whether one suspends
 * depends on the others. The result depends only on the classes, not on the front end.
 */
public final class Weaver {
  /**
   * The result of weaving.
   *
   * @param classes those that were rewritten and those that were made, by internal name; none if
   *     there is a fatal problem
   * @param generated the names of those that were made
   * @param problems errors and warnings
   */
  public record Result(
      SortedMap<String, byte[]> classes, SortedSet<String> generated, Diagnostics problems) {}

  private final ClassTable table;
  private final Diagnostics problems = new Diagnostics();
  private final Map<String, ClassWeaver> weavers = new LinkedHashMap<>();

  private Weaver(ClassPath path) {
    table = new ClassTable(path);
  }

  /**
   * Weaves class files, of which none is excluded but those that always are.
   *
   * @param classes by internal name; none of them woven before
   * @param woven classes that were woven before, and that have to stay as they are, by internal
   *     name
   * @param path the class path of the input
   * @return what they have become, or why they can't be woven
   */
  public static Result weave(
      SortedMap<String, byte[]> classes, SortedMap<String, byte[]> woven, ClassPath path) {
    return weave(classes, woven, path, Excludes.of(List.of()));
  }

  /**
   * Weaves class files. A class that can't be woven is left as it is, and the others are woven as
   * if it had been excluded.
   *
   * @param classes by internal name; none of them woven before
   * @param woven classes that were woven before, and that have to stay as they are, by internal
   *     name
   * @param path the class path of the input
   * @param excludes which of the classes are left as they are
   * @return what they have become, or why they can't be woven
   */
  public static Result weave(
      SortedMap<String, byte[]> classes,
      SortedMap<String, byte[]> woven,
      ClassPath path,
      Excludes excludes) {
    Diagnostics earlier = new Diagnostics();
    while (true) {
      Weaver weaver = new Weaver(path);
      Result result = weaver.weave(classes, woven, excludes, earlier.refused());
      boolean isDone = earlier.refused().containsAll(result.problems().refused());
      result.problems().addRefused(earlier);
      if (isDone || result.problems().isFatal()) {
        return result;
      }
      earlier = result.problems(); // once more, without the classes that were refused now
    }
  }

  private Result weave(
      SortedMap<String, byte[]> classes,
      SortedMap<String, byte[]> woven,
      Excludes excludes,
      SortedSet<String> refused) {
    classes.forEach(
        (name, bytes) -> {
          boolean isLeftOut = excludes.have(name) || refused.contains(Names.external(name));
          add(bytes, isLeftOut ? Role.LIBRARY : Role.OURS);
        });
    woven.forEach(
        (name, bytes) -> {
          boolean isLeftOut = refused.contains(Names.external(name));
          add(bytes, isLeftOut ? Role.LIBRARY : Role.WOVEN);
        });
    table.noteUnwovenSubclasses();
    MissingClasses.check(table, problems);
    plan();

    SortedMap<String, byte[]> written = new TreeMap<>();
    if (problems.errors().isEmpty()) {
      write(written);
    }
    if (!problems.errors().isEmpty()) {
      written.clear();
    }
    SortedSet<String> generated = new TreeSet<>(written.keySet());
    generated.removeAll(classes.keySet());
    return new Result(written, generated, problems);
  }

  private void add(byte[] bytes, Role role) {
    if (table.parse(bytes).isModuleInfo()) {
      return;
    }
    table.add(bytes, role).isGiven = true;
  }

  private void plan() {
    SuspendInference inference = new SuspendInference(table, problems);
    inference.run();
    for (ClassInfo info : table.ours()) {
      weavers.put(info.name, new ClassWeaver(info, problems));
    }
    for (ClassWeaver weaver : List.copyOf(weavers.values())) {
      try {
        weaver.makeLambdas().forEach(this::addLambda);
      } catch (WeaveException e) {
        e.report(problems, weaver.info.name, Names.external(weaver.info.name));
      }
    }
    inference.findPoints();
    weavers.values().forEach(ClassWeaver::plan);
  }

  private void addLambda(byte[] bytes) {
    ClassInfo info = table.add(bytes, Role.OURS);
    info.isGenerated = true;
    for (MethodInfo method : info.methods()) {
      method.suspends = method.isVirtual();
    }
    weavers.put(info.name, new ClassWeaver(info, problems));
  }

  private void write(SortedMap<String, byte[]> written) {
    Map<String, List<ClassDesc>> members = new LinkedHashMap<>();
    for (ClassWeaver weaver : List.copyOf(weavers.values())) {
      if (!weaver.generated().isEmpty()) {
        String host = weaver.info.nestHost();
        members.computeIfAbsent(host, _ -> new ArrayList<>()).addAll(weaver.generated());
        if (!weavers.containsKey(host)) {
          addHost(host, weaver.info);
        }
      }
    }
    for (ClassWeaver weaver : weavers.values()) {
      List<ClassDesc> own = members.getOrDefault(weaver.info.name, List.of());
      if (weaver.isNeeded() || !own.isEmpty()) {
        try {
          written.putAll(weaver.write(own));
        } catch (WeaveException e) {
          e.report(problems, weaver.info.name, Names.external(weaver.info.name));
        }
      }
    }
  }

  /** Adds the members of its nest to a nest host that is otherwise left as it is. */
  private void addHost(String host, ClassInfo member) {
    ClassInfo info = table.find(host);
    if (info != null && info.isGiven && WovenAttribute.of(info.model).isEmpty()) {
      weavers.put(host, new ClassWeaver(info, problems));
      return;
    }
    problems.refuse(
        member.name,
        Names.external(host),
        "was woven before, and what it was woven from is gone: recompile it together with "
            + Names.external(member.name));
  }
}
