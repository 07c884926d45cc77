// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What not every backend can do; its callers do without. Ask {@link Backend#has}. */
public enum Capability {
  /** {@link Opcode#SPLICE}. Without it bytes are copied through memory. */
  SPLICE,

  /** {@link Backend#openBufferGroup}. Without it a receive waits with a poll first. */
  BUFFER_GROUPS,

  /** {@link Opcode#ACCEPT_MULTISHOT}. Without it connections are accepted one by one. */
  MULTISHOT_ACCEPT,

  /** {@link Backend#pinWorkers}, and threads that can be pinned at all. */
  CPU_AFFINITY
}
