// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.backend.selector.StandardStreams;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.io.SocketSetup;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Driver of the local executor: reads and writes by blocking system calls, as nothing else can run.
 * Without the native library it has the streams of the JDK, and so the standard ones alone.
 */
public final class BlockingIoDriver extends IoDriver {
  public static final BlockingIoDriver INSTANCE = new BlockingIoDriver();

  private static final boolean NATIVE = Memory.isAccessible() && Libc.isAvailable();

  /** How long a stream of the JDK that does not block is left alone. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private BlockingIoDriver() {}

  @Override
  void fill(ByteRing ring) {
    ring.allocate();
    int number = ring.descriptor().handle().number();
    int result;
    do {
      long address = ring.fillAddress();
      int bytes = ring.fillBytes();
      result =
          NATIVE ? Libc.read(number, address, bytes) : StandardStreams.read(number, address, bytes);
    } while (isToBeTriedAgain(result, number, false));
    ring.filled(result);
  }

  @Override
  void drain(ByteRing ring) {
    int number = ring.descriptor().handle().number();
    while (!ring.isEmpty()) {
      long address = ring.drainAddress();
      int bytes = ring.drainBytes();
      int result =
          NATIVE
              ? Libc.write(number, address, bytes)
              : StandardStreams.write(number, address, bytes);
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
    if (NATIVE) {
      Libc.awaitReady(number, writes); // the next call reports the event or error
    } else {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
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
  public Handle adopt(int descriptor, Direction direction) {
    return Handle.borrowed(descriptor, "descriptor " + descriptor);
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
    if (NATIVE) {
      Libc.close(descriptor);
    }
  }

  @Override
  int shutdown(Handle handle, Direction direction) {
    if (!NATIVE) {
      return -Errno.ENOTSOCK.code();
    }
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
