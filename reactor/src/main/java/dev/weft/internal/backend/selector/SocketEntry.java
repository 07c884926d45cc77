// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.queue.TimerQueue;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.EnumMap;
import org.jspecify.annotations.Nullable;

/**
 * A TCP socket, or a Unix socket for streams. The JDK has one type for connections and another one
 * for listeners: every socket begins as a connection, and LISTEN replaces it.
 *
 * <p>A shut down input is only noted, since the JDK would drop what arrives later, which Linux does
 * not. When both directions are shut down it is carried out, so that bytes of the other end are
 * answered by a reset.
 */
final class SocketEntry extends ChannelEntry {
  private static final int ESPIPE = -Errno.ESPIPE.code();
  private static final int ENOTCONN = -Errno.ENOTCONN.code();

  private final ProtocolFamily family;
  private @Nullable SocketChannel connection;
  private @Nullable ServerSocketChannel listener;

  /**
   * What LISTEN makes the socket, if it has a path: the JDK's listeners can't take over a path that
   * a connection has.
   */
  private @Nullable ServerSocketChannel prepared;

  private boolean isBound;
  private boolean outputShut;

  /** Whether the other end has closed its output, and all its bytes have been read. */
  private boolean hasEnded;

  /** Whether a read has reported that the connection was reset: the next ones are at the end. */
  private boolean wasReset;

  /** How long a request may wait for room to send, in milliseconds; 0 for no limit. */
  private int userTimeoutMillis;

  /** What the connections inherit that are accepted here; null if no option has been set. */
  private @Nullable EnumMap<SocketOption, Integer> options;

  private @Nullable StallTimer stall;

  /** Null until a peek. */
  private @Nullable PeekedBytes peeked;

  /** The error that the next operation reports, as -errno; 0 if there is none. */
  private int pendingFailure;

  private final class StallTimer extends TimerQueue.Timer {
    private final SelectorBackend backend;

    StallTimer(SelectorBackend backend) {
      this.backend = backend;
    }

    @Override
    protected void expired() {
      abort(backend);
    }
  }

  SocketEntry(ProtocolFamily family, SocketChannel connection, boolean isBound) {
    this.family = family;
    this.connection = connection;
    this.isBound = isBound;
  }

  /** Opens a socket without an address. */
  static SocketEntry open(ProtocolFamily family) throws IOException {
    SocketChannel channel = SocketChannel.open(family);
    channel.configureBlocking(false);
    return new SocketEntry(family, channel, false);
  }

  @Override
  FileType type() {
    return FileType.SOCKET;
  }

  @Override
  int openFlags() {
    return OpenFlags.READ | OpenFlags.WRITE;
  }

  @Override
  @Nullable SelectableChannel channel() {
    return listener != null ? listener : connection;
  }

  private boolean isUnix() {
    return family == StandardProtocolFamily.UNIX;
  }

  /** The channel for options and names. */
  NetworkChannel network() throws ClosedChannelException {
    NetworkChannel found = listener != null ? listener : prepared != null ? prepared : connection;
    if (found == null) {
      throw new ClosedChannelException();
    }
    return found;
  }

  ProtocolFamily family() {
    return family;
  }

  boolean isBound() {
    return isBound;
  }

  private boolean isConnected() {
    SocketChannel mine = connection;
    return mine != null && mine.isConnected();
  }

  /** Whether there has been a connection that has ended in both directions. */
  private boolean isOver() {
    return (connection == null && listener == null) || wasReset || (outputShut && hasEnded);
  }

  // ---- operations

