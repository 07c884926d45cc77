// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import dev.weft.Deadline;
import dev.weft.dns.internal.message.Reply;

/** What has become of a question. */
public sealed interface Outcome {
  /**
   * A server has answered.
   *
   * @param reply what it says
   * @param end until when that is valid
   */
  record Answered(Reply reply, Deadline end) implements Outcome {}

  /**
   * No server has a usable answer.
   *
   * @param reason of each server
   */
  record Failed(String reason) implements Outcome {}

  /**
   * No server has answered in time.
   *
   * @param reason which servers
   */
  record TimedOut(String reason) implements Outcome {}
}
