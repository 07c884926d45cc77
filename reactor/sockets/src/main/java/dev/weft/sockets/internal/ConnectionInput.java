// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.TcpSocket;
import dev.weft.text.ByteReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** The bytes that a connection receives. One fiber after the other reads. */
final class ConnectionInput extends InputStream {
  private static final String READ = "read";

  private final ReactorSocket owner;
  private final ByteReader reader;

  /** A lock of the JDK, which the drivers' own locks can be taken around. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile boolean ended;

  ConnectionInput(ReactorSocket owner, TcpSocket socket) {
    this.owner = owner;
    reader = new ByteReader(socket);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** Reads what is there, at least one byte, until the timeout. Suspends. */
  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    Deadline deadline = owner.deadline();
    lock.lock();
    try {
      owner.enter(READ);
      return ended ? -1 : reader.read(target, offset, length, deadline);
    } catch (DeadlineExceededException e) {
      throw Failures.timeout("Read timed out", e);
    } catch (IOException e) {
      throw Failures.of(e);
    } finally {
      lock.unlock();
    }
  }

  /** How many bytes can be read without waiting, as far as the buffer has room. */
  @Override
  public int available() throws IOException {
    owner.enter("available");
    if (ended) {
      return 0;
    }
    if (reader.buffered() == 0 && lock.tryLock()) {
      try {
        reader.peek(Deadline.NOW);
      } catch (DeadlineExceededException e) {
        return 0; // nothing has come
      } catch (IOException e) {
        throw Failures.of(e);
      } finally {
        lock.unlock();
      }
    }
    return reader.buffered();
  }

  /** Ends the stream for all reads from now on. */
  void end() {
    ended = true;
  }

  /** Gives back the buffer, after the connection has been closed. */
  void release() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new IllegalStateException("a closed connection has failed", e); // it does nothing
    }
  }
}
