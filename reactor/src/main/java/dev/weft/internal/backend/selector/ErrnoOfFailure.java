// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the error number behind an exception of the JDK: by its type, or by its message, which is
 * that of the C library in the language of the locale, or the JDK's own.
 */
final class ErrnoOfFailure {
  private static final Map<String, Errno> BY_TEXT = texts();

  /** What the JDK adds to the text of ELOOP. */
  private static final List<String> ADDED_TO_ELOOP =
      List.of(" (NOFOLLOW_LINKS specified)", " or unable to access attributes of symbolic link");

  // What the JDK puts before the text of an error about an extended attribute, and its name.
  private static final String ADDED_FOR_XATTRS = "Unable to ";
  private static final String AFTER_XATTR = "': ";

  private ErrnoOfFailure() {}

  private static Map<String, Errno> texts() {
    Map<String, Errno> texts = new HashMap<>();
    for (Errno errno : Errno.values()) {
      texts.put(errno.text(), errno);
    }
    // The JDK's own words, and those of macOS and Windows.
    texts.put("Connection reset", Errno.ECONNRESET);
    texts.put("Invalid file offset", Errno.EINVAL);
    texts.put("Unix domain path too long", Errno.ENAMETOOLONG);
    texts.put("Operation timed out", Errno.ETIMEDOUT);
    texts.put("Can't assign requested address", Errno.EADDRNOTAVAIL);
    texts.put("An existing connection was forcibly closed by the remote host", Errno.ECONNRESET);
    texts.put(
        "An established connection was aborted by the software in your host machine",
        Errno.ECONNABORTED);
    texts.put("There is not enough space on the disk", Errno.ENOSPC);
    return texts;
  }

  /** The positive error number; that of EIO if nothing is known about the failure. */
  static int code(Throwable failure) {
    Errno found = ofType(failure);
    if (found == null) {
      found = ofText(text(failure));
    }
    return (found == null ? otherwise(failure) : found).code();
  }

  /** What remains of a type when its message is not known. */
  private static Errno otherwise(Throwable failure) {
    return switch (failure) {
      case ConnectException e -> Errno.ECONNREFUSED;
      case BindException e -> Errno.EADDRINUSE;
      case IllegalStateException e -> Errno.EFAULT; // the arena of the memory is closed
      case WrongThreadException e -> Errno.EFAULT;
      case IllegalArgumentException e -> Errno.EINVAL;
      default -> Errno.EIO;
    };
  }

  private static @Nullable Errno ofType(Throwable failure) {
    return switch (failure) {
      case NoSuchFileException e -> Errno.ENOENT;
      case FileAlreadyExistsException e -> Errno.EEXIST;
      case AccessDeniedException e -> Errno.EACCES;
      case NotDirectoryException e -> Errno.ENOTDIR;
      case FileSystemLoopException e -> Errno.ELOOP;
      case DirectoryNotEmptyException e -> Errno.ENOTEMPTY;
      case AtomicMoveNotSupportedException e -> Errno.EXDEV;
      case NotLinkException e -> Errno.EINVAL;
      case InvalidPathException e -> Errno.EILSEQ;
      case NoRouteToHostException e -> Errno.EHOSTUNREACH;
      case PortUnreachableException e -> Errno.ECONNREFUSED;
      case ClosedChannelException e -> Errno.EBADF;
      case NonReadableChannelException e -> Errno.EBADF;
      case NonWritableChannelException e -> Errno.EBADF;
      case NotYetConnectedException e -> Errno.ENOTCONN;
      case AlreadyConnectedException e -> Errno.EISCONN;
      case ConnectionPendingException e -> Errno.EALREADY;
      case AlreadyBoundException e -> Errno.EINVAL;
      case UnresolvedAddressException e -> Errno.EINVAL;
      case UnsupportedAddressTypeException e -> Errno.EAFNOSUPPORT;
      case UnsupportedOperationException e -> Errno.EOPNOTSUPP;
      default -> null;
    };
  }

  private static @Nullable String text(Throwable failure) {
    String text =
        failure instanceof FileSystemException file ? file.getReason() : failure.getMessage();
    if (text == null) {
      return null;
    }
    for (String added : ADDED_TO_ELOOP) {
      if (text.endsWith(added)) {
        return text.substring(0, text.length() - added.length());
      }
    }
    int end = text.startsWith(ADDED_FOR_XATTRS) ? text.lastIndexOf(AFTER_XATTR) : -1;
    return end < 0 ? text : text.substring(end + AFTER_XATTR.length());
  }

  private static @Nullable Errno ofText(@Nullable String text) {
    if (text == null) {
      return null;
    }
    Errno found = BY_TEXT.get(text);
    return found != null ? found : LocalTexts.find(text);
  }
}
