// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** Options of sockets. Their values are ints: 0 and 1 for switches, otherwise as described. */
public enum SocketOption {
  REUSE_ADDRESS,
  REUSE_PORT,
  KEEP_ALIVE,
  BROADCAST,
  /** Sends small segments immediately. */
  NO_DELAY,
  /** An IPv6 socket takes no IPv4 connections; to be set before it is bound. */
  IPV6_ONLY,
  /** Bytes; the kernel doubles it. */
  RECEIVE_BUFFER,
  /** Bytes; the kernel doubles it. */
  SEND_BUFFER,
  /** How long sent data may stay unacknowledged, in milliseconds; 0 for the default. */
  USER_TIMEOUT,
  /** How long a close waits for data to be sent, in seconds; 0 resets the connection. */
  LINGER,
  /** The pending error as a positive number, which reading clears; read-only. */
  ERROR
}
