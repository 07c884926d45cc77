// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.model;

import dev.weft.weaver.ClassPath;
import dev.weft.weaver.model.ClassInfo.Role;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassHierarchyResolver.ClassHierarchyInfo;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The classes being woven, and on demand those of the class path that they refer to. */
public final class ClassTable {
  private final ClassPath path;
  private final Map<String, Optional<ClassInfo>> classes = new LinkedHashMap<>();
  private final Map<String, Optional<MethodInfo>> resolved = new HashMap<>();
  private final Set<ClassDesc> frames = new HashSet<>();
  private final ClassFile files;

  public ClassTable(ClassPath path) {
    this.path = path;
    files =
        ClassFile.of(
            ClassFile.StackMapsOption.STACK_MAPS_WHEN_REQUIRED,
            ClassFile.DeadLabelsOption.DROP_DEAD_LABELS,
            WovenAttribute.option(),
            ClassFile.ClassHierarchyResolverOption.of(hierarchy()));
  }

  private ClassHierarchyResolver hierarchy() {
    ClassHierarchyResolver made =
        type -> frames.contains(type) ? ClassHierarchyInfo.ofClass(Names.FRAME) : null;
    return made.orElse(ClassHierarchyResolver.ofResourceParsing(this::open).cached());
  }

  /** Announces a class of frames of that name, which will be made. */
  public void addFrame(ClassDesc type) {
    frames.add(type);
  }

  private @Nullable InputStream open(ClassDesc type) {
    ClassInfo info = find(Names.internal(type));
    return info == null ? null : new ByteArrayInputStream(info.bytes);
  }

  /**
   * Returns what reads and writes class files; it computes stack maps with the classes of this
   * table.
   */
  public ClassFile files() {
    return files;
  }

  public ClassPath path() {
    return path;
  }

  public ClassInfo add(byte[] bytes, Role role) {
    ClassInfo info = new ClassInfo(this, bytes, files.parse(bytes), role);
    classes.put(info.name, Optional.of(info));
    return info;
  }

  /** Marks the classes that an added class of {@code role} LIBRARY extends or implements. */
  public void noteUnwovenSubclasses() {
    List<ClassInfo> leftOut =
        classes.values().stream()
            .flatMap(Optional::stream)
            .filter(info -> info.role == Role.LIBRARY)
            .toList();
    for (ClassInfo info : leftOut) {
      ancestors(info).forEach(type -> type.hasUnwovenSubclass = true);
    }
  }

  public ClassModel parse(byte[] bytes) {
    return files.parse(bytes);
  }

  /** Returns the classes to weave, in the order in which they were added. */
  public List<ClassInfo> ours() {
    return classes.values().stream().flatMap(Optional::stream).filter(ClassInfo::isOurs).toList();
  }

  /** Returns {@link #ours}, and the classes that were woven before. */
  public List<ClassInfo> given() {
    return classes.values().stream()
        .flatMap(Optional::stream)
        .filter(info -> info.role != Role.LIBRARY)
        .toList();
  }

  /** Returns the class of that internal name, or null if it is not found or is an array. */
  public @Nullable ClassInfo find(String name) {
    Optional<ClassInfo> known = classes.get(name);
    if (known == null) {
      byte[] bytes = name.startsWith("[") ? null : path.find(name);
      known = Optional.ofNullable(bytes).map(found -> library(found));
      classes.put(name, known);
    }
    return known.orElse(null);
  }

  private ClassInfo library(byte[] bytes) {
    return new ClassInfo(this, bytes, files.parse(bytes), Role.LIBRARY);
  }

  /** Whether class {@code name} is {@code ancestor}, or extends or implements it. */
  public boolean isA(String name, String ancestor) {
    if (name.equals(ancestor)) {
      return true;
    }
    ClassInfo info = find(name);
    return info != null && info.supers.stream().anyMatch(type -> isA(type, ancestor));
  }

  /** Whether the class can't suspend because it does not know Weft: one of the JDK. */
  public static boolean isOfJdk(String name) {
    return name.startsWith("java/") || name.startsWith("jdk/") || name.startsWith("sun/");
  }

  /**
   * Returns the method that {@code element} calls according to the compiler; null if it is no call.
   */
  public @Nullable MethodInfo target(CodeElement element) {
    if (!(element instanceof InvokeInstruction call)) {
      return null;
    }
    MemberRefEntry method = call.method();
    String owner = method.owner().asInternalName();
    if (isOfJdk(owner) || owner.startsWith("[")) {
      return null;
    }
    return resolve(owner, MethodInfo.key(call.name().stringValue(), call.type().stringValue()));
  }

  /** Resolves a method of {@code owner}: declared there, or inherited. */
  public @Nullable MethodInfo resolve(String owner, String key) {
    String reference = owner + '.' + key;
    Optional<MethodInfo> known = resolved.get(reference);
    if (known == null) {
      known = Optional.ofNullable(lookup(owner, key));
      resolved.put(reference, known);
    }
    return known.orElse(null);
  }

  private @Nullable MethodInfo lookup(String owner, String key) {
    ClassInfo info = find(owner);
    if (info == null) {
      return null;
    }
    MethodInfo method = info.method(key);
    for (int i = 0; method == null && i < info.supers.size(); i++) {
      method = resolve(info.supers.get(i), key);
    }
    return method;
  }

  /** Returns what {@code method} overrides or implements, at any distance. */
  public List<MethodInfo> overridden(MethodInfo method) {
    List<MethodInfo> found = new ArrayList<>();
    for (ClassInfo type : ancestors(method.owner)) {
      MethodInfo other = type.method(method.key());
      if (other != null && other.isVirtual()) {
        found.add(other);
      }
    }
    return found;
  }

  /** Returns the superclasses and superinterfaces of {@code info}, without itself. */
  public Collection<ClassInfo> ancestors(ClassInfo info) {
    Set<ClassInfo> found = new LinkedHashSet<>();
    collect(info, found);
    return found;
  }

  private void collect(ClassInfo info, Set<ClassInfo> found) {
    info.supers.stream()
        .map(this::find)
        .filter(Objects::nonNull)
        .filter(found::add)
        .forEach(type -> collect(type, found));
  }
}
