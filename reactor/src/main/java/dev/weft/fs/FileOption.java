// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.internal.backend.OpenFlags;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * Options of {@link File#open} that the JDK does not have. All but {@link #DIRECTORY} are refused
 * on a selector.
 */
public enum FileOption implements OpenOption {
  /**
   * Opens the file into the reactor's table of direct descriptors ({@link
   * dev.weft.io.DirectDescriptors}), without a descriptor of the process. If the table is full,
   * that is ENFILE, and no file has been created or truncated.
   */
  DIRECT_DESCRIPTOR(OpenFlags.DIRECT),

  /** Fails with ENOTDIR if the file is not a directory (O_DIRECTORY). */
  DIRECTORY(OpenFlags.DIRECTORY),

  /**
   * Transfers bytes between the device and the program's memory, past the page cache (O_DIRECT).
   * Addresses of memory, lengths and positions must be multiples of the {@link File#alignment};
   * otherwise, and on a file system that can't do it, transfers or the open fail with EINVAL.
   */
  DIRECT_IO(OpenFlags.DIRECT_IO),

  /**
   * Makes a file without a name, which is gone when it is closed (O_TMPFILE). The path is that of a
   * directory, on the file system that is to have it. Needs WRITE; EOPNOTSUPP on a file system that
   * can't do it.
   */
  TEMPORARY(OpenFlags.TEMPORARY),

  /**
   * Opens the place in the file system and not the file (O_PATH): neither a permission to read the
   * file nor the other end of a named pipe is needed. It has a {@link File#stat}; what needs its
   * bytes fails with EBADF. With {@link java.nio.file.LinkOption#NOFOLLOW_LINKS}, it can be a
   * symbolic link.
   */
  PATH(OpenFlags.PATH),

  /**
   * Reads do not change the time of the last access (O_NOATIME). EPERM if the file belongs to
   * another user.
   */
  NO_ACCESS_TIME(OpenFlags.NO_ACCESS_TIME),

  /**
   * Opens a named pipe without waiting for its other end (O_NONBLOCK, fifo(7)): without a reader,
   * writing is ENXIO; without a writer, the pipe is at its end. Reads and writes wait as ever.
   */
  NON_BLOCKING(OpenFlags.NON_BLOCKING);

  final int flag;

  FileOption(int flag) {
    this.flag = flag;
  }

  /**
   * How a file is opened: what the options of an open say.
   *
   * @param flags see {@link OpenFlags}
   * @param permissions of a file that is created, before the umask
   */
  record Mode(int flags, int permissions) {
    private static final int PERMISSIONS_DEFAULT = 0666;

    static Mode of(OpenOption... options) {
      List<OpenOption> all = Arrays.asList(options);
      boolean append = all.contains(StandardOpenOption.APPEND);
      boolean write = append || all.contains(StandardOpenOption.WRITE);
      boolean read = all.contains(StandardOpenOption.READ) || !write;
      int flags = (read ? OpenFlags.READ : 0) | (write ? OpenFlags.WRITE : 0);
      int permissions = PERMISSIONS_DEFAULT;
      for (OpenOption option : options) {
        switch (option) {
          case FileOption ours -> flags |= ours.flag;
          case LinkOption follow -> flags |= OpenFlags.NO_FOLLOW;
          case Permissions wanted -> permissions = wanted.mode();
          case StandardOpenOption standard -> flags |= flag(standard, write);
          default -> throw refusal(option);
        }
      }
      return checked(new Mode(flags, permissions));
    }

    private static int flag(StandardOpenOption option, boolean write) {
      return switch (option) {
        case READ, WRITE -> 0;
        case APPEND -> OpenFlags.APPEND;
        case TRUNCATE_EXISTING -> write ? OpenFlags.TRUNCATE : 0;
        case CREATE -> write ? OpenFlags.CREATE : 0;
        case CREATE_NEW -> write ? OpenFlags.CREATE | OpenFlags.EXCLUSIVE : 0;
        case SYNC -> OpenFlags.SYNC;
        case DSYNC -> OpenFlags.SYNC_DATA;
        case DELETE_ON_CLOSE, SPARSE -> throw refusal(option);
      };
    }

    /** What the system would ignore is an error of the caller. */
    private static Mode checked(Mode mode) {
      if (mode.has(OpenFlags.PATH) && mode.has(OpenFlags.WRITE)) {
        throw new IllegalArgumentException("with PATH a file can't be written to");
      }
      if (mode.has(OpenFlags.TEMPORARY) && !mode.has(OpenFlags.WRITE)) {
        throw new IllegalArgumentException("TEMPORARY needs WRITE");
      }
      if (mode.has(OpenFlags.TEMPORARY) && mode.has(OpenFlags.CREATE)) {
        throw new IllegalArgumentException("TEMPORARY creates no name");
      }
      return mode.has(OpenFlags.PATH)
          ? new Mode(mode.flags & ~OpenFlags.READ, mode.permissions)
          : mode;
    }

    private static IllegalArgumentException refusal(OpenOption option) {
      return new IllegalArgumentException("not an option of File.open: " + option);
    }

    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }
}
