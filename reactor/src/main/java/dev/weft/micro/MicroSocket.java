// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.run.MicroDispatcher;
import dev.weft.internal.micro.run.ProcessControl;
import dev.weft.internal.micro.run.ThreadControl;
import dev.weft.net.TcpListener;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Buffered byte stream of a micro-thread: a receive ring and a transmit ring, whose pages count
 * against the micro-heap. The other end of each is a descriptor, or another thread of the process;
 * the methods are the same.
 *
 * <p>Written bytes stay in the ring until the process waits; they are then submitted together.
 * Errors of the system are raised in the thread. Only the running thread of the process may call
 * these methods; those that say so suspend it.
 */
public final class MicroSocket {
  final ProcessControl process;
  final ByteRing rx;
  final ByteRing tx;

  MicroSocket(ProcessControl process, ByteRing rx, ByteRing tx) {
    this.process = process;
    this.rx = rx;
    this.tx = tx;
  }

  // ---- reading

  /**
   * Reads a number of bytes, fewer only at the end of the input. Suspends.
   *
   * @param target the block to fill
   * @param length how many bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  public int read(MicroBlock target, int length) throws Exception {
    return read(target, 0, length);
  }

  /**
   * Reads a number of bytes, fewer only at the end of the input. Suspends.
   *
   * @param target the block to fill
   * @param offset the first byte's offset in {@code target}
   * @param length how many bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  public int read(MicroBlock target, long offset, int length) throws Exception {
    target.at(offset, length); // checked before a byte is consumed
    int done = 0;
    while (done < length) {
      int count = Math.min(rx.readable(), length - done);
      if (count > 0) {
        rx.wakeWriters(); // they run later; first, so that bytes are taken last
        rx.take(target.at(offset + done, count), count);
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
   * Reads up to and including a newline, at most {@code length} bytes, or up to the end of the
   * input. Suspends.
   *
   * @param target the block to fill from its start
   * @param length the most bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  public int readline(MicroBlock target, int length) throws Exception {
    return readline(target, 0, length);
  }

  /**
   * Reads up to and including a newline, at most {@code length} bytes, or up to the end of the
   * input. Suspends.
   *
   * @param target the block to fill
   * @param offset the first byte's offset in {@code target}
   * @param length the most bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  public int readline(MicroBlock target, long offset, int length) throws Exception {
    target.at(offset, length);
    int done = 0;
    while (done < length) {
      int count = Math.min(rx.readable(), length - done);
      if (count > 0) {
        int line = rx.lineLength(count);
        int taken = line > 0 ? line : count;
        rx.wakeWriters();
        rx.take(target.at(offset + done, taken), taken);
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
   * {@return how many bytes can be read without waiting; 0 if none have arrived yet, or at the end}
   */
  public int buffered() {
    return rx.readable();
  }

  /**
   * Waits until there are bytes to read, without reading them. Suspends.
   *
   * @return how many bytes are available; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  public int pollread() throws Exception {
    while (rx.isEmpty() && !isAtEnd("pollread")) {
      awaitBytes("pollread");
    }
    return rx.readable();
  }

  /**
   * Waits until a number of bytes can be read without waiting, or the end has arrived, without
   * reading them. An error of the descriptor is raised when the bytes before it have been read.
   * Suspends.
   *
   * @param count how many bytes, at most 16384, which is what the ring holds
   * @return how many bytes are available, fewer than {@code count} only at the end or after an
   *     error that was raised and lowered
   * @throws IndexOutOfBoundsException if {@code count} is negative or too large
   * @throws Exception whatever {@code lastly} throws
   */
  public int pollread(int count) throws Exception {
    requireFits("pollread", count);
    while (rx.readable() < count) {
      if (rx.isEmpty() ? isAtEnd("pollread") : rx.isFinal()) {
        break;
      }
      awaitBytes("pollread");
    }
    return rx.readable();
  }

  private static void requireFits(String verb, int count) {
    if (count < 0 || count > ByteRing.BYTES) {
      throw new IndexOutOfBoundsException(
          verb + " of " + count + " bytes: a ring holds " + ByteRing.BYTES);
    }
  }

  /**
   * Whether no more bytes can be read. Raises the descriptor's error, or EBADF if this side has
   * been closed.
   */
  private boolean isAtEnd(String verb) throws Exception {
    if (rx.failure() != 0) {
      StackReserve.check(); // what is taken must be raised
      running(verb).raise(rx.takeFailure());
      return true;
    }
    if (rx.isAbandoned()) {
      running(verb).raise(Errno.EBADF);
      return true;
    }
    return rx.isAtEnd();
  }

  private void awaitBytes(String verb) {
    process.waits().awaitInput(rx, process.threads().current(verb));
    ThreadControl.park();
  }

  // ---- writing

  /**
   * Writes bytes into the ring. Suspends while the ring is full.
   *
   * @param source the block to write from, from its start
   * @param length how many bytes to write
   * @throws Exception whatever {@code lastly} throws
   */
  public void write(MicroBlock source, int length) throws Exception {
    write(source, 0, length);
  }

