// SPDX-License-Identifier: Apache-2.0
/**
 * Messages over byte streams, in the manner of libdill's protocols.
 *
 * <p>A stream of messages is <em>attached</em> to a stream that it then owns, and <em>detached</em>
 * from it to give that back. What it gives back may be attached to again, so that protocols follow
 * one another on one connection.
 *
 * <p>One fiber may receive while another sends. A call of a direction in which another fiber is in
 * a call throws an {@link java.lang.IllegalStateException}. A receive that fails, by a deadline or
 * cancellation too, may have taken a part of a message, so all later ones fail with ECONNRESET; the
 * other direction is not affected. The same holds for a send that fails. Only a call that is
 * refused for its arguments, such as a message that is too long to be sent, changes nothing. The
 * rules of {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.framing;

import org.jspecify.annotations.NullMarked;
