// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

/**
 * State of the transfer between a ring and its descriptor. A drop is requested when a deadline has
 * passed: bytes that the descriptor does not accept immediately are then discarded.
 *
 * {@snippet :
 *   IDLE --start--> IN_FLIGHT --done--> IDLE          IDLE --connect--> CONNECTING --done--> IDLE
 *    | drop            | drop, cancels                                      | drop, cancels
 *    v                 v                                                    v
 *   DROP_DUE -start-> DROPPING --done--> DROP_DUE                     CONNECT_DROPPED --done--> DROP_DUE
 *    \--the ring is empty--> IDLE
 * }
 */
enum TransferState {
  IDLE,
  DROP_DUE,
  IN_FLIGHT,
  DROPPING,
  CONNECTING,
  CONNECT_DROPPED;

  boolean isInFlight() {
    return this != IDLE && this != DROP_DUE;
  }

  boolean isConnecting() {
    return this == CONNECTING || this == CONNECT_DROPPED;
  }

  boolean isDropRequested() {
    return this == DROP_DUE || this == DROPPING || this == CONNECT_DROPPED;
  }

  TransferState dropRequested() {
    return switch (this) {
      case IDLE, DROP_DUE -> DROP_DUE;
      case IN_FLIGHT, DROPPING -> DROPPING;
      case CONNECTING, CONNECT_DROPPED -> CONNECT_DROPPED;
    };
  }

  /** The state after an operation has been submitted; one that connects stays one. */
  TransferState started() {
    return isInFlight() ? this : isDropRequested() ? DROPPING : IN_FLIGHT;
  }

  /** The state after the submitted operation turned out to connect the descriptor. */
  TransferState connecting() {
    return isDropRequested() ? CONNECT_DROPPED : CONNECTING;
  }

  TransferState done() {
    return isDropRequested() ? DROP_DUE : IDLE;
  }
}
