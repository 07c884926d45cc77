// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** Counters of a backend, read and written on the reactor's thread. */
public final class BackendStats {
  /** Entries put into the submission queue, including cancellations and wake-up reads. */
  public long submissions;

  /** System calls to submit or wait. */
  public long enters;

  /** Completions read. */
  public long completions;

  /** Operations that had to wait because the submission queue was full. */
  public long deferred;

  /** How often the completion queue was found to have overflowed; nothing is lost then. */
  public long overflows;

  /** Completions that were ignored because they belong to an earlier use of a slot. */
  public long stale;

  /** How often the kernel asked for a retry (EAGAIN, EBUSY). */
  public long retries;

  /** How often another thread woke the reactor through the kernel. */
  public long wakeups;
}
