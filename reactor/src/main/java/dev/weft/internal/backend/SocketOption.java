// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** Options of sockets. Their values are ints: 0 and 1 for switches, otherwise as described. */
public enum SocketOption {
  REUSE_ADDRESS,
  REUSE_PORT,
  KEEP_ALIVE,
  /** How long a connection is idle before it is probed, in seconds. */
  KEEP_IDLE,
  /** The time between two probes, in seconds. */
  KEEP_INTERVAL,
  /** How many probes are left unanswered before the connection ends. */
  KEEP_COUNT,
  BROADCAST,
  /** Sends small segments immediately. */
  NO_DELAY,
  /** Sends full segments only. */
  CORK,
  /** Acknowledges immediately, until the kernel delays acknowledgements again. */
  QUICK_ACK,
  /** How many connections with early data may wait for the end of their handshake; a listener's. */
  FAST_OPEN_QUEUE,
  /** Connects with the first bytes that are sent, if the server is known to take them. */
  FAST_OPEN_CONNECT,
  /** Bytes that have not been sent, below which the socket is writable; 0 for the default. */
  NOT_SENT_LOW_WATER,
  /** An IPv6 socket takes no IPv4 connections; to be set before it is bound. */
  IPV6_ONLY,
  /** Bytes; the kernel doubles it. */
  RECEIVE_BUFFER,
  /** Bytes; the kernel doubles it. */
  SEND_BUFFER,
  /** How long sent data may stay unacknowledged, in milliseconds; 0 for the default. */
  USER_TIMEOUT,
  /**
   * How long a close waits for data to be sent, in seconds; 0 resets the connection, and a negative
   * value leaves it to the kernel.
   */
  LINGER,
  /** The type of service (IPv4) or traffic class (IPv6), from 0 to 255. */
  TRAFFIC_CLASS,
  /** The index of the interface that multicast datagrams leave by; 0 if none was chosen. */
  MULTICAST_INTERFACE,
  /** How many routers multicast datagrams pass, plus one, from 0 to 255. */
  MULTICAST_TTL,
  /** Whether multicast datagrams also go to members on this machine. */
  MULTICAST_LOOP,
  /** Datagrams report where they have arrived: {@link Message#local}. */
  PACKET_INFO,
  /** The priority in the queue of the network device. */
  PRIORITY,
  /** The mark for routing and filters. */
  MARK,
  /** The CPU that handles the socket's packets, -1 if none has yet. */
  INCOMING_CPU,
  /** Lets a bind to port 0 choose no port yet, but leave it to the connect. */
  BIND_WITHOUT_PORT,
  /** The pending error as a positive number, which reading clears; read-only. */
  ERROR,
  /** The number of the {@link SocketType}, or -1 if it is another one; read-only. */
  TYPE
}
