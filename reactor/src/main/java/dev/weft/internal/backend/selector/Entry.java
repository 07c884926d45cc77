// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.FileType;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a descriptor refers to, a channel or several. Requests hold it, so that it stays open until
 * the last of them has completed, even if its number has been closed.
 */
abstract class Entry {
  /** A result of {@link #start}: the request completes later. */
  static final int PENDING = Integer.MIN_VALUE;

  static final int EBADF = -Errno.EBADF.code();
  static final int EINVAL = -Errno.EINVAL.code();
  static final int ENOTSOCK = -Errno.ENOTSOCK.code();
  static final int EPIPE = -Errno.EPIPE.code();
  static final int CANCELED = -Errno.ECANCELED.code();
  static final int UNSUPPORTED = -Errno.EOPNOTSUPP.code();

  /** The number of requests that hold it. */
  int uses;

  /** The number of those requests that are queued to be started. */
  int queued;

  /** Whether its number has been closed. */
  boolean isClosed;

  /** The next entry that is to be closed. */
  @Nullable Entry nextClosing;

  /** The type of the file. */
  abstract FileType type();

  /** The {@link dev.weft.internal.backend.OpenFlags} of the descriptor. */
  abstract int openFlags();

  /** Starts a request; returns at least 0, -errno, or {@link #PENDING}. */
  abstract int start(SelectorBackend backend, Request request);

  /**
   * Cancels a request that is pending.
   *
   * @return its result, or {@link #PENDING} if it completes later
   */
  abstract int cancel(SelectorBackend backend, Request request);

  /** Performs a call on a socket or pipe; returns at least 0, or -errno. */
  int perform(SelectorBackend backend, Call call) {
    return switch (call.kind()) {
      case PIPE_CAPACITY, SET_PIPE_CAPACITY -> EBADF;
      default -> ENOTSOCK;
    };
  }

  /**
   * Begins to close the channel; no request holds it any more.
   *
   * @return whether a selector watches it, so that {@link #close} has to wait for the next select
   */
  boolean beginClose() {
    return false;
  }

  /** Closes the channel. */
  abstract void close() throws IOException;
}
