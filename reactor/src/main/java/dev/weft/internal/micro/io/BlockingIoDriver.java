// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.io.SocketSetup;
import dev.weft.internal.os.Libc;
import java.net.InetSocketAddress;

/**
 * Driver of the local executor: reads and writes by blocking system calls, as nothing else can run.
 */
public final class BlockingIoDriver extends IoDriver {
  public static final BlockingIoDriver INSTANCE = new BlockingIoDriver();

  private BlockingIoDriver() {}

  @Override
  void fill(ByteRing ring) {
    ring.allocate();
    int number = ring.descriptor().handle().number();
    int result;
    do {
      result = Libc.read(number, ring.fillAddress(), ring.fillBytes());
    } while (isToBeTriedAgain(result, number, false));
    ring.filled(result);
  }

  @Override
  void drain(ByteRing ring) {
    int number = ring.descriptor().handle().number();
    while (!ring.isEmpty()) {
      int result = Libc.write(number, ring.drainAddress(), ring.drainBytes());
      if (!isToBeTriedAgain(result, number, true)) {
        ring.drained(result == 0 ? -Errno.EIO.code() : result);
      }
    }
  }

  /**
   * Whether a call has to be repeated. Polls a standard stream that another process has made
   * non-blocking.
   */
  private static boolean isToBeTriedAgain(int result, int number, boolean writes) {
    Retry retry = Retry.of(result);
    if (retry != Retry.WHEN_READY) {
      return retry == Retry.AT_ONCE;
    }
    Libc.awaitReady(number, writes); // the next call reports the event or error
    return true;
  }

  /** Not supported: waiting for one connection would block all others. */
  @Override
  public void socket(Handle handle, InetSocketAddress address, SocketSetup setup)
      throws ErrnoException {
    throw new ErrnoException("connect", InetAddresses.text(address), Errno.EOPNOTSUPP.code());
  }

  /** A handle that never gets a descriptor, because {@link #socket} fails. */
  @Override
  public Handle newHandle(String description) {
    return Handle.borrowed(Handle.NONE, description);
  }

  @Override
  public void open(Handle handle, int descriptor) {
    throw new IllegalStateException("the local executor opens no descriptors");
  }

  @Override
  public void close(Handle handle) {} // the standard streams are not owned

  @Override
  void connect(ByteRing ring, InetSocketAddress address) {
    throw new IllegalStateException("the local executor makes no sockets to connect");
  }

  @Override
  void cancel(ByteRing ring) {} // nothing is ever in flight

  @Override
  void close(int descriptor) {
    Libc.close(descriptor);
  }

  @Override
  int shutdown(Handle handle, Direction direction) {
    boolean input = direction != Direction.OUTPUT;
    boolean output = direction != Direction.INPUT;
    return Libc.shutdown(handle.number(), input, output);
  }

  /** Not supported: its descriptors are the standard streams. */
  @Override
  InetSocketAddress remoteAddress(Handle handle) throws ErrnoException {
    throw new ErrnoException("getpeername", null, Errno.EOPNOTSUPP.code());
  }

  @Override
  void release(ByteRing ring) {}
}
