// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.os.Libc;

/** Reads and writes by plain system calls, which block the thread: there is nothing else to run. */
final class LocalDriver extends MicroDriver {
  static final LocalDriver INSTANCE = new LocalDriver();

  private LocalDriver() {}

  @Override
  void fill(MicroRing ring) {
    int result;
    do {
      result = Libc.read(ring.descriptor().number(), ring.fillAddress(), ring.fillBytes());
    } while (result == -Errno.EINTR.code());
    ring.filled(result);
  }

  @Override
  void drain(MicroRing ring) {
    while (!ring.isEmpty()) {
      int result = Libc.write(ring.descriptor().number(), ring.drainAddress(), ring.drainBytes());
      if (result != -Errno.EINTR.code()) {
        ring.drained(result == 0 ? -Errno.EIO.code() : result);
      }
    }
  }

  @Override
  void cancel(MicroRing ring) {} // nothing is ever in flight

  @Override
  void close(int descriptor) {
    Libc.close(descriptor);
  }

  @Override
  int shutdown(int descriptor, int how) {
    return Libc.shutdown(descriptor, how);
  }

  @Override
  void awake(MicroProcess process) {} // it never sleeps

  @Override
  void release(MicroRing ring) {}
}
