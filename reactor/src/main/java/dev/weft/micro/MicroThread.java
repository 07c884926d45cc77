// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Code that runs until it has to wait, in a micro-process. What it does is {@link #run}, an
 * ordinary method; its state is ordinary fields and locals, which survive a suspension; arguments
 * are the constructor's. All words below are for the thread itself to say.
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
 * which may {@link #lower} the error, so that the thread goes on where it was raised. What goes
 * wrong otherwise (an exception that nobody catches) is raised as EFAULT.
 *
 * <p>On a reactor it may make the calls of fibers too ({@link dev.weft.sync.Channel}, {@link
 * dev.weft.Bundle}, {@link dev.weft.Fiber#sleep}, sockets, files), and waits in them alone: other
 * threads and processes go on. A deadline or failure of a bundle that it is in ends its own words
 * as well, with the exception that such a call would throw. Raised at, it runs {@link #lastly()}
 * and is in its call again if that lowers; told to end, it gets a {@link
 * dev.weft.error.CancelledException} there.
 *
 * <p>Words that suspend must not be used in a constructor or in a {@code synchronized} block. The
 * words about sockets are those of {@link MicroSocket}, said of the default one.
 */
public abstract class MicroThread extends ThreadCalls {
  /** Made when it connects for the first time. */
  @Nullable OutgoingConnections connector;

  /** A thread that belongs to no process yet. */
  protected MicroThread() {}

  /**
   * Its default socket.
   *
   * @return what the words below are about
   */
  protected final MicroSocket socket() {
    return defaultSocket();
  }

  /**
   * Makes a call that blocks, on a thread of {@link dev.weft.Blocking}; the other threads of this
   * process, and of all others, go on. In the local executor it blocks them. If the process is
   * killed meanwhile, the call goes on and nobody gets its result. Suspends.
   *
   * @param <T> the type of the result
   * @param call must not use the micro-heap, nor say any of these words
   * @return its result
   * @throws Exception what the call throws, as it is
   */
  protected final <T extends @Nullable Object> T blocking(Callable<T> call) throws Exception {
    MicroProcess process = home();
    if (process.driver == BlockingIoDriver.INSTANCE) {
      return call.call();
    }
    BlockingCall<T> made = new BlockingCall<>(process, this, call);
    made.start();
    while (!made.isDone()) {
      process.alarms.await(this); // again, if it was played, or lowered what was raised at it
      park();
    }
    return made.result();
  }

  /**
   * Waits until there is something to read from {@code other}, or its end. Suspends.
   *
   * @param other a socket of this process
   * @throws Exception what lastly throws
   */
  protected final void await(MicroSocket other) throws Exception {
    other.pollread();
  }

  /**
   * Reads a number of bytes, fewer only at the end. Suspends.
   *
   * @param target where they go
   * @param length how many
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  protected final int read(MicroBlock target, int length) throws Exception {
    return defaultSocket().read(target, length);
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
  protected final int read(MicroBlock target, long offset, int length) throws Exception {
    return defaultSocket().read(target, offset, length);
  }

  /**
   * Reads a line, its newline included, or as many bytes, or to the end. Suspends.
   *
   * @param target where it goes
   * @param length how many bytes at most
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  protected final int readline(MicroBlock target, int length) throws Exception {
    return defaultSocket().readline(target, length);
  }

  /**
   * Reads a line, its newline included, or as many bytes, or to the end. Suspends.
   *
   * @param target where it goes
   * @param offset where the first byte goes
   * @param length how many bytes at most
   * @return how many there were; 0 if it was at the end
   * @throws Exception what lastly throws
   */
  protected final int readline(MicroBlock target, long offset, int length) throws Exception {
    return defaultSocket().readline(target, offset, length);
  }

  /**
   * Looks how much there is to read without waiting.
   *
   * @return how many bytes; 0 if none have come yet, or none will
   */
  protected final int buffered() {
    return defaultSocket().buffered();
  }

  /**
   * Waits until there is something to read, and leaves it there. Suspends. A thread that waits here
   * before it takes memory for what comes holds none while its connection is idle.
   *
   * @return how many bytes there are; 0 at the end
   * @throws Exception what lastly throws
   */
  protected final int pollread() throws Exception {
    return defaultSocket().pollread();
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param source where they are
   * @param length how many
   * @throws Exception what lastly throws
   */
  protected final void write(MicroBlock source, int length) throws Exception {
    defaultSocket().write(source, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param source where they are
   * @param offset where the first is
   * @param length how many
   * @throws Exception what lastly throws
   */
  protected final void write(MicroBlock source, long offset, int length) throws Exception {
    defaultSocket().write(source, offset, length);
  }

  /**
   * Writes bytes. Suspends while the ring is full.
   *
   * @param bytes all that is written
   * @throws Exception what lastly throws
   */
  protected final void write(byte[] bytes) throws Exception {
    defaultSocket().write(bytes);
  }

  /**
   * Writes a text as UTF-8. Suspends while the ring is full.
   *
   * @param text best a constant
   * @throws Exception what lastly throws
   */
  protected final void literal(String text) throws Exception {
    defaultSocket().literal(text);
  }

  /**
   * Formats a text in memory and writes it. Raises ENOBUFS if it is not shorter than that. Suspends
   * while the ring is full.
   *
   * @param line the memory
   * @param length how much of it may be used
   * @param format as of {@link String#format}
   * @param arguments for it
   * @return how many bytes the text has
   * @throws Exception what lastly throws
   */
  protected final int writef(MicroBlock line, int length, String format, Object... arguments)
      throws Exception {
    return defaultSocket().writef(line, length, format, arguments);
  }

  /**
   * Waits until all that was written has been taken by the system. Suspends.
   *
   * @throws Exception what lastly throws
   */
  protected final void flush() throws Exception {
    defaultSocket().flush();
  }

  /**
   * Moves bytes from the input to the output, fewer only at the end. Suspends.
   *
   * @param length how many
   * @return how many there were
   * @throws Exception what lastly throws
   */
  protected final long forward(long length) throws Exception {
    return defaultSocket().forward(length);
  }

  /**
   * Whether all of a message has been read, and its end is there.
   *
   * @return whether {@link #readhup} would find it
   */
  protected final boolean pollhup() {
    return defaultSocket().pollhup();
  }

  /**
   * Takes the end of a message, so that its writer goes on. Raises EAGAIN if it is not there.
   *
   * @throws Exception what lastly throws
   */
  protected final void readhup() throws Exception {
    defaultSocket().readhup();
  }

  /**
   * Ends a message and waits until the reader has taken its end. Suspends.
   *
   * @throws Exception what lastly throws
   */
  protected final void hup() throws Exception {
    defaultSocket().hup();
  }

  /**
   * Waits for a connection to the listening socket. Suspends.
   *
   * @return the connection, or null if an error was raised and lowered
   * @throws Exception what lastly throws
   */
  protected final @Nullable MicroConnection accept() throws Exception {
    return defaultSocket().accept();
  }

  /**
   * Opens a TCP connection. Raises ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2)),
   * EMFILE if there is no descriptor for it, ENOMEM if there are not eight pages for its rings, and
   * EOPNOTSUPP in the local executor. Suspends.
   *
   * @param address a resolved address
   * @return the connection, or null if an error was raised and lowered. It is closed when both its
   *     sides have been ({@link MicroSocket#rxClose}, {@link MicroSocket#txClose}), or else when
   *     this thread has ended and all that {@link #child(MicroThread, MicroSocket, MicroSocket)}
   *     has given it to
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws Exception what lastly throws
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
      while (made.tx.isConnecting) {
        its.await(made);
        park();
      }
      connected = made.tx.failure == 0;
    } finally {
      if (!connected) {
        its.close(made); // whatever has ended the wait
      }
    }
    if (connected) {
      return made;
    }
    // Not taken: after a fault the thread may be here again.
    raise(made.tx.failure, OutgoingConnections.subject(address));
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
   * Shuts the reading side of a connection down.
   *
   * @throws Exception what lastly throws
   */
  protected final void rxShutdown() throws Exception {
    defaultSocket().rxShutdown();
  }

  /**
   * Writes out what was written and shuts the writing side down. Suspends.
   *
   * @throws Exception what lastly throws
   */
  protected final void txShutdown() throws Exception {
    defaultSocket().txShutdown();
  }
}
