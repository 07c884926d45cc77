// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Fibers and coroutines get the access to the JDK that they need, whichever of the library's
 * classes a new JVM uses first, and also after a transient failure.
 */
@Tag("needs-scheduler") // the probe's own options choose the kind of fiber
@Tag("needs-stack")
class FiberAccessTest {
  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
  private static final List<String> RECOMMENDED =
      List.of(
          NATIVE,
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED");

  /** The library can't be loaded until the probe has removed this. */
  private static final String NO_LIBRARY = "-Ddev.weft.native.path=/nonexistent";

  private static final String REMEDY =
      "coroutines need a package that this JVM does not export; start it with"
          + " --add-exports=java.base/jdk.internal.vm=ALL-UNNAMED";

  private static final List<String> NO_CONTINUATIONS =
      List.of("-XX:+UnlockExperimentalVMOptions", "-XX:-VMContinuations");

  @Test
  void aVirtualThreadMayTouchTheLibraryFirst() throws Exception {
    assertEquals(
        List.of("no reactor on this thread", "fibers are SCHEDULED"),
        probe(List.of(NATIVE), "virtual", "reactor"));
  }

  @Test
  void aCoroutineMayTouchTheLibraryFirst() throws Exception {
    assertEquals(
        List.of("coroutine yields 7", "fibers are SCHEDULED"),
        probe(List.of(NATIVE), "coroutine", "reactor"));
  }

  @Test
  void aStackfulRoutineMayTouchTheLibraryFirst() throws Exception {
    assertEquals(
        List.of("routine is suspended: true", "fibers are SCHEDULED", "coroutine yields 7"),
        probe(List.of(NATIVE), "routine", "reactor", "coroutine"));
  }

  @Test
  void aTransientFailureIsNotRemembered() throws Exception {
    List<String> outcome =
        probe(
            List.of(NATIVE, NO_LIBRARY),
            "virtual",
            "routine",
            "coroutine",
            "reactor",
            "repair",
            "reactor",
            "coroutine",
            "routine");

    assertEquals(
        List.of(
            "no reactor on this thread",
            "no stackful routine: body is to run stackful, having been asked to or not having been"
                + " woven: that needs --add-exports java.base/jdk.internal.vm=ALL-UNNAMED or, in"
                + " the manifest of the jar that is started, Add-Exports:"
                + " java.base/jdk.internal.vm",
            "no coroutine: " + REMEDY,
            "no reactor",
            "fibers are SCHEDULED",
            "coroutine yields 7",
            "routine is suspended: true"),
        outcome);
  }

  @Test
  void withoutContinuationsFibersPassABatonAndCoroutinesAreRefused() throws Exception {
    for (List<String> flags : List.of(List.of(NATIVE), RECOMMENDED)) {
      List<String> options = new ArrayList<>(flags);
      options.addAll(NO_CONTINUATIONS);

      List<String> outcome =
          probe(options, "virtual", "reactor", "coroutine", "routine", "reactor");

      assertEquals(
          List.of(
              "no reactor on this thread",
              "fibers are BATON",
              "no coroutine: coroutines need a JVM with continuations: this one does not support"
                  + " them, or was started with -XX:-VMContinuations",
              "no stackful routine: body is to run stackful, having been asked to or not having"
                  + " been woven: that needs a JVM with continuations, and this one does not"
                  + " support them or was started with -XX:-VMContinuations",
              "fibers are BATON"),
          outcome);
    }
  }

  @Test
  void whereNativeAccessIsDeniedTheReactorSaysWhichOptionIsMissing() throws Exception {
    String reason =
        "native access is denied; start the JVM with --enable-native-access=ALL-UNNAMED";

    assertEquals(
        List.of(reason, "no coroutine: " + REMEDY, reason),
        probe(List.of("--illegal-native-access=deny"), "reason", "coroutine", "reason"));
  }

  private static List<String> probe(List<String> options, String... steps) throws Exception {
    return ChildJvm.run(options, FiberAccessProbe.class, steps);
  }
}
