// SPDX-License-Identifier: Apache-2.0
package dev.weft.refusal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.BackendKind;
import dev.weft.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a program sees where the kernel refuses io_uring. */
@Tag("mode-independent")
class RefusedIoUringTest {
  private static final String REFUSED =
      "io_uring is not available: io_uring_setup is refused (EPERM), most likely by the seccomp"
          + " profile of a container or service; allow io_uring_setup, io_uring_enter and"
          + " io_uring_register in it";

  private static final String MISSING =
      "io_uring is not available: the kernel has none (ENOSYS); boot one of Linux 6.1 or later with"
          + " CONFIG_IO_URING, or let the sandbox pass io_uring_setup";

  private static List<String> openWhereRefusedWith(String errno, BackendKind kind)
      throws Exception {
    return ChildJvm.run(
        List.of("--enable-native-access=ALL-UNNAMED"),
        RefuseIoUring.class,
        errno,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        OpenProgram.class.getName(),
        kind.name());
  }

  @Test
  void theMessageNamesTheSeccompProfileOfAContainer() throws Exception {
    assertEquals(List.of(REFUSED, REFUSED), openWhereRefusedWith("EPERM", BackendKind.IO_URING));
  }

  @Test
  void theMessageNamesAKernelWithoutIoUring() throws Exception {
    assertEquals(List.of(MISSING, MISSING), openWhereRefusedWith("ENOSYS", BackendKind.IO_URING));
  }

  @Test
  void aReactorHasASelectorInsteadAndTheReasonIsLoggedOnce() throws Exception {
    assertEquals(
        List.of(
            "logged: using a selector instead of io_uring: " + REFUSED,
            "opened reactor on main (selector)",
            "opened reactor on main (selector)"),
        openWhereRefusedWith("EPERM", BackendKind.AUTO));
  }
}
