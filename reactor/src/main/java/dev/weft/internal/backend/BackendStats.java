// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What a backend has done so far: plain counters, read and written on the reactor's thread. */
public final class BackendStats {
  /** Entries put into the submission queue, cancellations and our own wake-up reads included. */
  public long submissions;

  /** System calls to submit or wait. */
  public long enters;

  /** Completions read. */
  public long completions;

  /** Operations that found the submission queue full and had to wait for room. */
  public long deferred;

  /** Times the completion queue was found to have overflowed; nothing is lost then. */
  public long overflows;

  /** Completions of an earlier use of a slot, ignored. */
  public long stale;

  /** Times the kernel asked for a retry (EAGAIN, EBUSY). */
  public long retries;

  /** Times another thread woke the reactor through the kernel. */
  public long wakeups;
}
