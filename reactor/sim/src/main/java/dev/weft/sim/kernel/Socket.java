// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PollEvents;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A TCP socket, listening or connected, which behaves as tcp(7) and the kernel's source describe.
 */
final class Socket extends InternetSocket {
  /** SYNs are repeated after 1, 2, 4 seconds and so on, six times (tcp_syn_retries). */
  private static final int SYN_RETRIES = 6;

  private static final long SECOND = 1_000_000_000L;

  /** The limit of what listen(2) accepts (SOMAXCONN). */
  private static final int BACKLOG_MAX = 4096;

  /** The state of a socket. */
  private enum State {
    NEW,
    LISTENING,
    CONNECTING,
    CONNECTED,
    /** Closed by a reset, or by its owner. */
    DEAD
  }

  private State state = State.NEW;

  // ---- as a listener
  private int backlog;
  private final Deque<Socket> accepted = new ArrayDeque<>();

  // ---- as an end of a connection
  private @Nullable Socket peer;
  private final ByteQueue received = new ByteQueue();

  /** Sent bytes that have not arrived at the other end. */
  private int inFlight;

  /**
   * When the last segment that was sent arrives at the other end; later ones do not overtake it.
   */
  private long lastArrival;

  /** How many bytes have been sent. */
  private long sent;

  /** How many bytes the other end has taken. */
  long taken;

  private final UserTimeout userTimeout = new UserTimeout(this);

  /** Whether the user timeout has ended the connection. */
  private boolean hasTimedOut;

  private boolean finReceived;
  private boolean finArrived; // at the other end
  private boolean readShut;
  private boolean writeShut;
  private boolean orphaned;

  Socket(Kernel kernel, boolean ipv6, Options options) {
    super(kernel, ipv6, options);
  }

  @Override
  boolean isListening() {
    return state == State.LISTENING;
  }

  @Override
  boolean isConnected() {
    return state == State.CONNECTED;
  }

  @Override
  Network network() {
    return kernel.network;
  }

  // ---- listening

  @Override
  int listen(int length) {
    if (state == State.CONNECTED || state == State.CONNECTING) {
      return failure(Errno.EINVAL);
    }
    if (local == null) {
      int result = kernel.network.bind(this, kernel.anyAddress(ipv6));
      if (result < 0) {
        return result;
      }
    }
    if (!kernel.network.mayListen(this)) {
      return failure(Errno.EADDRINUSE);
    }
    backlog = length < 0 ? BACKLOG_MAX : Math.min(length, BACKLOG_MAX);
    state = State.LISTENING;
    return 0;
  }

  /** Returns the descriptor of one accepted connection, BLOCKED, or -errno. */
  int accept(Request request) {
    if (state != State.LISTENING) {
      return failure(Errno.EINVAL);
    }
    return installNext(accepted, request);
  }

  // ---- connecting

  int connect(Request request, InetSocketAddress address) {
    if (state == State.CONNECTING) {
      return request.moved == 1 ? BLOCKED : failure(Errno.EALREADY);
    }
    if (error != 0) {
      return -takeError();
    }
    if (state == State.CONNECTED) {
      // Noted in the request, so that only the one that began it has its end.
      return request.moved == 1 ? 0 : failure(Errno.EISCONN);
    }
    if (state == State.LISTENING || state == State.DEAD) {
      return failure(state == State.LISTENING ? Errno.EISCONN : Errno.ECONNABORTED);
    }
    InetSocketAddress destination = SocketAddress.destination(address);
    if (!SocketAddress.isLocal(destination)) {
      return failure(Errno.ENETUNREACH);
    }
    if (local == null) {
      InetSocketAddress any = new InetSocketAddress(SocketAddress.sourceFor(destination), 0);
      if (kernel.network.bind(this, any) < 0) {
        return failure(Errno.EADDRNOTAVAIL);
      }
    }
    request.moved = 1;
    remote = destination;
    state = State.CONNECTING;
    sendSyn(destination, 0);
    return BLOCKED;
  }

  private void sendSyn(InetSocketAddress destination, int attempt) {
    kernel.later(arrival(), () -> synArrives(destination, attempt));
  }

  private void synArrives(InetSocketAddress destination, int attempt) {
    if (state != State.CONNECTING) {
      return;
    }
    Socket listener = kernel.network.listener(destination);
    if (listener == null || kernel.refusesConnection()) {
      kernel.later(arrival(), () -> refused(Errno.ECONNREFUSED));
    } else if (listener.accepted.size() > listener.backlog) {
      // The kernel drops the SYN, and this end repeats it.
      long wait = SECOND << attempt;
      if (attempt < SYN_RETRIES) {
        kernel.later(kernel.now() + wait, () -> sendSyn(destination, attempt + 1));
      } else {
        kernel.later(kernel.now() + wait, () -> refused(Errno.ETIMEDOUT));
      }
    } else {
      Socket other = new Socket(kernel, listener.ipv6, listener.options.copy());
      other.refer(); // by the queue; accepting hands it on
      other.local = destination;
      other.remote = local;
      other.state = State.CONNECTED;
      other.peer = this;
      peer = other;
      kernel.later(arrival(), this::established);
      listener.accepted.add(other);
      kernel.changed(listener);
    }
  }

