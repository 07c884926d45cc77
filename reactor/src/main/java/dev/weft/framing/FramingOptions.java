// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

/** Limits and memory of a stream of messages over a byte stream. */
public final class FramingOptions {
  /** The least that {@link #withBufferBytes} accepts. */
  private static final int BUFFER_BYTES_MIN = 64;

  private static final FramingOptions DEFAULTS = new FramingOptions(Integer.MAX_VALUE, 4096);

  private final int maxMessageBytes;
  private final int bufferBytes;

  private FramingOptions(int maxMessageBytes, int bufferBytes) {
    this.maxMessageBytes = maxMessageBytes;
    this.bufferBytes = bufferBytes;
  }

  /** {@return the defaults: messages of any length, and buffers of 4 KiB} */
  public static FramingOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Limits the length of messages: a longer one is not sent, and not received, not even in order to
   * be skipped. It fails with EMSGSIZE.
   *
   * @param bytes the longest message, at least 0
   * @return changed options
   */
  public FramingOptions withMaxMessageBytes(int bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("maxMessageBytes must not be negative: " + bytes);
    }
    return new FramingOptions(bytes, bufferBytes);
  }

  /**
   * Sets the size of the two buffers. One holds what is read ahead, the other one gathers what is
   * sent. Both are of the reactor, which keeps them for other streams; a stream holds them only
   * while it needs them. Segments of half that size and more are received directly where that is
   * possible.
   *
   * @param bytes at least 64
   * @return changed options
   */
  public FramingOptions withBufferBytes(int bytes) {
    if (bytes < BUFFER_BYTES_MIN) {
      throw new IllegalArgumentException(
          "bufferBytes must be at least " + BUFFER_BYTES_MIN + ": " + bytes);
    }
    return new FramingOptions(maxMessageBytes, bytes);
  }

  /** {@return the longest message} */
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  /** {@return the size of each buffer} */
  public int bufferBytes() {
    return bufferBytes;
  }
}
