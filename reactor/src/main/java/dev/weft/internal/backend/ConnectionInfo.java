// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What the system knows of a TCP connection (TCP_INFO of tcp(7)); {@link Call} fills it. */
public final class ConnectionInfo {
  public int roundTripMicros;
  public int roundTripVariationMicros;

  /** Segments that have been sent again since the connection was opened. */
  public int retransmissions;

  // Segments at this moment.
  public int unacknowledged;
  public int lost;
  public int retransmitted;
  public int congestionWindow;

  /** The bytes of a full segment that is sent. */
  public int segmentBytes;
}
