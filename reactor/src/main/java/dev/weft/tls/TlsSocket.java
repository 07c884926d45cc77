// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.PinnedException;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.tls.TlsInput;
import dev.weft.internal.tls.TlsSession;
import dev.weft.io.ByteStream;
import dev.weft.io.DuplexStream;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * A TLS session over a byte stream, its transport, whose bytes it encrypts. One fiber may read
 * while another writes.
 *
 * <p>Each direction ends by itself: {@link #shutdownOutput} sends a close_notify, and a peer's
 * close_notify is the end of the stream for {@link #read}. In TLS 1.2 the peer's ends both (RFC
 * 5246, 7.2.1): read to the end after the last write there. A transport that ends without one is a
 * {@link TruncatedStreamException}. A session that fails, because of what the peer sends or because
 * of an alert from it, is of no more use: all calls throw an {@link SSLException}, and {@link
 * #close} sends the alert that TLS prescribes. Nothing is ever sent without encryption.
 *
 * <p>An idle session holds a kilobyte of native memory, besides what the JDK holds for it: some six
 * kilobytes. Buffers for records are shared by all sessions of a reactor.
 */
public final class TlsSocket implements DuplexStream {
  /** How long {@link #close} may wait for a peer that does not read. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private static final int PORT_UNKNOWN = -1;

  private final ByteStream transport;
  private final TlsSession session;
  private boolean reading;
  private boolean writing;
  private boolean closed;
  private boolean outputEnded;

  /** What has made the session unusable, or null. */
  private @Nullable SSLException failure;

  private TlsSocket(ByteStream transport, SSLEngine engine) {
    this.transport = transport;
    session = new TlsSession(engine, transport);
  }

  /**
   * Makes a session with a server. Suspends until the handshake has ended.
   *
   * @param transport an open stream to the server, which belongs to the session from now on: it is
   *     closed with it, and also if this call fails
   * @param context for clients
   * @param host the server's name, or an address, which its certificate must be for
   * @return an open session
   * @throws SSLException if the server's certificate is refused, or the two do not agree
   * @throws IOException if the transport is broken
   */
  public static TlsSocket connect(ByteStream transport, TlsContext context, String host)
      throws IOException {
    return connect(transport, context, host, Deadline.NEVER);
  }

  /**
   * Makes a session with a server as {@link #connect(ByteStream, TlsContext, String)} does; waits
   * until {@code deadline} at most. Suspends until the handshake has ended.
   *
   * @param transport an open stream to the server, which belongs to the session from now on: it is
   *     closed with it, and also if this call fails
   * @param context for clients
   * @param host the server's name, or an address, which its certificate must be for
   * @param deadline when to stop waiting
   * @return an open session
   * @throws SSLException if the server's certificate is refused, or the two do not agree
   * @throws IOException if the transport is broken
   * @throws DeadlineExceededException if the handshake has not ended by then
   */
  public static TlsSocket connect(
      ByteStream transport, TlsContext context, String host, Deadline deadline) throws IOException {
    SSLEngine engine;
    try {
      engine = context.clientEngine(host, portOf(transport));
    } catch (IOException | RuntimeException e) {
      transport.close();
      throw e;
    }
    return handshake(transport, engine, context, deadline);
  }

  /** The port by which a session is found again; sessions without one share those of the host. */
  private static int portOf(ByteStream transport) throws IOException {
    return transport instanceof TcpSocket socket ? socket.remoteAddress().getPort() : PORT_UNKNOWN;
  }

  /**
   * Makes a session with a client. Suspends until the handshake has ended: call it in the fiber of
   * the connection, not in the loop that accepts connections.
   *
   * @param transport an open stream to the client, which belongs to the session from now on: it is
   *     closed with it, and also if this call fails
   * @param context for a server
   * @return an open session
   * @throws SSLException if the client's certificate is refused, or the two do not agree
   * @throws IOException if the transport is broken
   */
  public static TlsSocket accept(ByteStream transport, TlsContext context) throws IOException {
    return accept(transport, context, Deadline.NEVER);
  }

  /**
   * Makes a session with a client as {@link #accept(ByteStream, TlsContext)} does; waits until
   * {@code deadline} at most. Suspends until the handshake has ended.
   *
   * @param transport an open stream to the client, which belongs to the session from now on: it is
   *     closed with it, and also if this call fails
   * @param context for a server
   * @param deadline when to stop waiting
   * @return an open session
   * @throws SSLException if the client's certificate is refused, or the two do not agree
   * @throws IOException if the transport is broken
   * @throws DeadlineExceededException if the handshake has not ended by then
   */
  public static TlsSocket accept(ByteStream transport, TlsContext context, Deadline deadline)
      throws IOException {
    SSLEngine engine;
    try {
      engine = context.serverEngine();
    } catch (RuntimeException e) {
      transport.close();
      throw e;
    }
    return handshake(transport, engine, context, deadline);
  }

  private static TlsSocket handshake(
      ByteStream transport, SSLEngine engine, TlsContext context, Deadline deadline)
      throws IOException {
    TlsSocket socket = new TlsSocket(transport, engine);
    boolean made = false;
    try {
      socket.session.handshake(context.times, deadline);
      made = true;
      return socket;
    } catch (SSLException e) {
      socket.failure = e;
      throw e;
    } finally {
      if (!made) {
        socket.close();
      }
    }
  }

  // ---- reading

  /**
   * Reads the bytes that are available, at least one; waits until {@code deadline} at most.
   * Suspends.
   *
   * @return bytes read, or -1 after the peer's close_notify; 0 only if {@code target} is empty
   * @throws TruncatedStreamException if the transport has ended without a close_notify
   * @throws SSLException if the peer breaks the rules of TLS, or has sent an alert
   */
  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("a read-only segment can't be read into: " + target);
    }
    enter("read", deadline);
    if (target.byteSize() == 0) {
      return 0;
    }
    if (reading) {
      throw new IllegalStateException("read " + this + ": another fiber is reading from it");
    }
    reading = true;
    try {
      int count = session.input.read(target, deadline);
      if (count == TlsInput.TRUNCATED) {
        throw new TruncatedStreamException(
            "read " + this + ": the connection has ended without a close_notify");
      }
      return count;
    } catch (SSLException e) {
      failure = e;
      throw e;
    } catch (ClosedChannelException e) {
      throw closedBecauseOf(e);
    } finally {
      reading = false;
      if (closed) {
        session.input.release();
      }
    }
  }

  // ---- writing

  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    beginWrite("write", deadline);
    try {
      if (source.byteSize() > 0) {
        requireOutput();
        session.output.write(source, deadline);
      }
    } catch (ClosedChannelException e) {
      throw closedBecauseOf(e);
    } finally {
      endWrite();
    }
  }

  /**
   * Encrypts and sends some bytes, up to 64 KiB; waits until {@code deadline} at most. Suspends.
   * Bytes that have been encrypted count as written: if the transport does not accept all of them
   * by the deadline, the next call of {@code write}, {@code writeSome}, {@link #shutdownOutput} or
   * {@link #close} sends the rest.
   *
   * @return bytes written; 0 only if {@code source} is empty
   * @throws DeadlineExceededException if nothing was written
   */
  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    beginWrite("write", deadline);
    try {
      if (source.byteSize() == 0) {
        return 0;
      }
      requireOutput();
      return session.output.writeSome(source, deadline);
    } catch (ClosedChannelException e) {
      throw closedBecauseOf(e);
    } finally {
      endWrite();
    }
  }

  /**
   * Sends a close_notify: the peer reads the end of the stream after what was written. It can still
   * send. The transport stays open. Waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws IOException if the transport is broken, or the session has failed
   * @throws DeadlineExceededException if the deadline passed; the call can be made again
   */
  @Override
  public void shutdownOutput(Deadline deadline) throws IOException {
    beginWrite("shutdown", deadline);
    try {
      outputEnded = true;
      session.output.end(deadline);
    } catch (ClosedChannelException e) {
      throw closedBecauseOf(e);
    } finally {
      endWrite();
    }
  }

  /** The session was open when the call began. */
  private ClosedChannelException closedBecauseOf(ClosedChannelException e) {
    return closed ? new AsynchronousCloseException() : e;
  }

  private void beginWrite(String verb, Deadline deadline) throws IOException {
    enter(verb, deadline);
    if (writing) {
      throw new IllegalStateException(verb + " " + this + ": another fiber is writing to it");
    }
    writing = true;
  }

  private void requireOutput() throws SSLException {
    if (outputEnded) {
      throw new SSLException("write " + this + ": the output has been shut down");
    }
    if (session.isOutputClosed()) {
      throw new SSLException(
          "write " + this + ": the peer has ended the session, in TLS 1.2 both directions of it");
    }
  }

  private void endWrite() {
    writing = false;
    if (closed) {
      session.output.release();
    }
  }

  /** Checks the fiber and the deadline, since a call can end without the transport. */
  private void enter(String verb, Deadline deadline) throws IOException {
    Strand strand = Strand.require(verb);
    if (closed) {
      throw new ClosedChannelException();
    }
    strand.checkBeforeWait(verb, this, deadline.nanoTime(), WaitMode.EXTERNAL);
    if (failure != null) {
      throw new SSLException(verb + " " + this + ": the session has failed before", failure);
    }
  }

  // ---- the session

  /**
   * {@return the parameters of the session: version, cipher suite, certificates of the peer. A
   * session that has been resumed has the creation time of the first one}
   */
  public SSLSession session() {
    return session.engine.getSession();
  }

  SSLEngine engine() {
    return session.engine;
  }

  ByteStream transport() {
    return transport;
  }

  /** {@return the application protocol (ALPN) that both have agreed on; empty if there is none} */
  public Optional<String> applicationProtocol() {
    String protocol = session.engine.getApplicationProtocol();
    return protocol == null || protocol.isEmpty() ? Optional.empty() : Optional.of(protocol);
  }

  /**
   * {@return the host name that the client has asked for (SNI), in lower case; empty if it has
   * named none}
   */
  public Optional<String> requestedHost() {
    if (session() instanceof ExtendedSSLSession extended) {
      for (SNIServerName name : extended.getRequestedServerNames()) {
        if (name instanceof SNIHostName host) {
          return Optional.of(host.getAsciiName().toLowerCase(Locale.ROOT));
        }
      }
    }
    return Optional.empty();
  }

  /** {@return whether {@link #close} has not been called} */
  public boolean isOpen() {
    return !closed;
  }

  /**
   * Closes the session and its transport. Sends a close_notify before that, and what a deadline has
   * cut off from a write, or the alert of a failure; if the peer does not read, for a second at
   * most. To be certain that the peer gets all, call {@link #shutdownOutput} first. If another
   * fiber is writing, the peer finds the stream truncated. Another fiber that is reading or writing
   * gets an {@link AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does nothing
   * the second time.
   *
   * @throws IOException if the transport reports a failure; it is closed even so
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (!writing && !session.output.isDone() && Strand.current() != null) {
        endOutput();
      }
    } finally {
      try {
        transport.close();
      } finally {
        if (!reading) {
          session.input.release();
        }
        if (!writing) {
          session.output.release();
        }
      }
    }
  }

  /** Sends the end of the session if that is possible: a peer that is gone needs none. */
  private void endOutput() throws IOException {
    try {
      Fiber.shielded(Deadline.after(LINGER), () -> session.output.end(Deadline.NEVER));
    } catch (IOException | DeadlineExceededException | PinnedException e) {
      // the connection is broken or stalled, or the fiber can't wait: the transport's end must do
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e); // the call above throws no other
    }
  }

  @Override
  public String toString() {
    return "TLS with " + transport;
  }
}
