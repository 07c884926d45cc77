// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Lightweight thread of a micro-process, scheduled cooperatively. Its body is {@link #run}, an
 * ordinary method; its state is ordinary fields and locals, which survive a suspension; its
 * arguments are the constructor's. Only the thread itself may call the methods below.
 *
 * <p>
 *
 * {@snippet :
 * final class Echo extends MicroThread {
 *   protected void run() throws Exception {
 *     MicroBlock line = calloc(1, 1024);
 *     for (int length; (length = readline(line, 1024)) > 0; ) {
 *       write(line, length);
 *     }
 *   }
 * }
 * }
 *
 * <p>Errors are raised, not returned: {@link #raise(dev.weft.error.Errno)} runs {@link #lastly()},
 * which may {@link #lower} the error; the thread then continues where the error was raised. An
 * uncaught exception is a fault and is raised as EFAULT.
 *
 * <p>On a reactor a micro-thread may also make the calls of fibers ({@link dev.weft.sync.Channel},
 * {@link dev.weft.Bundle}, {@link dev.weft.Fiber#sleep}, sockets, files). Such a call suspends only
 * this thread. A deadline or failure of a bundle that encloses it also ends waits of the
 * micro-thread's own methods, with the exception that a fiber's call would throw. If an error is
 * raised at a thread in a fiber call, it runs {@link #lastly()} and resumes the call if that lowers
 * the error; if the thread is terminated, the call throws a {@link
 * dev.weft.error.CancelledException}.
 *
 * <p>Methods that suspend must not be called in a constructor or in a {@code synchronized} block.
 * The methods about sockets are those of {@link MicroSocket}, applied to the default socket.
 */
public abstract class MicroThread extends ThreadCalls {
  /** Created by the first connect. */
  @Nullable OutgoingConnections connector;

  /** Creates a thread that belongs to no process yet. */
  protected MicroThread() {}

  /** {@return the default socket, which the methods below use} */
  protected final MicroSocket socket() {
    return defaultSocket();
  }

  /**
   * Runs a blocking call on a thread of {@link dev.weft.Blocking}; the other threads of this
   * process, and all other processes, continue to run. In the local executor it blocks them. If the
   * process is killed meanwhile, the call completes and its result is discarded. Suspends.
   *
   * @param <T> the type of the result
   * @param call must use neither the micro-heap nor the methods of this class
   * @return the call's result
   * @throws Exception the exception that the call throws, unchanged
   */
  protected final <T extends @Nullable Object> T blocking(Callable<T> call) throws Exception {
    MicroProcess process = home();
    if (process.dispatcher == null) {
      return call.call();
    }
    BlockingCall<T> made = new BlockingCall<>(process, this, call);
    made.start();
    while (!made.isDone()) {
      process.alarms.await(this); // again, if it was played or lowered an error raised at it
      park();
    }
    return made.result();
  }

  /**
   * Waits until {@code other} has bytes to read or has reached its end. Suspends.
   *
   * @param other a socket of this process
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void await(MicroSocket other) throws Exception {
    other.pollread();
  }

  /**
   * Reads a number of bytes, fewer only at the end of the input. Suspends.
   *
   * @param target the block to fill
   * @param length how many bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int read(MicroBlock target, int length) throws Exception {
    return defaultSocket().read(target, length);
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
  protected final int read(MicroBlock target, long offset, int length) throws Exception {
    return defaultSocket().read(target, offset, length);
  }

  /**
   * Reads up to and including a newline, at most {@code length} bytes, or up to the end of the
   * input. Suspends.
   *
   * @param target the block to fill
   * @param length the most bytes to read
   * @return bytes read; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int readline(MicroBlock target, int length) throws Exception {
    return defaultSocket().readline(target, length);
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
  protected final int readline(MicroBlock target, long offset, int length) throws Exception {
    return defaultSocket().readline(target, offset, length);
  }

  /**
   * {@return how many bytes can be read without waiting; 0 if none have arrived yet, or at the end}
   */
  protected final int buffered() {
    return defaultSocket().buffered();
  }

  /**
   * Waits until there are bytes to read, without reading them. Suspends. A thread that waits here
   * before it allocates a block for the input holds no memory while its connection is idle.
   *
   * @return how many bytes are available; 0 at the end
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int pollread() throws Exception {
    return defaultSocket().pollread();
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param source the block to write from
   * @param length how many bytes to write
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void write(MicroBlock source, int length) throws Exception {
    defaultSocket().write(source, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param source the block to write from
   * @param offset the first byte's offset in {@code source}
   * @param length how many bytes to write
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void write(MicroBlock source, long offset, int length) throws Exception {
    defaultSocket().write(source, offset, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param bytes the bytes, all of which are written
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void write(byte[] bytes) throws Exception {
    defaultSocket().write(bytes);
  }

  /**
   * Writes a text as UTF-8. Suspends while the ring is full.
   *
   * @param text preferably a constant
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void literal(String text) throws Exception {
    defaultSocket().literal(text);
  }

  /**
   * Formats a text into a block and writes it. Raises ENOBUFS unless the text is shorter than
   * {@code length}. Suspends while the ring is full.
   *
   * @param line the block to format into
   * @param length how many bytes of the block may be used
   * @param format a format string of {@link String#format}
   * @param arguments the format's arguments
   * @return the text's length in bytes
   * @throws Exception whatever {@code lastly} throws
   */
  protected final int writef(MicroBlock line, int length, String format, Object... arguments)
      throws Exception {
    return defaultSocket().writef(line, length, format, arguments);
  }

  /**
   * Waits until the system has accepted all bytes written so far. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void flush() throws Exception {
    defaultSocket().flush();
  }

  /**
   * Moves bytes from the input to the output, fewer only at the end of the input. Suspends.
   *
   * @param length how many bytes to move
   * @return bytes moved
   * @throws Exception whatever {@code lastly} throws
   */
  protected final long forward(long length) throws Exception {
    return defaultSocket().forward(length);
  }

  /**
   * {@return whether all of a message has been read and its end has arrived, so that {@link
   * #readhup} would succeed}
   */
  protected final boolean pollhup() {
    return defaultSocket().pollhup();
  }

  /**
   * Acknowledges the end of a message, which resumes its writer. Raises EAGAIN if the end has not
   * arrived.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void readhup() throws Exception {
    defaultSocket().readhup();
  }

  /**
   * Ends a message and waits until the reader has acknowledged its end. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void hup() throws Exception {
    defaultSocket().hup();
  }

  /**
   * Waits for a connection to the listening socket. Suspends.
   *
   * @return the connection, or null if an error was raised and lowered
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable MicroConnection accept() throws Exception {
    return defaultSocket().accept();
  }

  /**
   * Opens a TCP connection. Raises ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2)),
   * EMFILE if no descriptor is left, ENOMEM if the heap does not have eight pages for its rings,
   * and EOPNOTSUPP in the local executor. Suspends.
   *
   * @param address a resolved address
   * @return the connection, or null if an error was raised and lowered. It is closed when both its
   *     sides have been closed ({@link MicroSocket#rxClose}, {@link MicroSocket#txClose}), at the
   *     latest when this thread and all threads that received it by {@link #child(MicroThread,
   *     MicroSocket, MicroSocket)} have ended
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws Exception whatever {@code lastly} throws
   */
  protected final @Nullable MicroSocket connect(InetSocketAddress address) throws Exception {
    OutgoingConnections its = connector;
    if (its == null) {
      its = new OutgoingConnections(this);
      connector = its;
    }
    MicroSocket made = its.begin(address);
    if (made == null) {
      return null;
    }
    boolean connected = false;
    try {
      while (made.tx.isConnecting()) {
        its.await(made);
        park();
      }
      connected = made.tx.failure() == 0;
    } finally {
      if (!connected) {
        its.close(made); // however the wait ended
      }
    }
    if (connected) {
      return made;
    }
    // The failure is not reset: after a fault the thread may execute this again.
    raise(made.tx.failure(), OutgoingConnections.subject(address));
    return null;
  }

  /** Closes the reading side. */
  protected final void rxClose() {
    defaultSocket().rxClose();
  }

  /** Closes the writing side. */
  protected final void txClose() {
    defaultSocket().txClose();
  }

  /**
   * Shuts down the reading side of a connection.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void rxShutdown() throws Exception {
    defaultSocket().rxShutdown();
  }

  /**
   * Flushes the output and shuts down the writing side of a connection. Suspends.
   *
   * @throws Exception whatever {@code lastly} throws
   */
  protected final void txShutdown() throws Exception {
    defaultSocket().txShutdown();
  }
}
