// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;

/**
 * An open file description (open(2)): it lives as long as a descriptor or an operation refers to
 * it. Transfers return at least 0, -errno, or {@link Request#BLOCKED}.
 */
abstract class OpenFileDescription {
  static final int BLOCKED = Request.BLOCKED;

  final Kernel kernel;

  /** Requests that wait for a change, the longest waiting first. */
  final List<Request> waiting = new ArrayList<>();

  private int references;

  /** O_NONBLOCK, O_APPEND and the access mode. */
  int flags;

  // Requests of one direction start and complete in their order.
  long lastInwardStart;
  long lastOutwardStart;
  long lastInwardEnd;
  long lastOutwardEnd;

  OpenFileDescription(Kernel kernel, int flags) {
    this.kernel = kernel;
    this.flags = flags;
  }

  final void refer() {
    references++;
  }

  final void release() {
    references--;
    assert references >= 0 : this;
    if (references == 0) {
      released();
    }
  }

  final boolean isReadable() {
    return (flags & weft_h.O_ACCMODE()) != weft_h.O_WRONLY();
  }

  final boolean isWritable() {
    return (flags & weft_h.O_ACCMODE()) != weft_h.O_RDONLY();
  }

  final boolean isNonBlocking() {
    return (flags & weft_h.O_NONBLOCK()) != 0;
  }

  static int failure(Errno errno) {
    return -errno.code();
  }

  /** The {@code S_IFMT} bits. */
  abstract int type();

  abstract int read(Request request);

  abstract int write(Request request);

  /** The poll(2) events that hold now. */
  abstract int ready();

  /** Called when the last reference has been dropped. */
  abstract void released();

  /** For splice: returns how many bytes can be read, 0 at the end, BLOCKED, or -errno. */
  abstract int available();

  /** For splice: returns how many bytes can be written, BLOCKED, or -errno. */
  abstract int room();

  /** For splice: takes the next {@code count} bytes, no more than are available. */
  abstract byte[] takeBytes(int count);

  /** For splice: appends bytes, no more than there is room for. */
  abstract void putBytes(byte[] bytes);
}