  /**
   * Writes bytes into the ring. Suspends while the ring is full.
   *
   * @param source the block to write from
   * @param offset the first byte's offset in {@code source}
   * @param length how many bytes to write
   * @throws Exception whatever {@code lastly} throws
   */
  public void write(MicroBlock source, long offset, int length) throws Exception {
    source.at(offset, length); // checked before a byte is written
    if (isTooLong("write", length)) {
      return;
    }
    int done = 0;
    while (done < length) {
      if (isRefused("write")) {
        return;
      }
      int count = Math.min(tx.writable(), length - done);
      if (count > 0) {
        writes(); // first, so that bytes are put last
        tx.put(source.at(offset + done, count), count);
        done += count;
      } else {
        awaitRoom("write");
      }
    }
  }

  /**
   * Writes bytes into the ring. Suspends while the ring is full.
   *
   * @param bytes the bytes, all of which are written; not to be changed until this returns
   * @throws Exception whatever {@code lastly} throws
   */
  public void write(byte[] bytes) throws Exception {
    if (isTooLong("write", bytes.length)) {
      return;
    }
    int done = 0;
    while (done < bytes.length) {
      if (isRefused("write")) {
        return;
      }
      int count = Math.min(tx.writable(), bytes.length - done);
      if (count > 0) {
        writes();
        tx.put(bytes, done, count);
        done += count;
      } else {
        awaitRoom("write");
      }
    }
  }