  @Override
  int attempt(SelectorBackend backend, Request request) {
    Op op = request.op;
    try {
      return switch (op.opcode()) {
        case READ -> op.position() >= 0 ? ESPIPE : receive(backend, request);
        case RECEIVE -> receive(backend, request);
        case PEEK -> peek(backend, request);
        case RECEIVE_MESSAGE -> receiveMessage(backend, request);
        case WRITE, SEND, SEND_GATHERED, SEND_MESSAGE -> transmit(backend, request);
        case ACCEPT, ACCEPT_MULTISHOT -> accept(backend);
        case CONNECT -> connect(op);
        case SHUTDOWN -> shutdown(backend, op.direction());
        case POLL -> poll(op);
        case STAT -> FileStatus.ofChannel(type(), op.attributes());
        case SYNC, SYNC_DATA -> EINVAL;
        default -> UNSUPPORTED;
      };
    } catch (IOException | RuntimeException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  private int peek(SelectorBackend backend, Request request) throws IOException {
    SocketChannel mine = connection;
    PeekedBytes bytes = peeked == null ? new PeekedBytes() : peeked;
    peeked = bytes;
    if (mine != null && mine.isConnected() && !wasReset && request.length() > 0) {
      int last = fill(backend, bytes, mine, request.length());
      if (bytes.isEmpty()) {
        return endOfPeek(last);
      }
    }
    if (bytes.isEmpty()) {
      return receive(backend, request); // which reads nothing either
    }
    mayHaveBytes();
    return bytes.deliver(backend, request, false);
  }

  /** Reads bytes to be peeked at; a failure behind some is left to the next read. */
  private int fill(SelectorBackend backend, PeekedBytes bytes, SocketChannel source, int wanted) {
    try {
      return bytes.fill(backend, source, wanted);
    } catch (IOException e) {
      return bytes.isEmpty() ? failed(e) - 1 : 0;
    }
  }

  /** The result of a peek that has found no bytes. */
  private int endOfPeek(int last) {
    if (last == 0 && !isInputShut()) {
      foundEmpty();
      return NOT_READY;
    }
    hasEnded |= last == -1 && !(isInputShut() && outputShut);
    return last < -1 ? last + 1 : 0;
  }

  private int failed(IOException e) {
    int code = ErrnoOfFailure.code(e);
    wasReset |= code == Errno.ECONNRESET.code();
    return -code;
  }

  private int receive(SelectorBackend backend, Request request) throws IOException {
    SocketChannel mine = connection;
    PeekedBytes bytes = peeked;
    if (bytes != null && !bytes.isEmpty()) {
      return bytes.deliver(backend, request, true);
    }
    if (listener != null) {
      return ENOTCONN;
    }
    if (mine == null || wasReset) {
      return takeFailure(0);
    }
    if (!mine.isConnected()) {
      return ENOTCONN;
    }
    try {
      int count = read(backend, request, mine);
      if (count == NOT_READY && isInputShut()) {
        return 0;
      }
      hasEnded |= count == 0 && request.length() > 0 && !(isInputShut() && outputShut);
      return count;
    } catch (IOException e) {
      int code = ErrnoOfFailure.code(e);
      wasReset |= code == Errno.ECONNRESET.code();
      return -code;
    }
  }

  /** A stream has neither addresses nor boundaries. */
  private int receiveMessage(SelectorBackend backend, Request request) throws IOException {
    int result = request.op.peeks() ? peek(backend, request) : receive(backend, request);
    if (result >= 0) {
      request.op.message().received(null, false);
    }
    return result;
  }

  private int transmit(SelectorBackend backend, Request request) throws IOException {
    SocketChannel mine = connection;
    if (mine == null || outputShut || !mine.isConnected()) {
      int failure = takeFailure(EPIPE);
      return request.done > 0 ? request.done : failure;
    }
    try {
      return switch (request.op.opcode()) {
        case SEND, SEND_GATHERED -> send(backend, request, mine);
        default -> write(backend, request, mine);
      };
    } catch (IOException e) {
      return request.done > 0 ? request.done : -ErrnoOfFailure.code(e);
    }
  }

  private int takeFailure(int otherwise) {
    int failure = pendingFailure;
    pendingFailure = 0;
    return failure == 0 ? otherwise : failure;
  }

  private int accept(SelectorBackend backend) throws IOException {
    ServerSocketChannel mine = listener;
    if (mine == null) {
      return EINVAL;
    }
    backend.descriptors.reserve(1);
    SocketChannel accepted = mine.accept();
    if (accepted == null) {
      return NOT_READY;
    }
    accepted.configureBlocking(false);
    SocketEntry entry = new SocketEntry(family, accepted, true);
    if (options != null) {
      OptionCalls.inherit(entry, options);
    }
    return backend.descriptors.add(entry);
  }

  private int connect(Op op) throws IOException {
    options = null; // this becomes no listener
    SocketChannel mine = connection;
    if (listener != null) {
      return -Errno.EISCONN.code();
    }
    if (prepared != null) {
      return EINVAL; // the path can't be a connection's any more
    }
    if (mine == null) {
      return -Errno.ECONNABORTED.code();
    }
    try {
      if (mine.isConnectionPending()
          ? mine.finishConnect()
          : mine.connect(SocketCalls.known(op.address()))) {
        isBound = true;
        return 0;
      }
      return NOT_READY;
    } catch (IOException e) {
      reopen();
      throw e;
    }
  }

  /** Replaces the channel, which a failed connect has closed, so that it can be tried again. */
  private void reopen() throws IOException {
    cancelKey();
    connection = null;
    isBound = false;
    SocketChannel other = SocketChannel.open(family);
    other.configureBlocking(false);
    connection = other;
  }

  private int poll(Op op) {
    boolean hasBytes = peeked != null && !peeked.isEmpty();
    if ((hasBytes || isInputShut() || isOver()) && (op.detail() & PollEvents.READABLE) != 0) {
      return PollEvents.READABLE;
    }
    return attemptPoll(op);
  }

  // ---- the ends of a connection

  int shutdown(SelectorBackend backend, Direction direction) throws IOException {
    SocketChannel mine = connection;
    if (mine == null || !isConnected() || isOver()) {
      return ENOTCONN;
    }
    if (direction != Direction.OUTPUT) {
      shutInput();
    }
    if (direction != Direction.INPUT) {
      mine.shutdownOutput();
      outputShut = true;
    }
    if (isInputShut() && outputShut) {
      mine.shutdownInput();
    }
    retry(backend, direction != Direction.OUTPUT, direction != Direction.INPUT);
    return 0;
  }

  /** Resets the connection, because nothing could be sent for too long. */
  private void abort(SelectorBackend backend) {
    SocketChannel mine = connection;
    if (mine == null) {
      return;
    }
    connection = null;
    pendingFailure = -Errno.ETIMEDOUT.code();
    try {
      mine.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      // the close is orderly then
    }
    backend.descriptors.closeLater(new Remains(mine, cancelKey()));
    retry(backend, true, true);
  }

  @Override
  void stalled(SelectorBackend backend) {
    if (userTimeoutMillis > 0 && isConnected()) {
      StallTimer timer = stall;
      if (timer == null) {
        timer = new StallTimer(backend);
        stall = timer;
      }
      backend.timers.arm(timer, System.nanoTime() + userTimeoutMillis * 1_000_000L);
    }
  }

  @Override
  void unstalled(SelectorBackend backend) {
    StallTimer timer = stall;
    if (timer != null && timer.isArmed()) {
      backend.timers.disarm(timer);
    }
  }

  @Override
  void close() throws IOException {
    SocketChannel unread = connection;
    if (unread != null && peeked != null && !peeked.isEmpty()) {
      unread.setOption(StandardSocketOptions.SO_LINGER, 0); // bytes are lost: a reset, as on Linux
    }
    SelectableChannel mine = channel();
    ServerSocketChannel unused = prepared;
    if (unused != null) {
      unused.close();
    }
    if (mine != null) {
      mine.close();
    }
  }

  // ---- calls

  @Override
  int perform(SelectorBackend backend, Call call) {
    try {
      return switch (call.kind()) {
        case SHUTDOWN -> shutdown(backend, call.direction());
        case PIPE_CAPACITY, SET_PIPE_CAPACITY -> EBADF;
        default -> SocketCalls.perform(backend, this, call);
      };
    } catch (NotYetConnectedException e) {
      return ENOTCONN;
    } catch (IOException | RuntimeException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /** Notes an option that has been set, since this may become a listener. */
  void recordOption(SocketOption option, int value) {
    if (isConnected()) {
      return;
    }
    if (options == null) {
      options = new EnumMap<>(SocketOption.class);
    }
    options.put(option, value);
  }

  /** The value of an option that has been noted, or null. */
  @Nullable Integer recordedOption(SocketOption option) {
    return options == null ? null : options.get(option);
  }

  boolean isListener() {
    return listener != null;
  }

  int userTimeoutMillis() {
    return userTimeoutMillis;
  }

  void userTimeoutMillis(int millis) {
    userTimeoutMillis = millis;
  }

  int bind(SocketAddress address) throws IOException {
    SocketChannel mine = connection;
    if (isBound || mine == null) {
      return EINVAL;
    }
    if (isUnix()) {
      prepared = Listeners.ofPath(address);
    } else {
      mine.bind(address);
    }
    isBound = true;
    return 0;
  }

  /** The other end's address, or null if there is none. */
  @Nullable SocketAddress remoteAddress() throws IOException {
    SocketChannel mine = connection;
    return mine == null || !mine.isConnected() ? null : mine.getRemoteAddress();
  }

  /** Makes the socket a listener on the address that it is bound to. */
  int listen(int backlog) throws IOException {
    SocketChannel mine = connection;
    if (listener != null) {
      return 0; // the backlog stays
    }
    if (mine == null || mine.isConnected() || (prepared == null && isUnix())) {
      return EINVAL;
    }
    ServerSocketChannel ready = prepared;
    if (ready == null) {
      listener = Listeners.replace(mine, family, backlog);
    } else {
      listener = ready;
      prepared = null;
      mine.close();
    }
    connection = null;
    isBound = true;
    return 0;
  }
}
