// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine.codegen;

import dev.weft.routine.Routine;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds unwoven methods that override a woven one: they inherit its twin, which would run in their
 * place. Twins that can be overridden check this first, unless the receiver is of their own class.
 */
public final class Overrides {
  private static final Set<String> NONE = Set.of();

  /** For each class, the inherited methods that it overrides without overriding their twins. */
  private static final ClassValue<Set<String>> BYPASSED =
      new ClassValue<>() {
        @Override
        protected Set<String> computeValue(Class<?> type) {
          return find(type);
        }
      };

  /** The label of a routine whose overriding run() is on a continuation below it. */
  private static final int RUNS_BELOW = -2;

  /** A method as the JVM identifies it, and from where it can be overridden. */
  private record Signature(String name, MethodType type, Class<?> owner, boolean isPackagePrivate) {
    static Signature of(Method method, String name, MethodType type) {
      int access = Modifier.PUBLIC | Modifier.PROTECTED;
      boolean isPackagePrivate = (method.getModifiers() & access) == 0;
      return new Signature(name, type, method.getDeclaringClass(), isPackagePrivate);
    }

    boolean isDeclaredIn(Class<?> candidate) {
      boolean isSeen =
          !isPackagePrivate
              || (candidate.getPackageName().equals(owner.getPackageName())
                  && candidate.getClassLoader() == owner.getClassLoader());
      return isSeen && Arrays.stream(candidate.getDeclaredMethods()).anyMatch(this::isLike);
    }

    private boolean isLike(Method method) {
      return method.getName().equals(name)
          && (method.getModifiers() & (Modifier.STATIC | Modifier.PRIVATE)) == 0
          && typeOf(method).equals(type);
    }
  }

  private Overrides() {}

  /**
   * Whether the twin of a method, called on {@code self}, does not belong to the method that a call
   * of the plain method would reach. For woven code.
   *
   * @param self the receiver
   * @param method the plain method: its class, a dot, its name, and its descriptor as in a class
   *     file
   * @return whether the plain method is to be called instead
   */
  public static boolean areBypassed(Object self, String method) {
    Set<String> bypassed = BYPASSED.get(self.getClass());
    return bypassed != NONE && bypassed.contains(method);
  }

  private static Set<String> find(Class<?> type) {
    Set<String> found = new HashSet<>();
    Set<Class<?>> ancestors = new LinkedHashSet<>();
    collect(type, ancestors);
    for (Class<?> owner : ancestors) {
      for (Method twin : owner.getDeclaredMethods()) {
        if (isWovenTwin(twin) && selected(type, ancestors, itself(twin)) == owner) {
          Signature plain = plain(twin);
          if (selected(type, ancestors, plain) != owner) {
            found.add(owner.getName() + '.' + plain.name + plain.type.descriptorString());
          }
        }
      }
    }
    return found.isEmpty() ? NONE : Set.copyOf(found);
  }

  /** Adds {@code type} and what it inherits from, superclasses first; not the JDK's. */
  private static void collect(@Nullable Class<?> type, Set<Class<?>> found) {
    if (type != null && type.getClassLoader() != null && found.add(type)) {
      collect(type.getSuperclass(), found);
      for (Class<?> parent : type.getInterfaces()) {
        collect(parent, found);
      }
    }
  }

  private static boolean isWovenTwin(Method method) {
    Class<?>[] parameters = method.getParameterTypes();
    return method.isSynthetic()
        && (method.getModifiers() & (Modifier.STATIC | Modifier.PRIVATE)) == 0
        && parameters.length > 0
        && parameters[parameters.length - 1] == Context.class;
  }

  private static Signature itself(Method twin) {
    return Signature.of(twin, twin.getName(), typeOf(twin));
  }

  /** Returns the plain method of {@code twin}. The body of a routine is entered through resume. */
  private static Signature plain(Method twin) {
    boolean isEntry =
        twin.getName().equals("resume")
            && twin.getParameterCount() == 1
            && Routine.class.isAssignableFrom(twin.getDeclaringClass());
    MethodType type = typeOf(twin);
    int last = type.parameterCount() - 1;
    return Signature.of(
        twin, isEntry ? "run" : twin.getName(), type.dropParameterTypes(last, last + 1));
  }

  private static MethodType typeOf(Method method) {
    return MethodType.methodType(method.getReturnType(), method.getParameterTypes());
  }

  /**
   * Returns the type that declares the method that a call reaches: a class, or else an interface.
   */
  private static @Nullable Class<?> selected(
      Class<?> type, Set<Class<?>> ancestors, Signature signature) {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      if (signature.isDeclaredIn(each)) {
        return each;
      }
    }
    List<Class<?>> declaring =
        ancestors.stream()
            .filter(each -> each.isInterface() && signature.isDeclaredIn(each))
            .toList();
    return declaring.stream()
        .filter(each -> declaring.stream().allMatch(other -> !isBelow(other, each)))
        .findFirst()
        .orElse(null);
  }

  private static boolean isBelow(Class<?> type, Class<?> ancestor) {
    return type != ancestor && ancestor.isAssignableFrom(type);
  }

  // ---- the bodies of routines

  /**
   * Begins a routine whose run() is bypassed on a continuation, as if it had not been woven. For
   * woven code.
   *
   * @param routine has not begun
   * @param context the calling thread's
   * @throws Exception what run() throws
   */
  public static void begin(Routine routine, Context context) throws Exception {
    Routine stackful = routine.stackful();
    stackful.resume(context);
    if (context.suspended) {
      stackful.save(context, 1);
      routine.again(context, RUNS_BELOW);
    }
  }

  /**
   * Resumes a routine that has no call with the number of its label. It ends, if it was begun here
   * and its continuation has ended. For woven code.
   *
   * @param routine the routine that is resumed
   * @param context holds what run() has thrown
   * @throws IllegalStateException if it waits for nothing
   */
  public static void end(Routine routine, Context context) {
    if (routine.label != RUNS_BELOW) {
      throw new IllegalStateException(routine + " has no call " + routine.label);
    }
    context.resumed();
  }
}
