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

/** The words of micro-threads. */
@Tag("mode-independent")
class WordsTest {
  /** The methods that the source has, without the twins of the weaver, as text. */
  private static Set<String> words(Class<?> type, IntPredicate modifiers) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> !method.isSynthetic() && modifiers.test(method.getModifiers()))
        .filter(method -> !List.of(method.getParameterTypes()).contains(Context.class))
        .map(WordsTest::text)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String text(Method method) {
    return method.getReturnType().getSimpleName()
        + ' '
        + method.getName()
        + Arrays.toString(method.getParameterTypes())
        + Arrays.toString(method.getExceptionTypes());
  }

  /** An example in the manual says one and means the other. */
  @Test
  void whateverIsSaidToASocketIsSaidToTheDefaultOneByAThread() {
    Set<String> missing = words(MicroSocket.class, Modifier::isPublic);
    assertFalse(missing.isEmpty());
    missing.removeAll(
        words(
            MicroThread.class,
            modifiers -> Modifier.isProtected(modifiers) && Modifier.isFinal(modifiers)));

    assertEquals(Set.of(), missing);
  }
}