  private void refused(Errno errno) {
    if (state == State.CONNECTING) {
      state = State.NEW;
      remote = null;
      error = errno.code();
      kernel.changed(this);
    }
  }

  private void established() {
    if (state == State.CONNECTING) {
      state = State.CONNECTED;
      kernel.changed(this);
    }
  }

  // ---- the wire

  /**
   * Returns when data that is sent now arrives at the other end, after all that was sent before.
   */
  private long arrival() {
    lastArrival = Math.max(lastArrival, kernel.now() + kernel.latency());
    return lastArrival;
  }

  private void segmentArrives(byte[] bytes) {
    Socket from = peer;
    if (from != null) {
      from.inFlight -= bytes.length;
    }
    if (from != null && (hasTimedOut || (orphaned && state != State.DEAD))) {
      state = State.DEAD;
      kernel.later(arrival(), from::resetArrives);
    } else if (from != null && state == State.CONNECTED && readShut && writeShut) {
      // No end can read it any more, so both are notified (tcp_rcv_state_process: FIN_WAIT).
      resetArrives();
      kernel.later(arrival(), from::resetArrives);
    } else if (state != State.DEAD) {
      received.add(bytes);
      kernel.changed(this);
      if (from != null) {
        kernel.changed(from); // they are acknowledged
      }
    }
  }

  private void finArrives() {
    if (state != State.DEAD) {
      finReceived = true;
      kernel.changed(this);
    }
  }

  private void resetArrives() {
    if (state == State.DEAD) {
      return;
    }
    // An end that had seen the other one close gets EPIPE (tcp_reset).
    error = (finReceived ? Errno.EPIPE : Errno.ECONNRESET).code();
    if (state == State.CONNECTING) {
      error = Errno.ECONNREFUSED.code();
    }
    state = State.DEAD;
    kernel.changed(this);
  }

  /** Breaks the connection somewhere between the two ends. */
  private void breakDown() {
    Socket other = peer;
    if (other != null) {
      kernel.later(arrival(), other::resetArrives);
      kernel.later(other.arrival(), this::resetArrives);
    }
  }

  // ---- bytes

  @Override
  int read(Request request) {
    int available = available();
    if (available <= 0 || request.length == 0) {
      return request.length == 0 && available != BLOCKED && available >= 0 ? 0 : available;
    }
    int count = kernel.shortened(Math.min(available, request.length));
    byte[] bytes = request.peeks() ? received.peek(count) : takeBytes(count);
    request.store(bytes);
    return bytes.length;
  }

  @Override
  int available() {
    if (received.size() > 0) {
      return received.size();
    }
    if (finReceived) {
      return 0;
    }
    if (error != 0) {
      return -takeError();
    }
    if (readShut || state == State.DEAD) {
      return 0;
    }
    return state == State.CONNECTED ? BLOCKED : failure(Errno.ENOTCONN);
  }

  @Override
  byte[] takeBytes(int count) {
    byte[] bytes = received.take(count);
    if (peer != null) {
      peer.taken += count;
      kernel.changed(peer);
    }
    return bytes;
  }

  @Override
  int write(Request request) {
    while (request.moved < request.length) {
      int room = room();
      if (room < 0) {
        return room != BLOCKED && request.moved > 0 ? request.moved : room;
      }
      int count = Math.min(room, request.length - request.moved);
      count = kernel.segment(count);
      putBytes(request.load(request.moved, count));
      request.moved += count;
    }
    return request.moved;
  }

  /** As a write, but waits until the other end has acknowledged the bytes. */
  int writeZeroCopy(Request request) {
    if (request.end == 0) {
      int result = write(request);
      if (result <= 0) { // or BLOCKED
        return result;
      }
      request.end = sent;
    }
    if (request.isReleased || state == State.DEAD) {
      return request.moved;
    }
    if (sent - unsentBytes() >= request.end) {
      kernel.later(
          kernel.now() + kernel.latency(),
          () -> {
            request.isReleased = true;
            kernel.changed(this);
          });
    }
    return BLOCKED;
  }

  /** Resets the connection if the request sends without a copy (connect(2), AF_UNSPEC). */
  boolean isResetBy(Request cancelled) {
    if (!cancelled.is(Opcode.SEND_ZERO_COPY) || cancelled.moved == 0) {
      return false;
    }
    abort();
    kernel.changed(this);
    return true;
  }

