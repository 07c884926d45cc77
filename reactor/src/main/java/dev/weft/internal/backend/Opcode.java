// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/**
 * What an {@link Op} does. What never waits is a {@link Call} instead.
 *
 * <p>Every opcode has a method of {@link Op} that makes the request, a case in each backend, and a
 * test in the contract that all backends share.
 */
public enum Opcode {
  /** Does nothing. */
  NOP,
  /** Reads from a file, pipe, socket or terminal; 0 at the end. */
  READ,
  WRITE,
  /** As READ, into the segments of a {@link Gather}. */
  READ_SCATTERED,
  /** As WRITE, of the bytes in a {@link Gather}. */
  WRITE_GATHERED,
  /** Reads from a socket. */
  RECEIVE,
  /** As RECEIVE, into a buffer of a {@link BufferGroup}. */
  RECEIVE_ANY,
  /** As RECEIVE_ANY, again and again until it is cancelled: one result for each buffer. */
  RECEIVE_MULTISHOT,
  /** As RECEIVE, and the bytes stay where they are. */
  PEEK,
  /** Writes to a socket, all bytes unless the connection breaks. */
  SEND,
  /** As SEND, of the bytes in a {@link Gather}. */
  SEND_GATHERED,
  /**
   * As SEND, without a copy: it completes when the system needs the memory no more, which is when
   * the other end has acknowledged the bytes. A cancel resets the connection once bytes have been
   * taken. Needs {@link Capability#ZERO_COPY}.
   */
  SEND_ZERO_COPY,
  /** Receives a datagram or other message, and what a {@link Message} says of it. */
  RECEIVE_MESSAGE,
  /** Sends a datagram or other message, to the address in a {@link Message}. */
  SEND_MESSAGE,
  /** Accepts one connection; the result is its descriptor. */
  ACCEPT,
  /** Accepts connections until it is cancelled: one result for each. */
  ACCEPT_MULTISHOT,
  CONNECT,
  SHUTDOWN,
  CLOSE,
  OPEN,
  /** Fills a {@link FileAttributes}. */
  STAT,
  /** As STAT, of a file by its name: see {@link PathRequest}, as for those that follow. */
  STAT_PATH,
  MAKE_DIRECTORY,
  /** Removes a name, of a directory if its flags say so. */
  REMOVE,
  RENAME,
  LINK,
  SYMLINK,
  /** Reads what a symbolic link leads to. */
  READ_LINK,
  GET_XATTR,
  SET_XATTR,
  REMOVE_XATTR,
  LIST_XATTRS,
  SET_PERMISSIONS,
  /** Sets the size of an open file: what is added reads as zeros. */
  TRUNCATE,
  /** Reads entries of an open directory into a {@link DirectoryBatch}. */
  LIST,
  /**
   * Starts a child process: see {@link SpawnRequest}; the result is a descriptor of it, which
   * becomes readable when it ends. Needs {@link Capability#CHILD_PROCESSES}.
   */
  SPAWN,
  SYNC,
  /** As SYNC, without attributes that are not needed to read the data. */
  SYNC_DATA,
  /** Writes the changed pages of a range to the device, without a promise that they are safe. */
  WRITE_BACK,
  /** Says how a range of a file will be used: a {@link FileAdvice}. */
  ADVISE,
  /** Changes the space that a range of a file has: an {@link Allocation}. */
  ALLOCATE,
  /** Waits for {@link PollEvents}; the result is the set of those. */
  POLL,
  SPLICE,
  /** As SPLICE, from one pipe to another; the bytes stay in the first one. */
  TEE,
  /** Copies bytes from one regular file to another, which may come to share them on disk. */
  COPY_RANGE,
  /** Lets a regular file have the bytes of another one, which both share on disk. */
  CLONE,
  /** As ACCEPT; the result is a {@link DirectDescriptor}. */
  ACCEPT_DIRECT,
  /** As OPEN, with {@link OpenFlags#DIRECT}: the result is a {@link DirectDescriptor}. */
  OPEN_DIRECT,
  /** Makes a {@link DirectDescriptor} of what a descriptor refers to, which stays open. */
  REGISTER,
  /** Makes a descriptor of the process of what a {@link DirectDescriptor} refers to. */
  INSTALL;

  private static final Opcode[] ALL = values();

  /** The opcode of that {@link #code}. */
  static Opcode of(int code) {
    return ALL[code];
  }

  /** A number from 0 on, for tables. */
  @SuppressWarnings("EnumOrdinal") // an index of tables, which is stored nowhere
  public int code() {
    return ordinal();
  }

  /** The number of opcodes. */
  public static int count() {
    return ALL.length;
  }
}
