// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.io.SocketSetup;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Driver of a reactor: reads and writes by operations of its backend. */
public final class BackendIoDriver extends IoDriver implements AutoCloseable {
  /** The standard streams, 0 to 2, have the same numbers on each backend. */
  private static final int LAST_STANDARD = 2;

  private final EventLoop loop;
  private final ReceiveBufferPool receiveBuffers;

  /**
   * Opens a driver, to be closed when no ring uses it any more.
   *
   * @param memory where the rings of the driver get their memory
   */
  public BackendIoDriver(EventLoop loop, RingMemory memory) {
    this.loop = loop;
    receiveBuffers = new ReceiveBufferPool(loop.backend(), memory);
  }

  EventLoop loop() {
    return loop;
  }

  ReceiveBufferPool receiveBuffers() {
    return receiveBuffers;
  }

  private RingTransfer transfer(ByteRing ring) {
    RingTransfer transfer = ring.transfer;
    if (transfer == null) {
      transfer = new RingTransfer(this, ring);
      ring.transfer = transfer;
    }
    return transfer;
  }

  @Override
  void fill(ByteRing ring) {
    transfer(ring).start();
  }

  @Override
  void drain(ByteRing ring) {
    transfer(ring).start();
  }

  @Override
  public void socket(Handle handle, InetSocketAddress address, SocketSetup setup)
      throws ErrnoException, UnknownHostException {
    SocketCalls.open(loop, handle, SocketType.STREAM, address, setup);
  }

  @Override
  public Handle newHandle(String description) {
    return loop.backend().newHandle(description);
  }

  @Override
  public void open(Handle handle, int descriptor) {
    loop.backend().open(handle, descriptor);
  }

  @Override
  public Handle adopt(int descriptor, Direction direction) {
    String name = "descriptor " + descriptor;
    Backend backend = loop.backend();
    if (descriptor <= LAST_STANDARD || backend.has(Capability.KERNEL_DESCRIPTORS)) {
      return Handle.borrowed(descriptor, name);
    }
    Handle handle = backend.newHandle(name);
    int opened = backend.perform(loop.call().adopt(descriptor, direction));
    if (opened < 0) {
      throw new IllegalArgumentException(
          name + " can't be used on this backend: " + Errno.of(-opened).text());
    }
    backend.open(handle, opened);
    return handle;
  }

  @Override
  void connect(ByteRing ring, InetSocketAddress address) {
    transfer(ring).connect(address);
  }

  @Override
  void cancel(ByteRing ring) {
    transfer(ring).cancel();
  }

  @Override
  public void close(Handle handle) {
    SocketCalls.discard(loop, handle);
  }

  @Override
  void close(int descriptor) {
    loop.backend().closeDescriptor(descriptor);
  }

  @Override
  int shutdown(Handle handle, Direction direction) {
    return loop.backend().perform(loop.call().shutdown(handle, direction));
  }

  @Override
  InetSocketAddress remoteAddress(Handle handle) throws IOException {
    if (SocketCalls.remoteName(loop, handle) instanceof InetSocketAddress address) {
      return address;
    }
    throw new ErrnoException("getpeername", null, Errno.EAFNOSUPPORT.code());
  }

  @Override
  void release(ByteRing ring) {
    RingTransfer transfer = ring.transfer;
    if (transfer != null) {
      transfer.release();
      ring.transfer = null;
    }
  }

  /** Withdraws the buffers that it has provided; nothing is in flight. */
  @Override
  public void close() {
    receiveBuffers.close();
  }
}
