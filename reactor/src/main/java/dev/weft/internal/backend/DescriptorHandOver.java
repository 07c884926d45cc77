// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** Hands accepted connections from the backend of one reactor to that of another. */
public interface DescriptorHandOver {
  /**
   * Takes out of this backend a connection that has been accepted and not been used, so that the
   * backend of another reactor can {@link #attach} it.
   *
   * @param descriptor which no handle has
   * @return what the other backend, which must be of the same type, gets; of no use otherwise
   */
  default Object detach(int descriptor) {
    return descriptor; // the number is good for the whole process
  }

  /** Takes over a detached connection; returns its descriptor here. Can't fail. */
  default int attach(Object detached) {
    return (int) detached;
  }

  /** Closes a detached connection that no backend has attached. */
  default void closeDetached(Object detached) {
    closeDescriptor(attach(detached));
  }

  /** Closes a descriptor; returns 0 or -errno. */
  int closeDescriptor(int descriptor);
}
