// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a micro-thread reads from and writes to: two rings of bytes in the micro-heap. At the other
 * end of each is a descriptor of the system, or another thread of the process; the words are the
 * same.
 *
 * <p>What is written is in the ring, and goes on its way when the process waits: all that was
 * written until then goes together. Errors of the system are raised in the thread. All words belong
 * to the thread that is running; those that say so suspend it.
 */
public final class MicroSocket {
  final MicroProcess process;
  final ByteRing rx;
  final ByteRing tx;

  MicroSocket(MicroProcess process, ByteRing rx, ByteRing tx) {
    this.process = process;
    this.rx = rx;
    this.tx = tx;
  }

  // ---- reading

  /**
   * Reads a number of bytes, fewer only at the end. Suspends.
   *
   * @param target where they go
   * @param length how many
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  public int read(MicroBlock target, int length) throws Exception {
    return read(target, 0, length);
  }

  /**
   * Reads a number of bytes, fewer only at the end. Suspends.
   *
   * @param target where they go
   * @param offset where the first goes
   * @param length how many
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  public int read(MicroBlock target, long offset, int length) throws Exception {
    target.at(offset, length); // refused before a byte has been taken
    int done = 0;
    while (done < length) {
      int count = Math.min(rx.readable(), length - done);
      if (count > 0) {
        rx.take(target.at(offset + done, count), count);
        rx.wakeWriters();
        done += count;
      } else if (isAtEnd("read")) {
        break;
      } else {
        awaitBytes("read");
      }
    }
    return done;
  }

  /**
   * Reads a line: to a newline, which is part of it, or a number of bytes, or to the end. Suspends.
   *
   * @param target where it goes, from the beginning
   * @param length how many bytes at most
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  public int readline(MicroBlock target, int length) throws Exception {
    return readline(target, 0, length);
  }

  /**
   * Reads a line: to a newline, which is part of it, or a number of bytes, or to the end. Suspends.
   *
   * @param target where it goes
   * @param offset where the first byte goes
   * @param length how many bytes at most
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  public int readline(MicroBlock target, long offset, int length) throws Exception {
    target.at(offset, length);
    int done = 0;
    while (done < length) {
      int count = Math.min(rx.readable(), length - done);
      if (count > 0) {
        int line = rx.lineLength(count);
        int taken = line > 0 ? line : count;
        rx.take(target.at(offset + done, taken), taken);
        rx.wakeWriters();
        done += taken;
        if (line > 0) {
          break;
        }
      } else if (isAtEnd("readline")) {
        break;
      } else {
        awaitBytes("readline");
      }
    }
    return done;
  }

  /**
   * Looks how much there is to read without waiting.
   *
   * @return how many bytes; 0 if none have come yet, or none will
   */
  public int buffered() {
    return rx.readable();
  }

  /**
   * Waits until there is something to read, and leaves it there. Suspends.
   *
   * @return how many bytes there are; 0 at the end
   * @throws Exception what lastly throws
   */
  public int pollread() throws Exception {
    while (rx.isEmpty() && !isAtEnd("pollread")) {
      awaitBytes("pollread");
    }
    return rx.readable();
  }

  /**
   * Whether nothing more is to be read, be it that the descriptor has failed, which is raised, or
   * that this side has been closed, which is EBADF.
   */
  private boolean isAtEnd(String verb) throws Exception {
    if (rx.failure != 0) {
      process.threads.current(verb).raise(rx.takeFailure());
      return true;
    }
    if (rx.abandoned) {
      process.threads.current(verb).raise(Errno.EBADF);
      return true;
    }
    return rx.isAtEnd();
  }

  private void awaitBytes(String verb) {
    process.rings.awaitInput(rx, process.threads.current(verb));
    ThreadControl.park();
  }

  // ---- writing

