// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.Deadline;
import dev.weft.net.TcpSocket;
import dev.weft.text.ByteWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** The bytes that a connection sends. One fiber after the other writes. */
final class ConnectionOutput extends OutputStream {
  private static final String WRITE = "write";

  private final ReactorSocket owner;
  private final ByteWriter writer;

  /** A lock of the JDK, which the drivers' own locks can be taken around. */
  private final ReentrantLock lock = new ReentrantLock();

  ConnectionOutput(ReactorSocket owner, TcpSocket socket) {
    this.owner = owner;
    writer = new ByteWriter(socket);
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  /** Writes all bytes to the connection. Suspends. */
  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    lock.lock();
    try {
      owner.enter(WRITE);
      writer.write(source, offset, length, Deadline.NEVER);
      writer.flush();
    } catch (IOException e) {
      throw Failures.of(e);
    } finally {
      lock.unlock();
    }
  }

  /** Gives back the buffer, after the connection has been closed. */
  void release() {
    try {
      writer.close(Deadline.NOW);
    } catch (IOException | WrongThreadException e) {
      // What a write that failed has left in the buffer can't be written.
    }
  }
}