  @Override
  int room() {
    if (error != 0) {
      return -takeError();
    }
    if (state == State.CONNECTING) {
      return BLOCKED;
    }
    if (writeShut || state != State.CONNECTED || peer == null) {
      return failure(Errno.EPIPE);
    }
    int room = options.sendBytes + peer.options.receiveBytes - inFlight - peer.received.size();
    return room > 0 ? room : BLOCKED;
  }

  @Override
  void putBytes(byte[] bytes) {
    Socket other = peer;
    assert other != null;
    inFlight += bytes.length;
    sent += bytes.length;
    kernel.later(arrival(), () -> other.segmentArrives(bytes));
    userTimeout.watch();
    if (kernel.breaksConnection()) {
      breakDown();
    }
  }

  /** Whether the other end has no room for all that was sent to it. */
  boolean isHeldUp() {
    return state == State.CONNECTED
        && peer != null
        && inFlight + peer.received.size() > peer.options.receiveBytes;
  }

  /** Closes without notifying the other end, which finds out when it sends something. */
  void timeOut() {
    hasTimedOut = true;
    error = Errno.ETIMEDOUT.code();
    state = State.DEAD;
    kernel.changed(this);
  }

  // ---- what is on the way

  @Override
  int unreadBytes() {
    return isListening() ? failure(Errno.EINVAL) : Math.min(received.size(), options.receiveBytes);
  }

  /** What the other end has no room for counts as unsent. */
  @Override
  int unsentBytes() {
    if (isListening()) {
      return failure(Errno.EINVAL);
    }
    Socket other = peer;
    return other == null ? 0 : inFlight + other.received.size() - other.unreadBytes();
  }

  /** Describes the connection: segments are as large as the buffers, and none is lost. */
  @Override
  int describe(ConnectionInfo info) {
    info.segmentBytes = options.sendBytes;
    info.congestionWindow = 1;
    info.unacknowledged = (unsentBytes() + options.sendBytes - 1) / options.sendBytes;
    return 0;
  }

  // ---- the end

  @Override
  int shutdown(Direction direction) {
    if (state == State.LISTENING && direction != Direction.OUTPUT) {
      stopListening();
      return 0;
    }
    if (state != State.CONNECTED && state != State.CONNECTING) {
      return failure(Errno.ENOTCONN);
    }
    if (writeShut && finReceived && finArrived) {
      return failure(Errno.ENOTCONN); // both directions are over: TIME_WAIT, or closed
    }
    if (direction != Direction.INPUT) {
      sendFin();
    }
    readShut |= direction != Direction.OUTPUT;
    kernel.changed(this);
    return 0;
  }

  private void sendFin() {
    if (!writeShut && peer != null) {
      Socket other = peer;
      kernel.later(
          arrival(),
          () -> {
            finArrived = true;
            other.finArrives();
          });
    }
    writeShut = true;
  }

  private void stopListening() {
    state = State.NEW;
    while (!accepted.isEmpty()) {
      accepted.remove().abort();
    }
    kernel.changed(this);
  }

  private void abort() {
    orphaned = true;
    if (state != State.DEAD && peer != null) {
      kernel.later(arrival(), peer::resetArrives);
    }
    state = State.DEAD;
  }

  @Override
  void released() {
    kernel.network.release(this);
    orphaned = true;
    switch (state) {
      case LISTENING -> stopListening();
      case CONNECTING -> abort();
      case CONNECTED -> {
        // Unread data is lost, and a reset notifies the other end (RFC 1122, 4.2.2.13).
        if (received.size() > 0 || options.resetsOnClose()) {
          abort();
        } else {
          sendFin();
        }
      }
      case NEW, DEAD -> state = State.DEAD;
    }
  }

  @Override
  int ready() {
    if (state == State.LISTENING) {
      return accepted.isEmpty() ? 0 : PollEvents.READABLE;
    }
    boolean over = state == State.DEAD || state == State.NEW;
    int events = error != 0 ? PollEvents.ERROR : 0;
    if (over || (writeShut && (finReceived || readShut))) {
      events |= PollEvents.HANG_UP;
    }
    boolean ended = finReceived || readShut || state == State.DEAD;
    if (ended || received.size() > 0) {
      events |= PollEvents.READABLE | (ended ? PollEvents.PEER_SHUTDOWN : 0);
    }
    boolean writable =
        state == State.CONNECTED
            && peer != null
            && inFlight + peer.received.size() < options.sendBytes + peer.options.receiveBytes;
    return writable || writeShut || over ? events | PollEvents.WRITABLE : events;
  }

  @Override
  public String toString() {
    return state == State.LISTENING
        ? "listener " + local
        : "socket" + (local == null ? "" : " " + local) + (remote == null ? "" : " to " + remote);
  }
}
