// SPDX-License-Identifier: Apache-2.0
package dev.weft;

/** Counters of a reactor since it was opened. */
public final class ReactorStats {

  private final long turns;
  private final long resumes;
  private final long submissions;
  private final long enters;
  private final long completions;
  private final long deferred;
  private final long overflows;
  private final long stale;
  private final long retries;
  private final long wakeups;
  private final long spins;
  private final long spinHits;

  ReactorStats(
      long turns,
      long resumes,
      long submissions,
      long enters,
      long completions,
      long deferred,
      long overflows,
      long stale,
      long retries,
      long wakeups,
      long spins,
      long spinHits) {
    this.turns = turns;
    this.resumes = resumes;
    this.submissions = submissions;
    this.enters = enters;
    this.completions = completions;
    this.deferred = deferred;
    this.overflows = overflows;
    this.stale = stale;
    this.retries = retries;
    this.wakeups = wakeups;
    this.spins = spins;
    this.spinHits = spinHits;
  }

  /**
   * {@return the difference of each counter to {@code earlier}}
   *
   * @param earlier an earlier reading of the same reactor
   */
  public ReactorStats since(ReactorStats earlier) {
    return new ReactorStats(
        turns - earlier.turns,
        resumes - earlier.resumes,
        submissions - earlier.submissions,
        enters - earlier.enters,
        completions - earlier.completions,
        deferred - earlier.deferred,
        overflows - earlier.overflows,
        stale - earlier.stale,
        retries - earlier.retries,
        wakeups - earlier.wakeups,
        spins - earlier.spins,
        spinHits - earlier.spinHits);
  }

  /** {@return turns of the event loop} */
  public long turns() {
    return turns;
  }

  /** {@return fibers resumed, the first time included: two switches each} */
  public long resumes() {
    return resumes;
  }

  /** {@return operations handed to the kernel (SQEs), cancellations included} */
  public long submissions() {
    return submissions;
  }

  /** {@return system calls to submit operations or to wait} */
  public long enters() {
    return enters;
  }

  /** {@return results read (CQEs)} */
  public long completions() {
    return completions;
  }

  /** {@return operations that found the submission queue full and waited for room} */
  public long deferred() {
    return deferred;
  }

  /** {@return times the completion queue overflowed; nothing is lost then} */
  public long overflows() {
    return overflows;
  }

  /** {@return results of an earlier use of a slot, ignored} */
  public long stale() {
    return stale;
  }

  /** {@return times the kernel asked to try again because memory was short} */
  public long retries() {
    return retries;
  }

  /** {@return times another thread woke the sleeping reactor} */
  public long wakeups() {
    return wakeups;
  }

  /**
   * {@return times the reactor spun before it would have slept: see {@link ReactorOptions#spin}}
   */
  public long spins() {
    return spins;
  }

  /** {@return spins during which something came, so that the reactor did not sleep} */
  public long spinHits() {
    return spinHits;
  }

  @Override
  public String toString() {
    return "ReactorStats[turns="
        + turns
        + ", resumes="
        + resumes
        + ", submissions="
        + submissions
        + ", enters="
        + enters
        + ", completions="
        + completions
        + ", deferred="
        + deferred
        + ", overflows="
        + overflows
        + ", stale="
        + stale
        + ", retries="
        + retries
        + ", wakeups="
        + wakeups
        + ", spins="
        + spins
        + ", spinHits="
        + spinHits
        + "]";
  }
}
