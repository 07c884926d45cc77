// SPDX-License-Identifier: Apache-2.0
package dev.weft;

/**
 * What a reactor has done since it was opened.
 *
 * @param turns turns of its loop
 * @param resumes fibers resumed, the first time included: two switches each
 * @param submissions operations handed to the kernel (SQEs), cancellations included
 * @param enters system calls to submit operations or to wait
 * @param completions results read (CQEs)
 * @param deferred operations that found the submission queue full and waited for room
 * @param overflows times the completion queue overflowed; nothing is lost then
 * @param stale results of an earlier use of a slot, ignored
 * @param retries times the kernel asked to try again, for want of memory
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
   * What was done between two looks.
   *
   * @param earlier the first look
   * @return each count less the earlier one
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
