// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import dev.weft.weaver.ClassInfo.Role;
import java.lang.classfile.ClassModel;
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
 * Weaves classes in memory: all that are compiled together at once, since whether one suspends
 * depends on the others. The same classes become the same bytes, whoever asks.
 */
public final class Weaver {
  /**
   * What has become of the classes.
   *
   * @param classes those that were rewritten and those that were made, by internal name; none if
   *     there are errors
   * @param generated the names of those that were made
   * @param problems what was in the way, and what may be
   */
  public record Result(
      SortedMap<String, byte[]> classes, SortedSet<String> generated, Problems problems) {}

  private final ClassTable table;
  private final Problems problems = new Problems();
  private final Map<String, ClassWeaver> weavers = new LinkedHashMap<>();

  private Weaver(ClassPath path) {
    table = new ClassTable(path);
  }

  /**
   * Weaves class files.
   *
   * @param classes by internal name; none of them woven before
   * @param woven classes that were woven before, and that have to stay as they are, by internal
   *     name
   * @param path where else they look for classes
   * @return what they have become, or why they can't be woven
   */
  public static Result weave(
      SortedMap<String, byte[]> classes, SortedMap<String, byte[]> woven, ClassPath path) {
    return new Weaver(path).weave(classes, woven);
  }

  private Result weave(SortedMap<String, byte[]> classes, SortedMap<String, byte[]> woven) {
    classes.forEach(
        (name, bytes) -> {
          ClassModel model = table.parse(bytes);
          if (!model.isModuleInfo()) {
            table.add(bytes, Role.OURS);
          }
        });
    woven.forEach((name, bytes) -> table.add(bytes, Role.WOVEN));
    Absences.check(table, problems);

    Inference inference = new Inference(table, problems);
    inference.run();
    for (ClassInfo info : table.ours()) {
      weavers.put(info.name, new ClassWeaver(info, problems));
    }
    for (ClassWeaver weaver : List.copyOf(weavers.values())) {
      weaver.makeLambdas().forEach(this::addLambda);
    }
    inference.findPoints();
    weavers.values().forEach(ClassWeaver::plan);

    SortedMap<String, byte[]> written = new TreeMap<>();
    if (problems.errors().isEmpty()) {
      write(written);
    }
    SortedSet<String> generated = new TreeSet<>(written.keySet());
    generated.removeAll(classes.keySet());
    if (!problems.errors().isEmpty()) {
      written.clear();
    }
    return new Result(written, generated, problems);
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
    for (ClassWeaver weaver : weavers.values()) {
      if (!weaver.generated().isEmpty()) {
        String host = weaver.info.nestHost();
        members.computeIfAbsent(host, _ -> new ArrayList<>()).addAll(weaver.generated());
        if (!weavers.containsKey(host)) {
          problems.error(
              Names.external(host),
              "was woven before, and what it was woven from is gone: recompile it together with "
                  + Names.external(weaver.info.name));
        }
      }
    }
    for (ClassWeaver weaver : weavers.values()) {
      List<ClassDesc> own = members.getOrDefault(weaver.info.name, List.of());
      if (weaver.isNeeded() || !own.isEmpty()) {
        try {
          written.putAll(weaver.write(own));
        } catch (WeaveException e) {
          e.report(problems, Names.external(weaver.info.name));
        }
      }
    }
  }
}
