// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.os.RingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Explains why the kernel refuses a ring, and the remedy. */
final class UnavailableReason {
  private static final Path SYSCTL = Path.of("/proc/sys/kernel/io_uring_disabled");
  private static final String FLOOR = "6.1";

  private UnavailableReason() {}

  static ReactorUnavailableException explain(int code, RingOptions options) {
    Errno errno = Errno.of(code);
    if (errno == Errno.EINVAL && options.pollingCpu().isPresent()) {
      return new ReactorUnavailableException(
          "submission polling: the kernel refuses CPU "
              + options.pollingCpu().getAsInt()
              + " for its thread (EINVAL); it is not there, or not one of this process",
          errno);
    }
    return new ReactorUnavailableException(
        "io_uring is not available: " + cause(errno, code, sysctl()), errno);
  }

  static String cause(Errno errno, int code, String sysctl) {
    return switch (errno) {
      case ENOSYS ->
          "the kernel has none (ENOSYS); boot one of Linux "
              + FLOOR
              + " or later with CONFIG_IO_URING, or let the sandbox pass io_uring_setup";
      case EPERM, EACCES ->
          switch (sysctl) {
            case "1" ->
                "kernel.io_uring_disabled is 1, which allows it only to CAP_SYS_ADMIN and to"
                    + " members of the group kernel.io_uring_group ("
                    + errno
                    + "); join that group or set the sysctl to 0";
            case "2" ->
                "kernel.io_uring_disabled is 2 ("
                    + errno
                    + "); set it to 0: sysctl -w kernel.io_uring_disabled=0";
            default ->
                "io_uring_setup is refused ("
                    + errno
                    + "), most likely by the seccomp profile of a container or service; allow"
                    + " io_uring_setup, io_uring_enter and io_uring_register in it";
          };
      case ENOMEM ->
          "no memory for the ring (ENOMEM); raise the limit on locked memory (ulimit -l,"
              + " LimitMEMLOCK=), or ask for fewer queue entries";
      case EINVAL ->
          "this kernel is older than Linux "
              + FLOOR
              + " (EINVAL: no DEFER_TASKRUN, or too many queue entries); Weft needs "
              + FLOOR
              + " or later";
      case EMFILE, ENFILE ->
          "no file descriptor is left for the ring (" + errno + "); raise the limit (ulimit -n)";
      default -> "io_uring_setup failed with error " + code + " (" + errno.text() + ")";
    };
  }

  private static String sysctl() {
    try {
      return Files.readString(SYSCTL).strip();
    } catch (IOException e) {
      return ""; // the sysctl came with Linux 6.6; without it only a sandbox can refuse
    }
  }
}
