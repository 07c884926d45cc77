// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.bindings.NativeLibrary;
import dev.weft.internal.os.Libc;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reactor pins its own thread if asked to, and no other thread of the library. */
@Tag("needs-stack")
class PinningTest {
  private static final String PROPERTY = "dev.weft.cpu";

  @TempDir Path folder;

  @BeforeAll
  static void loadLibc() {
    NativeLibrary.load();
  }

  @Test
  @Tag("needs-scheduler") // the probe's own options choose the kind of fiber
  void byDefaultNoThreadIsTiedToACpu() throws Exception {
    Map<String, String> cpus = probe(ReactorOptions.UNPINNED);

    String all = cpus.get("before");
    cpus.remove("CPU of its own");
    cpus.forEach((thread, its) -> assertEquals(all, its, thread));
    assertEquals(12, cpus.size(), cpus::toString);
  }

  @Test
  @Tag("needs-scheduler")
  void onRequestOnlyTheReactorsThreadIsTiedToACpu() throws Exception {
    assumeTrue(Libc.affinity().cardinality() > 1, "there is one CPU");

    Map<String, String> cpus = probe(ReactorOptions.ANY_CPU);

    String all = cpus.get("before");
    assertNotEquals(all, cpus.get("fiber"));
    assertEquals(all, cpus.get("Blocking"));
    assertEquals(all, cpus.get("second reactor"));
    assertEquals(all, cpus.get("thread of the second reactor afterwards"));
    assertEquals(all, cpus.get("watchdog"));
    assertEquals(all, cpus.get("after"));
    assertEquals("true", cpus.get("CPU of its own"));
  }

  @Test
  @Tag("needs-io-uring")
  void thePropertyOverridesTheOption() throws Exception {
    int first = Libc.affinity().nextSetBit(0);

    assertEquals(ReactorOptions.UNPINNED, cpuWith("none", ReactorOptions.ANY_CPU));
    assertEquals(first, cpuWith(Integer.toString(first), ReactorOptions.UNPINNED));
    assertNotEquals(ReactorOptions.UNPINNED, cpuWith("any", ReactorOptions.UNPINNED));
  }

  @Test
  void anUnknownValueOfThePropertyIsRefused() {
    for (String value : List.of("", "first", "-1", "0-1", "99999999999")) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> cpuWith(value, ReactorOptions.UNPINNED));

      assertEquals(
          "the system property dev.weft.cpu must be any, none or a CPU's number: " + value,
          e.getMessage());
    }
  }

  @Test
  @Tag("needs-io-uring")
  void aRefusedPinLeavesNoReactorOpen() throws Exception {
    BitSet before = Libc.affinity();

    assertThrows(
        IllegalArgumentException.class,
        () -> Reactor.open(ReactorOptions.defaults().withCpu(8000)));

    assertEquals(before, Libc.affinity());
    Reactors.run(() -> {});
  }

  private static int cpuWith(String property, int asked) throws Exception {
    System.setProperty(PROPERTY, property);
    try (Reactor reactor = Reactors.open(ReactorOptions.defaults().withCpu(asked))) {
      return reactor.cpu();
    } finally {
      System.clearProperty(PROPERTY);
    }
  }

  private Map<String, String> probe(int cpu) throws Exception {
    List<String> lines =
        ChildJvm.run(
            List.of("--enable-native-access=ALL-UNNAMED"),
            PinningProbe.class,
            Integer.toString(cpu),
            folder.resolve("synchronised").toString());
    Map<String, String> cpus = new LinkedHashMap<>();
    for (String line : lines) {
      int colon = line.indexOf(": ");
      cpus.put(line.substring(0, colon), line.substring(colon + 2));
    }
    return cpus;
  }
}
