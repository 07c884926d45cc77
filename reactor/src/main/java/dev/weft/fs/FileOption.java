// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import java.nio.file.OpenOption;

/** Options of {@link File#open} that the JDK does not have. */
public enum FileOption implements OpenOption {
  /**
   * Opens the file into the reactor's table of direct descriptors ({@link
   * dev.weft.io.DirectDescriptors}), without a descriptor of the process. If the table is full,
   * that is ENFILE, and no file has been created or truncated.
   */
  DIRECT_DESCRIPTOR
}
