// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

/**
 * State of the end of a ring that is written, by threads or from a descriptor.
 *
 * {@snippet :
 *   OPEN --hup--------------------------> HUNG_UP --readhup--> OPEN
 *    |                                       \--close--> HUNG_UP_LAST --readhup--> ENDED
 *    \--close, end of file, read error--> ENDED --readhup, from a descriptor--> OPEN
 * }
 *
 * <p>The end that is read is open or abandoned, independently.
 */
enum WritingEnd {
  OPEN,
  /** The writer has ended a message, and waits until the reader has acknowledged it. */
  HUNG_UP,
  /** The same, and no message follows. */
  HUNG_UP_LAST,
  /** No more bytes follow. */
  ENDED;

  boolean isHungUp() {
    return this == HUNG_UP || this == HUNG_UP_LAST;
  }

  boolean isEnded() {
    return this == ENDED || this == HUNG_UP_LAST;
  }

  /** The state after the end of the last message. */
  WritingEnd ended() {
    return isHungUp() ? HUNG_UP_LAST : ENDED;
  }

  /** The state after the end of a message has been acknowledged, or never will be. */
  WritingEnd resumed() {
    return isEnded() ? ENDED : OPEN;
  }
}