  /**
   * Writes bytes. Suspends while the ring is full; returns when they are in it.
   *
   * @param source where they are, from the beginning
   * @param length how many
   * @throws Exception what lastly throws
   */
  public void write(MicroBlock source, int length) throws Exception {
    write(source, 0, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full; returns when they are in it.
   *
   * @param source where they are
   * @param offset where the first is
   * @param length how many
   * @throws Exception what lastly throws
   */
  public void write(MicroBlock source, long offset, int length) throws Exception {
    source.at(offset, length); // refused before a byte is on its way
    int done = 0;
    while (done < length) {
      if (isRefused("write")) {
        return;
      }
      int count = Math.min(tx.writable(), length - done);
      if (count > 0) {
        tx.put(source.at(offset + done, count), count);
        done += count;
        written();
      } else {
        awaitRoom("write");
      }
    }
  }

  /**
   * Writes bytes. Suspends while the ring is full; returns when they are in it.
   *
   * @param bytes all that is written; not to be changed until this returns
   * @throws Exception what lastly throws
   */
  public void write(byte[] bytes) throws Exception {
    int done = 0;
    while (done < bytes.length) {
      if (isRefused("write")) {
        return;
      }
      int count = Math.min(tx.writable(), bytes.length - done);
      if (count > 0) {
        tx.put(bytes, done, count);
        done += count;
        written();
      } else {
        awaitRoom("write");
      }
    }
  }

  /**
   * Writes a text, as UTF-8. Suspends while the ring is full.
   *
   * @param text best a constant
   * @throws Exception what lastly throws
   */
  public void literal(String text) throws Exception {
    if (isRefused("literal")) {
      return;
    }
    if (tx.putAscii(text)) {
      written();
    } else {
      write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Formats a text in memory and writes it, as UTF-8. Raises ENOBUFS if it is not shorter than the
   * memory. Suspends while the ring is full.
   *
   * @param line the memory
   * @param length how much of it may be used
   * @param format as of {@link String#format}
   * @param arguments for it
   * @return how many bytes the text has
   * @throws Exception what lastly throws
   */
  public int writef(MicroBlock line, int length, String format, Object... arguments)
      throws Exception {
    byte[] bytes = String.format(Locale.ROOT, format, arguments).getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= length) {
      process.threads.current("writef").raise(Errno.ENOBUFS);
      return bytes.length;
    }
    line.set(0, bytes);
    write(line, bytes.length);
    return bytes.length;
  }

  /**
   * Waits until all that was written has been taken by the system. Another thread has it at once.
   * Suspends.
   *
   * @throws Exception what lastly throws
   */
  public void flush() throws Exception {
    while (!tx.isPipe() && !tx.isEmpty() && !process.isEnding()) {
      if (isRefused("flush")) {
        return;
      }
      awaitRoom("flush");
    }
    isRefused("flush"); // what the last write came to
  }

  /** Whether nobody takes what is written any more, which is raised. */
  private boolean isRefused(String verb) throws Exception {
    if (!isClosedToWriters()) {
      return false;
    }
    int code = tx.takeFailure();
    process.threads.current(verb).raise(code == 0 ? Errno.EPIPE.code() : code);
    return true;
  }

  private boolean isClosedToWriters() {
    return tx.abandoned || tx.hungUp || tx.ended;
  }

  private void written() {
    if (tx.isPipe()) {
      tx.wakeReaders();
    } else {
      process.rings.outputs(tx);
    }
  }

  private void awaitRoom(String verb) {
    MicroThread thread = process.threads.current(verb);
    process.rings.awaitOutput(tx, thread);
    if (tx.isOutput && thread.isOverdue()) {
      process.rings.drainOnceThenDrop(tx); // a lastly has no deadline, but no more time either
    }
    ThreadControl.park();
  }

  /**
   * Moves bytes from the input to the output without their passing through memory of the thread,
   * fewer only at the end. Does not flush. Suspends.
   *
   * @param length how many
   * @return how many there were
   * @throws Exception what lastly throws
   */
  public long forward(long length) throws Exception {
    if (length < 0) {
      throw new IndexOutOfBoundsException("forward of " + length + " bytes");
    }
    long done = 0;
    while (done < length) {
      if (isRefused("forward")) {
        break;
      }
      int count = (int) Math.min(Math.min(rx.readable(), tx.writable()), length - done);
      if (count > 0) {
        rx.moveTo(tx, count);
        rx.wakeWriters();
        written();
        done += count;
      } else if (tx.writable() == 0) {
        awaitRoom("forward");
      } else if (isAtEnd("forward")) {
        break;
      } else {
        awaitBytes("forward");
      }
    }
    return done;
  }

  // ---- the ends of messages

  /**
   * Whether the writer has said that its message is complete, or has gone, and all has been read.
   *
   * @return whether {@link #readhup} would find the end
   */
  public boolean pollhup() {
    return rx.isAtEnd();
  }

  /**
   * Takes the end of a message: the writer, which waits in {@link #hup}, goes on. Raises EAGAIN if
   * there is none yet, or bytes before it. Never suspends by itself.
   *
   * @throws Exception what lastly throws
   */
  public void readhup() throws Exception {
    if (!rx.isAtEnd()) {
      process.threads.current("readhup").raise(Errno.EAGAIN);
      return;
    }
    if (rx.hungUp) {
      rx.hungUp = false;
      rx.wakeWriters();
    } else if (!rx.isPipe()) {
      rx.ended = false; // a terminal, say, goes on after its end
    }
  }

  /**
   * Ends a message: waits until the reader has taken all of it and its end. Raises EPIPE if the
   * reader ends first, EINVAL if another thread is in a hup of the same socket, EOPNOTSUPP if a
   * descriptor is at the other end, where nobody would ever acknowledge. Suspends.
   *
   * @throws Exception what lastly throws
   */
  public void hup() throws Exception {
    if (!tx.isPipe()) {
      flush();
      if (!isClosedToWriters()) { // or flush has raised that
        process.threads.current("hup").raise(Errno.EOPNOTSUPP);
      }
    } else if (tx.hungUp) {
      process.threads.current("hup").raise(Errno.EINVAL);
    } else if (!isRefused("hup")) {
      tx.hungUp = true;
      tx.wakeReaders();
      awaitReadhup();
    }
  }

  private void awaitReadhup() throws Exception {
    while (tx.hungUp) {
      if (tx.abandoned) {
        tx.hungUp = false;
        process.threads.current("hup").raise(Errno.EPIPE);
        return;
      }
      awaitRoom("hup");
    }
  }

  // ---- connections

  /**
   * Waits for a connection to a listening socket. Raises EMFILE and the like, after which the
   * socket still listens, and EINVAL if it is none. Suspends.
   *
   * @return the connection, or null if an error was raised and lowered
   * @throws Exception what lastly throws
   */
  public @Nullable MicroConnection accept() throws Exception {
    if (rx.isPipe() || !rx.descriptor().listening) {
      process.threads.current("accept").raise(Errno.EINVAL);
      return null;
    }
    while (rx.isEmpty()) {
      if (isAtEnd("accept")) {
        return null;
      }
      awaitBytes("accept");
    }
    return new MicroConnection(rx.takeInt());
  }

  // ---- ends

  /**
   * Closes the reading side: what the other side still writes is refused with EPIPE, and a thread
   * that reads on has EBADF raised.
   */
  public void rxClose() {
    process.rings.closeInput(rx);
  }

  /** Closes the writing side: the reader finds the end after what was written. */
  public void txClose() {
    process.rings.closeOutput(tx);
  }

  /**
   * Shuts the reading side of a connection down; it stays open. Raises the system's error.
   *
   * @throws Exception what lastly throws
   */
  public void rxShutdown() throws Exception {
    int result = shutDown(rx, weft_h.SHUT_RD());
    if (result < 0) {
      process.threads.current("shutdown").raise(-result);
    }
  }

  /**
   * Writes out what was written and shuts the writing side of a connection down: the other side
   * finds the end. It stays open. Raises the system's error. Suspends.
   *
   * @throws Exception what lastly throws
   */
  public void txShutdown() throws Exception {
    flush();
    int result = shutDown(tx, weft_h.SHUT_WR());
    if (result < 0 && !isClosedToWriters()) { // or flush has raised what is wrong
      process.threads.current("shutdown").raise(-result);
    }
  }

  /** Returns 0 or -errno. The number of a descriptor that has been closed may be another's. */
  private int shutDown(ByteRing ring, int how) {
    if (ring.isPipe()) {
      return -Errno.ENOTSOCK.code();
    }
    if (ring.closed) {
      return -Errno.EBADF.code();
    }
    int result = process.driver.shutdown(ring.descriptor().handle(), how);
    ring.shut |= result == 0;
    return result;
  }
}
