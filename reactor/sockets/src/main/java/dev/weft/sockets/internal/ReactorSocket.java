// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.net.SocketOptions;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What connections and listeners have in common: a reactor once they are open, options, a timeout,
 * and a close by any thread. The JDK's {@link java.net.Socket} checks arguments and the order of
 * calls.
 */
abstract class ReactorSocket extends SocketImpl {
  private final Options table;

  /** The options before it is open. */
  SocketOptions options;

  /** What {@code bind} was called with; null for any address. */
  @Nullable InetAddress boundAddress;

  /** The reactor, once a fiber of it has begun to open the socket. */
  private volatile @Nullable Reactor home;

  private volatile int timeoutMillis;
  private volatile boolean closed;

  ReactorSocket(Options table, SocketOptions options) {
    this.table = table;
    this.options = options;
  }

  /** The open socket, or null before it is open. */
  abstract Options.@Nullable Open open();

  /** Closes what is open, and ends what opens it; on the reactor's thread or in a fiber of it. */
  abstract void release();

  // ---- who calls

  /** Begins to open the socket in the calling fiber's reactor. */
  final void begin(String verb) throws SocketException {
    Reactor reactor = Callers.require(verb);
    home = reactor;
    requireNotClosed();
  }

  /** Checks that the caller is a fiber of the socket's reactor, and the socket is not closed. */
  final void enter(String verb) throws SocketException {
    requireNotClosed();
    Reactor reactor = home;
    if (reactor == null) {
      throw new SocketException(verb + ": the socket is not open");
    }
    Callers.requireFiberOf(reactor, verb);
  }

  final boolean isClosed() {
    return closed;
  }

  final void requireNotClosed() throws SocketException {
    if (closed) {
      throw new SocketException(Failures.CLOSED);
    }
  }

  @Override
  protected final void close() {
    closed = true;
    Reactor reactor = home;
    if (reactor == null) {
      return; // what begins from now on sees that it is closed
    }
    if (Callers.isFiberOf(reactor)) {
      release();
      return;
    }
    try {
      reactor.execute(this::release);
    } catch (RejectedExecutionException e) {
      // The reactor is closed, and has closed its sockets.
    }
  }

  /** When a call that begins now must have ended. */
  final Deadline deadline() {
    return deadline(timeoutMillis);
  }

  static Deadline deadline(int millis) {
    return millis == 0 ? Deadline.NEVER : Deadline.after(Duration.ofMillis(millis));
  }

  // ---- options

  @Override
  protected final Set<SocketOption<?>> supportedOptions() {
    return table.supported();
  }

  @Override
  protected final <T> void setOption(SocketOption<T> option, T value) throws IOException {
    set(option, Objects.requireNonNull(value, "value"));
  }

  @Override
  @SuppressWarnings("unchecked") // each option of the table has its type
  protected final <T> T getOption(SocketOption<T> option) throws IOException {
    return (T) get(option);
  }

  @Override
  public final void setOption(int number, Object value) throws SocketException {
    if (number == SO_TIMEOUT) {
      timeoutMillis = (Integer) value;
      return;
    }
    boolean lingerOff = number == SO_LINGER && value.equals(false);
    try {
      set(table.numbered(number), lingerOff ? Options.NO_LINGER : value);
    } catch (IOException e) {
      throw socketException(e);
    }
  }

  @Override
  public final Object getOption(int number) throws SocketException {
    if (number == SO_TIMEOUT) {
      return timeoutMillis;
    }
    if (number == SO_BINDADDR) {
      InetAddress bound = boundAddress;
      return bound == null ? InetAddress.ofLiteral("0.0.0.0") : bound;
    }
    try {
      return get(table.numbered(number));
    } catch (IOException e) {
      throw socketException(e);
    }
  }

  private static SocketException socketException(IOException e) {
    return e instanceof SocketException known ? known : new SocketException(e.getMessage(), e);
  }

  private void set(SocketOption<?> option, Object value) throws IOException {
    Options.Open open = open();
    if (open == null) {
      options = table.with(options, option, value);
      return;
    }
    enter("set " + option.name());
    try {
      table.set(open, option, value);
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  private Object get(SocketOption<?> option) throws IOException {
    Options.Open open = open();
    if (open == null) {
      return table.get(options, option);
    }
    enter("get " + option.name());
    try {
      return table.get(open, option);
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  // ---- what SocketImpl needs

  @Override
  protected final void create(boolean stream) throws SocketException {
    if (!stream) {
      throw new SocketException("only stream sockets are supported");
    }
  }

  @Override
  protected final @Nullable FileDescriptor getFileDescriptor() {
    return null; // the number is the reactor's
  }

  @Override
  protected final void sendUrgentData(int data) throws SocketException {
    throw new SocketException("Urgent data not supported");
  }
}
