// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Exceptions of the JDK become the errors that they come from. */
@Tag("mode-independent")
class ErrnoOfFailureTest {
  /** A description in a language that no C library speaks. */
  private static final String UNKNOWN = "rohr zerbrochen?";

  private static Errno of(Throwable failure) {
    return Errno.of(ErrnoOfFailure.code(failure));
  }

  @Test
  void everyDescriptionOfTheCLibraryIsKnown() {
    for (Errno errno : Errno.values()) {
      if (errno != Errno.UNKNOWN) {
        assertEquals(errno, of(new IOException(errno.text())));
        assertEquals(errno, of(new FileSystemException("file", null, errno.text())));
      }
    }
    assertEquals(Errno.ECONNRESET, of(new SocketException("Connection reset")));
  }

  @Test
  void someErrorsHaveATypeOfTheirOwn() {
    Map<Errno, Throwable> failures =
        Map.of(
            Errno.ENOENT, new NoSuchFileException("file"),
            Errno.EEXIST, new FileAlreadyExistsException("file"),
            Errno.EACCES, new AccessDeniedException("file"),
            Errno.ELOOP, new FileSystemLoopException("file"),
            Errno.EHOSTUNREACH, new NoRouteToHostException(UNKNOWN),
            Errno.ENOTCONN, new NotYetConnectedException(),
            Errno.EISCONN, new AlreadyConnectedException(),
            Errno.EAFNOSUPPORT, new UnsupportedAddressTypeException(),
            Errno.EBADF, new ClosedChannelException());
    failures.forEach((errno, failure) -> assertEquals(errno, of(failure)));
    assertEquals(Errno.EBADF, of(new NonReadableChannelException()));
  }

  @Test
  void aTypeThatCanHaveSeveralErrorsIsReadByItsDescription() {
    for (Errno errno : List.of(Errno.ECONNREFUSED, Errno.ETIMEDOUT, Errno.ENOTCONN)) {
      assertEquals(errno, of(new ConnectException(errno.text())));
    }
    for (Errno errno : List.of(Errno.EADDRINUSE, Errno.EADDRNOTAVAIL, Errno.EACCES)) {
      assertEquals(errno, of(new BindException(errno.text())));
    }
  }

  @Test
  void inAnUnknownLanguageTheTypeDecides() {
    assertEquals(Errno.ECONNREFUSED, of(new ConnectException(UNKNOWN)));
    assertEquals(Errno.EADDRINUSE, of(new BindException(UNKNOWN)));
    assertEquals(Errno.EIO, of(new IOException(UNKNOWN)));
    assertEquals(Errno.EIO, of(new IOException()));
  }

  @Test
  void theDescriptionsInTheLanguageOfTheLocaleAreFoundByProvokingTheErrors() {
    Map<String, Errno> learned = LocalTexts.learn();
    Set<Errno> provoked =
        EnumSet.of(
            Errno.EPIPE,
            Errno.ECONNRESET,
            Errno.EADDRNOTAVAIL,
            Errno.EADDRINUSE,
            Errno.EISDIR,
            Errno.ENOTDIR,
            Errno.ENOSPC,
            Errno.EMSGSIZE,
            Errno.EACCES,
            Errno.ENAMETOOLONG);
    assertEquals(provoked, EnumSet.copyOf(learned.values()));
    learned.forEach((text, errno) -> assertEquals(errno, of(new IOException(text)), text));
  }
}
