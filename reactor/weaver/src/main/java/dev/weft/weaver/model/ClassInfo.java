// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.model;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.PermittedSubclassesAttribute;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A class, and what the weaver knows about its methods. */
public final class ClassInfo {
  /** Where a class comes from, which decides how it is treated. */
  public enum Role {
    /** To be woven. */
    OURS,
    /** Woven before, without an original to start from; it takes part as it is. */
    WOVEN,
    /** On the class path, or excluded. */
    LIBRARY
  }

  public final ClassTable table;
  public final byte[] bytes;
  public final ClassModel model;
  public final String name;
  public final Role role;
  public final List<String> supers = new ArrayList<>();
  private final Map<String, MethodInfo> methods = new LinkedHashMap<>();
  private @Nullable Boolean routine;

  /** Whether the weaver has made the class of a lambda. */
  public boolean isGenerated;

  /** Whether the class is part of the input, whatever its role, rather than looked up. */
  public boolean isGiven;

  /** Whether a class of the input that is left as it is extends or implements it. */
  boolean hasUnwovenSubclass;

  ClassInfo(ClassTable table, byte[] bytes, ClassModel model, Role role) {
    this.table = table;
    this.bytes = bytes;
    this.model = model;
    this.role = role;
    name = model.thisClass().asInternalName();
    model.superclass().ifPresent(type -> supers.add(type.asInternalName()));
    model.interfaces().forEach(type -> supers.add(type.asInternalName()));
    for (MethodModel method : model.methods()) {
      MethodInfo info = new MethodInfo(this, method);
      methods.put(info.key(), info);
    }
    for (MethodInfo method : methods.values()) {
      String descriptor = Names.twin(method.type).descriptorString();
      MethodInfo twin = methods.get(MethodInfo.key(method.name, descriptor));
      if (twin != null) {
        twin.isTwin = true;
        method.hasTwin = true;
        method.suspends = true;
      }
      // A library method with the annotation, but without a twin, has not been woven.
      method.suspends |= isOurs() && method.isSaidToSuspend();
    }
  }

  public Collection<MethodInfo> methods() {
    return methods.values();
  }

  public @Nullable MethodInfo method(String key) {
    return methods.get(key);
  }

  public boolean isOurs() {
    return role == Role.OURS;
  }

  public boolean isInterface() {
    return model.flags().has(AccessFlag.INTERFACE);
  }

  /** Whether the class extends Routine and is not Routine itself. */
  boolean isRoutine() {
    Boolean known = routine;
    if (known == null) {
      known = !isInterface() && !name.equals(Names.ROUTINE) && table.isA(name, Names.ROUTINE);
      routine = known;
    }
    return known;
  }

  /** Whether a class that is not woven together with this one may extend it. */
  public boolean isOpen() {
    Optional<PermittedSubclassesAttribute> permitted =
        model.findAttribute(Attributes.permittedSubclasses());
    if (hasUnwovenSubclass) {
      return true;
    }
    if (isGenerated || model.flags().has(AccessFlag.FINAL) || isHidden()) {
      return false;
    }
    if (permitted.isPresent()) {
      return permitted.get().permittedSubclasses().stream()
          .map(type -> table.find(type.asInternalName()))
          .anyMatch(type -> type == null || type.role == Role.LIBRARY || type.isOpen());
    }
    return isInterface()
        || methods.values().stream()
            .anyMatch(
                method -> method.name.equals(Names.CONSTRUCTOR) && !method.is(AccessFlag.PRIVATE));
  }

  /** Whether other sources can't name the class: it is private, local or anonymous. */
  private boolean isHidden() {
    return model.findAttribute(Attributes.innerClasses()).stream()
        .flatMap(attribute -> attribute.classes().stream())
        .filter(inner -> inner.innerClass().asInternalName().equals(name))
        .anyMatch(inner -> inner.outerClass().isEmpty() || inner.has(AccessFlag.PRIVATE));
  }

  public ClassDesc desc() {
    return model.thisClass().asSymbol();
  }

  public Optional<String> source() {
    return model
        .findAttribute(Attributes.sourceFile())
        .map(attribute -> attribute.sourceFile().stringValue());
  }

  public @Nullable String sourceFile() {
    return source().orElse(null);
  }

  /** Returns the internal name of the nest host; of the class itself if it is the host. */
  public String nestHost() {
    return model
        .findAttribute(Attributes.nestHost())
        .map(attribute -> attribute.nestHost().asInternalName())
        .orElse(name);
  }
}
