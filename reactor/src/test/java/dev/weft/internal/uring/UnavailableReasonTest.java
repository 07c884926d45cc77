// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.os.RingOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("mode-independent")
class UnavailableReasonTest {
  /** Each cause has a message of its own, with a remedy. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ENOSYS|''|the kernel has none|Linux 6.1",
        "EPERM|''|seccomp|allow io_uring_setup",
        "EACCES|0|seccomp|allow io_uring_setup",
        "EPERM|1|io_uring_disabled is 1|io_uring_group",
        "EPERM|2|io_uring_disabled is 2|sysctl -w kernel.io_uring_disabled=0",
        "ENOMEM|''|locked memory|ulimit -l",
        "EINVAL|''|older than Linux 6.1|6.1 or later",
        "EMFILE|''|no file descriptor|ulimit -n",
        "EIO|''|error 5|Input/output error",
      })
  void theMessageNamesCauseAndRemedy(Errno errno, String sysctl, String cause, String remedy) {
    String text = UnavailableReason.cause(errno, errno.code(), sysctl);

    assertTrue(text.contains(cause), text);
    assertTrue(text.contains(remedy), text);
  }

  @ParameterizedTest
  @CsvSource({"ENOSYS", "EPERM", "ENOMEM"})
  void theExceptionCarriesTheErrno(Errno errno) {
    assertEquals(errno, UnavailableReason.explain(errno.code(), RingOptions.of(1)).errno());
  }
}
