// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * An open file description (open(2)): it lives as long as a descriptor or an operation refers to
 * it. Transfers return at least 0, -errno, or {@link Request#BLOCKED}.
 */
public abstract class OpenFileDescription {
  static final int BLOCKED = Request.BLOCKED;

  final Kernel kernel;

  /** Requests that wait for a change, the longest waiting first. */
  final List<Request> waiting = new ArrayList<>();

  private int references;

  /** The {@link OpenFlags}. */
  final int flags;

  /** Whether O_NONBLOCK is set, as another process that has the descriptor can do. */
  public boolean isNonBlocking;

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
    return (flags & OpenFlags.READ) != 0;
  }

  final boolean isWritable() {
    return (flags & OpenFlags.WRITE) != 0;
  }

  static int failure(Errno errno) {
    return -errno.code();
  }

  abstract FileType type();

  abstract int read(Request request);

  abstract int write(Request request);

  /** The {@link dev.weft.internal.backend.PollEvents} that hold now. */
  abstract int ready();

  /** Called when the last reference has been dropped. */
  abstract void released();

  // ---- splice(2), which is refused unless a type simulates it

  /** Returns how many bytes can be read, 0 at the end, BLOCKED, or -errno. */
  int available() {
    return failure(Errno.EINVAL);
  }

  /** Returns how many bytes can be written, BLOCKED, or -errno. */
  int room() {
    return failure(Errno.EINVAL);
  }

  /** Sets the position unless that is CURRENT_POSITION; returns the one before. */
  long seek(long position) {
    return 0;
  }

  /** Takes the next {@code count} bytes, no more than are available. */
  byte[] takeBytes(int count) {
    throw new AssertionError("there are none");
  }

  /** Appends bytes, no more than there is room for. */
  void putBytes(byte[] bytes) {
    throw new AssertionError("there is no room");
  }

  // ---- listening

  /** Gives the next of {@code accepted} a descriptor; returns it, BLOCKED, or -errno. */
  final int installNext(Queue<? extends OpenFileDescription> accepted, Request request) {
    if (accepted.isEmpty()) {
      return BLOCKED;
    }
    int refusal = kernel.refuseDescriptor();
    if (refusal < 0) {
      return refusal;
    }
    return kernel.install(accepted.remove(), request);
  }
}
