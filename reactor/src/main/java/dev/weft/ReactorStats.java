// SPDX-License-Identifier: Apache-2.0
package dev.weft;

/**
 * Counters of a reactor since it was opened.
 *
 * @param turns turns of the event loop
 * @param resumes fibers resumed, the first time included: two switches each
 * @param submissions operations handed to the kernel (SQEs), cancellations included
 * @param enters system calls to submit operations or to wait
 * @param completions results read (CQEs)
 * @param deferred operations that found the submission queue full and waited for room
 * @param overflows times the completion queue overflowed; nothing is lost then
 * @param stale results of an earlier use of a slot, ignored
 * @param retries times the kernel asked to try again because memory was short
 * @param wakeups times another thread woke the sleeping reactor
 */
public record ReactorStats(
    long turns,
    long resumes,
    long submissions,
    long enters,
    long completions,
    long deferred,
    long overflows,
    long stale,
    long retries,
    long wakeups) {

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
        wakeups - earlier.wakeups);
  }
}