  /**
   * Writes a text, as UTF-8. Suspends while the ring is full.
   *
   * @param text preferably a constant
   * @throws Exception whatever {@code lastly} throws
   */
  public void literal(String text) throws Exception {
    if (isTooLong("literal", text.length()) || isRefused("literal")) {
      return;
    }
    writes();
    if (!tx.putAscii(text)) {
      write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Formats a text into a block and writes it, as UTF-8. Raises ENOBUFS unless the text is shorter
   * than {@code length}. Suspends while the ring is full.
   *
   * @param line the block to format into
   * @param length how many bytes of the block may be used
   * @param format a format string of {@link String#format}
   * @param arguments the format's arguments
   * @return the text's length in bytes
   * @throws Exception whatever {@code lastly} throws
   */
  public int writef(MicroBlock line, int length, String format, Object... arguments)
      throws Exception {
    byte[] bytes = String.format(Locale.ROOT, format, arguments).getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= length) {
      running("writef").raise(Errno.ENOBUFS);
      return bytes.length;
    }
    line.set(0, bytes);
    write(line, bytes.length);
    return bytes.length;
  }

  /**
   * Waits until a number of bytes can be written without waiting, without writing any. Raises what
   * {@code write} would raise: the error of the last write, or EPIPE. On a socket for messages it
   * raises EMSGSIZE if the message would be too long; what has been written of it stays. Suspends.
   *
   * @param count how many bytes, at most 16384, which is what the ring holds; that many waits until
   *     all bytes written so far have been taken
   * @return how many bytes can be written without waiting, fewer than {@code count} only after an
   *     error that was raised and lowered
   * @throws IndexOutOfBoundsException if {@code count} is negative or too large
   * @throws Exception whatever {@code lastly} throws
   */
  public int pollwrite(int count) throws Exception {
    requireFits("pollwrite", count);
    while (!isRefused("pollwrite")) {
      int room = room();
      if (room >= count) {
        return room;
      }
      if (tx.isOfMessages) {
        running("pollwrite").raise(Errno.EMSGSIZE);
        break;
      }
      awaitRoom("pollwrite");
    }
    return tx.refusesWriters() ? 0 : room();
  }

  /** How many bytes can be written without waiting. */
  private int room() {
    return tx.isOfMessages ? ByteRing.MESSAGE_MAX - tx.readable() : tx.writable();
  }

  /**
   * Waits until the system has accepted all bytes written so far. If another thread is at the other
   * end, it returns immediately. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  public void flush() throws Exception {
    while (!tx.isPipe() && !tx.isOfMessages && !tx.isEmpty() && !process.isEnding()) {
      if (isRefused("flush")) {
        return;
      }
      awaitRoom("flush");
    }
    isRefused("flush"); // raises the error of the last write
  }

  /** Whether the other end accepts no more bytes. Raises the error, or EPIPE. */
  private boolean isRefused(String verb) throws Exception {
    if (!tx.refusesWriters()) {
      return false;
    }
    StackReserve.check(); // what is taken must be raised
    int code = tx.takeFailure();
    running(verb).raise(code == 0 ? Errno.EPIPE.code() : code);
    return true;
  }

  /** Wakes the readers of what is about to be written: they run when this thread suspends. */
  private void writes() {
    if (tx.isPipe()) {
      tx.wakeReaders();
    } else if (!tx.isOfMessages) {
      process.rings().drainLater(tx);
    }
  }

  /** Whether bytes make a message for a descriptor too long. It is dropped, and EMSGSIZE raised. */
  private boolean isTooLong(String verb, int more) throws Exception {
    if (!tx.isOfMessages || more <= ByteRing.MESSAGE_MAX - tx.readable()) {
      return false;
    }
    tx.dropAll();
    running(verb).raise(Errno.EMSGSIZE);
    return true;
  }

  private void awaitRoom(String verb) {
    process.waits().awaitOutput(tx, process.threads().current(verb));
    ThreadControl.park();
  }

  /**
   * Moves bytes from the input to the output without copying them to a block, fewer only at the end
   * of the input. Does not flush. Suspends.
   *
   * @param length how many bytes to move
   * @return bytes moved
   * @throws Exception whatever {@code lastly} throws
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
      if (isTooLong("forward", count)) {
        break;
      }
      if (count > 0) {
        rx.wakeWriters();
        writes();
        rx.moveTo(tx, count);
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
   * {@return whether all bytes have been read and the writer has ended its message, or has gone, so
   * that {@link #readhup} would succeed}
   */
  public boolean pollhup() {
    return rx.isAtEnd();
  }

  /**
   * Acknowledges the end of a message, which resumes the writer that waits in {@link #hup}. Raises
   * EAGAIN if the end has not arrived, or bytes before it are unread. Does not suspend, unless
   * {@code lastly} does.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  public void readhup() throws Exception {
    if (!rx.isAtEnd()) {
      running("readhup").raise(Errno.EAGAIN);
      return;
    }
    rx.acknowledge();
  }

  /**
   * Ends a message and waits until the reader has read all of it and acknowledged its end. Raises
   * EPIPE if the reader ends first, EINVAL if another thread is in a hup of the same socket. On a
   * socket for messages it sends what has been written as one, waits until the system has accepted
   * it, and raises the system's error. On another descriptor it raises EOPNOTSUPP. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  public void hup() throws Exception {
    if (!tx.isPipe() && !tx.isOfMessages) {
      flush();
      if (!tx.refusesWriters()) { // otherwise flush has raised the error
        running("hup").raise(Errno.EOPNOTSUPP);
      }
    } else if (tx.isHungUp()) {
      running("hup").raise(Errno.EINVAL);
    } else if (!isRefused("hup")) {
      tx.hangUp();
      awaitReadhup();
    }
  }

  private void awaitReadhup() throws Exception {
    while (tx.isHungUp()) {
      if (tx.isAbandoned()) {
        tx.withdrawHangUp();
        running("hup").raise(Errno.EPIPE);
        return;
      }
      awaitRoom("hup");
    }
    if (tx.isOfMessages && tx.failure() != 0) {
      StackReserve.check();
      running("hup").raise(tx.takeFailure());
    }
  }

  // ---- connections

  /**
   * Waits for a connection to a listening socket, which is the default socket of a process that was
   * started with a {@link TcpListener}. Raises EMFILE and the like, after which the socket still
   * listens, EBADF if the listener has been closed, and EINVAL if it is not a listening socket.
   * Suspends.
   *
   * @return the connection, or null if an error was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  public @Nullable MicroConnection accept() throws Exception {
    if (!rx.isListening()) {
      running("accept").raise(Errno.EINVAL);
      return null;
    }
    while (rx.isEmpty()) {
      if (isAtEnd("accept")) {
        return null;
      }
      awaitBytes("accept");
    }
    StackReserve.check(); // what is taken must be returned
    MicroDispatcher dispatcher = process.dispatcher();
    assert dispatcher != null : "listening sockets are not for the local executor";
    return new MicroConnection(dispatcher.loop(), rx.takeInt());
  }

  /** The running thread of the process. */
  private MicroThread running(String verb) {
    return MicroThread.of(process.threads().current(verb));
  }

  /**
   * Asks the system for the address of the peer of a connection. Raises the system's error:
   * ENOTSOCK if a file or another thread is at the other end, ENOTCONN if the peer has reset the
   * connection, EBADF if this socket has been closed, EOPNOTSUPP in the local executor. Does not
   * suspend, unless {@code lastly} does.
   *
   * @return its address and port; null if an error was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  public @Nullable InetSocketAddress remoteAddress() throws Exception {
    int code;
    try {
      return process.rings().remoteAddress(rx);
    } catch (ErrnoException e) {
      code = e.code();
    }
    running("getpeername").raise(code);
    return null;
  }

  // ---- ends

  /**
   * Closes the reading side: later writes of the other side fail with EPIPE, and later reads raise
   * EBADF.
   */
  public void rxClose() {
    StackReserve.check();
    process.rings().closeInput(rx);
  }

  /** Closes the writing side: after the bytes written so far the reader finds the end. */
  public void txClose() {
    StackReserve.check();
    process.rings().closeOutput(tx);
  }

  /**
   * Shuts down the reading side of a connection; the descriptor stays open. Raises the system's
   * error.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  public void rxShutdown() throws Exception {
    int result = process.rings().shutDown(rx, Direction.INPUT);
    if (result < 0) {
      running("shutdown").raise(-result);
    }
  }

  /**
   * Flushes the output and shuts down the writing side of a connection: the peer finds the end. The
   * descriptor stays open. Raises the system's error. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  public void txShutdown() throws Exception {
    flush();
    int result = process.rings().shutDown(tx, Direction.OUTPUT);
    if (result < 0 && !tx.refusesWriters()) { // otherwise flush has raised the error
      running("shutdown").raise(-result);
    }
  }
}
