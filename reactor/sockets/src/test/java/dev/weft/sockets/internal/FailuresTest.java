// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("mode-independent")
class FailuresTest {
  private static void assertTranslated(
      Class<? extends IOException> type, String message, IOException original) {
    IOException translated = Failures.of(original);
    assertEquals(type, translated.getClass());
    assertEquals(message, translated.getMessage());
    assertSame(original, translated.getCause());
  }

  @ParameterizedTest
  @CsvSource({
    "ECONNREFUSED, Connection refused",
    "ETIMEDOUT, Connection timed out",
    "ENOTCONN, Transport endpoint is not connected"
  })
  void aConnectionThatIsNotThereIsAConnectException(Errno errno, String message) {
    assertTranslated(
        ConnectException.class, message, new ErrnoException("connect", "x", errno.code()));
  }

  @Test
  void aHostOutOfReachIsANoRouteToHostException() {
    assertTranslated(
        NoRouteToHostException.class,
        "No route to host",
        new ErrnoException("connect", "x", Errno.EHOSTUNREACH.code()));
  }

  @ParameterizedTest
  @CsvSource({
    "EADDRINUSE, Address already in use",
    "EADDRNOTAVAIL, Cannot assign requested address",
    "EACCES, Permission denied"
  })
  void anAddressThatCanNotBeHadIsABindException(Errno errno, String message) {
    assertTranslated(BindException.class, message, new ErrnoException("bind", "x", errno.code()));
  }

  @ParameterizedTest
  @CsvSource({"ECONNRESET, Connection reset", "EPIPE, Broken pipe"})
  void aBrokenConnectionIsASocketException(Errno errno, String message) {
    assertTranslated(SocketException.class, message, new ErrnoException("read", "x", errno.code()));
  }

  @Test
  void aCloseMeanwhileIsASocketException() {
    assertTranslated(SocketException.class, "Socket closed", new AsynchronousCloseException());
  }

  @Test
  void anUnknownHostStaysOne() {
    UnknownHostException original = new UnknownHostException("nowhere.example");
    assertSame(original, Failures.of(original));
  }
}
