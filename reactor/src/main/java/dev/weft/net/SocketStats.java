// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.ConnectionInfo;
import java.time.Duration;

/** What the system knows of a TCP connection at one moment (TCP_INFO of tcp(7)). Immutable. */
public final class SocketStats {
  private static final long NANOS_PER_MICRO = 1000;

  private final int unreadBytes;
  private final int unsentBytes;
  private final int sendBufferBytes;
  private final ConnectionInfo info;

  SocketStats(int unreadBytes, int unsentBytes, int sendBufferBytes, ConnectionInfo info) {
    this.unreadBytes = unreadBytes;
    this.unsentBytes = unsentBytes;
    this.sendBufferBytes = sendBufferBytes;
    this.info = info;
  }

  /** {@return the bytes that have arrived and not been read (SIOCINQ)} */
  public int unreadBytes() {
    return unreadBytes;
  }

  /** {@return the bytes that were written and that the peer has not acknowledged (SIOCOUTQ)} */
  public int unsentBytes() {
    return unsentBytes;
  }

  /**
   * {@return the bytes that the send buffer has room for: SO_SNDBUF less {@link #unsentBytes}, at
   * least 0}
   */
  public int sendRoomBytes() {
    return Math.max(0, sendBufferBytes - unsentBytes);
  }

  /** {@return the smoothed round-trip time, in microseconds} */
  public Duration roundTripTime() {
    return micros(info.roundTripMicros);
  }

  /** {@return the mean deviation of the round-trip time, in microseconds} */
  public Duration roundTripVariation() {
    return micros(info.roundTripVariationMicros);
  }

  private static Duration micros(int micros) {
    return Duration.ofNanos(Integer.toUnsignedLong(micros) * NANOS_PER_MICRO);
  }

  /** {@return how many segments have been sent again since the connection was opened} */
  public int retransmissions() {
    return info.retransmissions;
  }

  /** {@return the segments that are sent and not acknowledged} */
  public int unacknowledgedSegments() {
    return info.unacknowledged;
  }

  /** {@return the segments that are sent and probably lost} */
  public int lostSegments() {
    return info.lost;
  }

  /** {@return the segments that are sent again and not acknowledged} */
  public int retransmittedSegments() {
    return info.retransmitted;
  }

  /** {@return the congestion window, in segments} */
  public int congestionWindow() {
    return info.congestionWindow;
  }

  /** {@return the bytes of a full segment that is sent (MSS)} */
  public int segmentBytes() {
    return info.segmentBytes;
  }

  @Override
  public String toString() {
    return "SocketStats[unread="
        + unreadBytes
        + ", unsent="
        + unsentBytes
        + ", roundTrip="
        + roundTripTime()
        + ", retransmissions="
        + retransmissions()
        + ", congestionWindow="
        + congestionWindow()
        + "]";
  }
}
