// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;

/** Operations that do not wait, on the calling thread. */
final class Attempts {
  private static final int WOULD_WAIT = -Errno.EAGAIN.code();

  private Attempts() {}

  /** Returns at least 0, or -errno. Operations on files are carried out in threads, and so wait. */
  static int perform(SelectorBackend backend, RequestTable requests, Op op) {
    Entry entry = backend.descriptors.find(op.handle());
    if (entry == null) {
      return Entry.EBADF;
    }
    if (!(entry instanceof ChannelEntry channel)) {
      return Entry.UNSUPPORTED;
    }
    int result = channel.attemptOnce(backend, requests.begin(op));
    return result == Entry.PENDING ? WOULD_WAIT : result;
  }
}
