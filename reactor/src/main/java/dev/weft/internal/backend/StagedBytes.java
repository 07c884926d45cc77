// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/**
 * Bytes that an operation has read for memory which the reactor's thread may not access, because
 * the arena is confined to a fiber's thread. {@link Op#fetch} delivers them.
 */
public interface StagedBytes {
  /** Copies the bytes to the memory, and frees what holds them. Called once, by its thread. */
  void deliver();
}
