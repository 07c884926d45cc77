// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.routine.codegen.Context;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Calls of a micro-thread on its default socket. */
@Tag("mode-independent")
class DefaultSocketTest {
  /** The signatures of the methods in the source, without the weaver's twins. */
  private static Set<String> methods(Class<?> type, IntPredicate modifiers) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> !method.isSynthetic() && modifiers.test(method.getModifiers()))
        .filter(method -> !List.of(method.getParameterTypes()).contains(Context.class))
        .map(DefaultSocketTest::text)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String text(Method method) {
    return method.getReturnType().getSimpleName()
        + ' '
        + method.getName()
        + Arrays.toString(method.getParameterTypes())
        + Arrays.toString(method.getExceptionTypes());
  }

  /** Programs call the thread's methods where mnvkd's manual names the default socket. */
  @Test
  void everySocketMethodHasAThreadMethodForTheDefaultSocket() {
    Set<String> missing = methods(MicroSocket.class, Modifier::isPublic);
    assertFalse(missing.isEmpty());
    missing.removeAll(
        methods(
            MicroThread.class,
            modifiers -> Modifier.isProtected(modifiers) && Modifier.isFinal(modifiers)));

    assertEquals(Set.of(), missing);
  }
}
