// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** Which directions of a connection are shut down. */
public enum Direction {
  INPUT,
  OUTPUT,
  BOTH
}
