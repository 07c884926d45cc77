// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** The types of files that a descriptor can refer to. */
public enum FileType {
  REGULAR,
  DIRECTORY,
  LINK,
  PIPE,
  SOCKET,
  CHARACTER_DEVICE,
  BLOCK_DEVICE,
  OTHER
}
