// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What not every backend can do; its callers do without. Ask {@link Backend#has}. */
public enum Capability {
  /** {@link Opcode#SPLICE} and {@link Opcode#TEE}. Without it bytes are copied through memory. */
  SPLICE,

  /** {@link Opcode#COPY_RANGE} and {@link Opcode#CLONE}. Without it bytes are copied otherwise. */
  FILE_COPIES,

  /** {@link Backend#openBufferGroup}. Without it a receive waits with a poll first. */
  BUFFER_GROUPS,

  /**
   * Transfers are queued and carried out later: large ones are faster by {@link Backend#attempt}.
   * Without it they are tried in the call in any case.
   */
  QUEUED_TRANSFERS,

  /** {@link Opcode#SEND_ZERO_COPY}. Without it bytes are copied. */
  ZERO_COPY,

  /** {@link Opcode#ACCEPT_MULTISHOT}. Without it connections are accepted one by one. */
  MULTISHOT_ACCEPT,

  /** The other {@link PollEvents} than readable and writable. Without it they mean ready. */
  POLL_ERRORS,

  /** Asking for a pipe's capacity, and changing it. Without it a pipe keeps the system's. */
  PIPE_CAPACITY,

  /** {@link SocketOption#IPV6_ONLY}. Without it IPv6 sockets always take IPv4 connections too. */
  IPV6_ONLY,

  /** Every {@link SocketOption}. Without it some are refused with -ENOPROTOOPT. */
  SOCKET_OPTIONS,

  /** Counting unread and unsent bytes, and {@link ConnectionInfo}. */
  SOCKET_STATS,

  /**
   * What Unix sockets have besides streams with paths: datagrams, sequenced messages, abstract
   * names, pairs, credentials of the peer, and descriptors in messages.
   */
  ALL_UNIX_SOCKETS,

  /**
   * Descriptors have the numbers that the kernel gave them, so that those of other owners can be
   * used. Without it {@link Call#adopt} opens them.
   */
  KERNEL_DESCRIPTORS,

  /** Names that are looked up in an open directory, whatever its own name is by then. */
  OPEN_DIRECTORIES,

  /** The {@link OpenFlags#SPECIAL} ways to open a file. */
  ALL_OPEN_FLAGS,

  /** {@link Opcode#ALLOCATE}. */
  ALLOCATION,

  /** {@link PathRequest#NO_REPLACE} and {@link PathRequest#EXCHANGE}. */
  RENAME_FLAGS,

  /** Extended attributes with other names than {@code user.*}, and of symbolic links. */
  ALL_XATTRS,

  /**
   * {@link Opcode#READ_SCATTERED} and {@link Opcode#WRITE_GATHERED}. Without them segments are
   * transferred one after the other.
   */
  VECTORED_FILES,

  /** {@link Opcode#SPAWN}, and the calls on a child process. */
  CHILD_PROCESSES,

  /** {@link Backend#openDirectTable}, and what makes a {@link DirectDescriptor}. */
  DIRECT_DESCRIPTORS,

  /** {@link Backend#pinWorkers}, and threads that can be pinned at all. */
  CPU_AFFINITY
}
