// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Unix socket (unix(7)). What is sent arrives at once. A path that has been bound stays taken, as
 * long as nothing removes it.
 */
final class UnixSocket extends OpenFileDescription {
  /** What the kernel needs of the buffer for itself. */
  private static final int OVERHEAD = 32;

  /** How many datagrams wait at a receiver at most (net.unix.max_dgram_qlen). */
  private static final int DATAGRAMS_MAX = 10;

  /** The state of a socket. */
  private enum State {
    NEW,
    LISTENING,
    CONNECTED,
    /** Closed, or an end whose other end has been closed. */
    DEAD
  }

  final SocketType type;
  final Options options = new Options(false);
  @Nullable UnixAddress local;
  private State state = State.NEW;
  private @Nullable UnixSocket peer;
  private final UnixQueue received = new UnixQueue();

  // ---- as a listener
  private int backlog;
  private final Deque<UnixSocket> accepted = new ArrayDeque<>();

  /** Sockets that wait until this one has room: for a connection, or a datagram. */
  private final List<UnixSocket> stalled = new ArrayList<>();

  private boolean ended; // no more will come
  private boolean readShut;
  private boolean writeShut;
  private int error;

  UnixSocket(Kernel kernel, SocketType type) {
    super(kernel, OpenFlags.READ | OpenFlags.WRITE);
    this.type = type;
  }

  /** Connects two new sockets. */
  static void connect(UnixSocket one, UnixSocket other) {
    one.peer = other;
    other.peer = one;
    one.state = State.CONNECTED;
    other.state = State.CONNECTED;
  }

  boolean isConnected() {
    return state == State.CONNECTED;
  }

  @Nullable UnixSocket peer() {
    return peer;
  }

  int takeError() {
    int taken = error;
    error = 0;
    return taken;
  }

  private boolean hasConnections() {
    return type != SocketType.DATAGRAM;
  }

  // ---- connections

  int listen(int length) {
    if (!hasConnections()) {
      return failure(Errno.EOPNOTSUPP);
    }
    if (local == null || state == State.CONNECTED) {
      return failure(Errno.EINVAL);
    }
    backlog = Math.max(length, 0);
    state = State.LISTENING;
    return 0;
  }

  /** Returns the descriptor of one accepted connection, BLOCKED, or -errno. */
  int accept(Request request) {
    if (state != State.LISTENING) {
      return failure(Errno.EINVAL);
    }
    int result = installNext(accepted, request);
    if (result >= 0) {
      unstall();
    }
    return result;
  }

  int connect(UnixAddress address) {
    if (error != 0) {
      return -takeError();
    }
    if (hasConnections() && state != State.NEW) {
      return failure(state == State.CONNECTED ? Errno.EISCONN : Errno.EINVAL);
    }
    UnixSocket target = kernel.unixNames.find(address);
    if (target == null) {
      return kernel.unixNames.refusal(address);
    }
    if (target.type != type) {
      return failure(address.isAbstract() ? Errno.ECONNREFUSED : Errno.EPROTOTYPE);
    }
    if (!hasConnections()) {
      peer = target;
      state = State.CONNECTED;
      return 0;
    }
    if (target.state != State.LISTENING) {
      return failure(Errno.ECONNREFUSED);
    }
    if (target.accepted.size() > target.backlog) {
      target.stalled.add(this);
      return BLOCKED;
    }
    UnixSocket other = new UnixSocket(kernel, type);
    other.refer(); // by the queue; accepting hands it on
    other.local = target.local;
    connect(this, other);
    target.accepted.add(other);
    kernel.changed(target);
    return 0;
  }

  /** Lets those try again that waited for room. */
  private void unstall() {
    stalled.forEach(kernel::changed);
    stalled.clear();
  }

  // ---- sending

  @Override
  int write(Request request) {
    return send(request, null);
  }

  int send(Request request, @Nullable UnixAddress destination) {
    if (error != 0) {
      return -takeError();
    }
    if (hasConnections()) {
      boolean isRefused = destination != null && type == SocketType.STREAM;
      return isRefused ? failure(Errno.EISCONN) : sendToPeer(request);
    }
    UnixSocket target = destination == null ? peer : kernel.unixNames.find(destination);
    if (target == null) {
      return destination == null ? failure(Errno.ENOTCONN) : kernel.unixNames.refusal(destination);
    }
    return target.state == State.DEAD || target.hasConnections()
        ? failure(Errno.ECONNREFUSED)
        : sendWhole(request, target);
  }

  private int sendToPeer(Request request) {
    UnixSocket target = peer;
    if (target == null) {
      return failure(Errno.ENOTCONN);
    }
    if (writeShut || target.state == State.DEAD || target.readShut) {
      return request.moved > 0 ? request.moved : failure(Errno.EPIPE);
    }
    return type == SocketType.STREAM ? sendBytes(request, target) : sendWhole(request, target);
  }

  private int sendBytes(Request request, UnixSocket target) {
    if (request.length == 0) {
      return 0;
    }
    int room = options.sendBytes - target.received.size();
    if (room <= 0) {
      target.stalled.add(this);
      return BLOCKED;
    }
    int count = kernel.shortened(Math.min(room, request.length - request.moved));
    target.store(local, request.load(request.moved, count), request.takePassed());
    request.moved += count;
    if (!request.movesAll() || request.moved == request.length) {
      return request.moved;
    }
    return sendToPeer(request);
  }

  private int sendWhole(Request request, UnixSocket target) {
    if (request.length > options.sendBytes - OVERHEAD) {
      return failure(Errno.EMSGSIZE);
    }
    boolean isFull =
        hasConnections()
            ? target.received.size() + request.length > options.sendBytes
            : target.received.count() > DATAGRAMS_MAX;
    if (isFull && target.received.count() > 0) {
      target.stalled.add(this);
      return BLOCKED;
    }
    byte[] bytes = request.length == 0 ? new byte[0] : request.load(0, request.length);
    target.store(local, bytes, request.takePassed());
    return bytes.length;
  }

  private void store(@Nullable UnixAddress source, byte[] bytes, List<OpenFileDescription> passed) {
    received.add(source, bytes, passed);
    kernel.changed(this);
  }

  // ---- receiving

  @Override
  int read(Request request) {
    return receive(request, null);
  }

  /** Receives; {@code message} gets what is known besides the bytes. */
  int receive(Request request, @Nullable Message message) {
    if (received.isEmpty()) {
      return endOrFailure(message);
    }
    int result =
        type == SocketType.STREAM
            ? received.takeBytes(kernel, request, message)
            : received.takeMessage(kernel, request, message);
    unstall();
    return result;
  }

  private int endOrFailure(@Nullable Message message) {
    if (error != 0) {
      return -takeError();
    }
    boolean isOver = ended || readShut;
    if (!isOver && hasConnections() && state != State.CONNECTED) {
      return failure(type == SocketType.STREAM ? Errno.EINVAL : Errno.ENOTCONN);
    }
    if (!isOver) {
      return BLOCKED;
    }
    if (message != null) {
      message.received(null, false);
    }
    return 0;
  }

  int unreadBytes() {
    return received.size();
  }

  /** The bytes that the other end has not received. */
  int unsentBytes() {
    UnixSocket target = peer;
    return target == null || !hasConnections() ? 0 : target.received.size();
  }

  // ---- the end

  int shutdown(Direction direction) {
    UnixSocket other = peer;
    if (other == null || state != State.CONNECTED) {
      return failure(Errno.ENOTCONN);
    }
    if (direction != Direction.INPUT) {
      writeShut = true;
      other.endInput();
    }
    if (direction != Direction.OUTPUT) {
      readShut = true;
      unstall();
    }
    kernel.changed(this);
    return 0;
  }

  private void endInput() {
    ended = true;
    kernel.changed(this);
  }

  @Override
  void released() {
    boolean isUnread = !received.isEmpty();
    received.clear();
    kernel.unixNames.release(this);
    while (!accepted.isEmpty()) {
      accepted.remove().release(); // whose peer is notified
    }
    UnixSocket other = peer;
    if (other != null && hasConnections()) {
      other.error = isUnread ? Errno.ECONNRESET.code() : other.error;
      other.endInput();
    }
    state = State.DEAD;
    unstall();
  }

  @Override
  FileType type() {
    return FileType.SOCKET;
  }

  @Override
  int ready() {
    if (state == State.LISTENING) {
      return accepted.isEmpty() ? 0 : PollEvents.READABLE;
    }
    UnixSocket other = peer;
    boolean isGone = hasConnections() && (other == null || other.state == State.DEAD);
    boolean hasRoom = other == null || other.received.size() < options.sendBytes;
    int events = error != 0 ? PollEvents.ERROR : 0;
    events |= isGone || (ended && writeShut) ? PollEvents.HANG_UP : 0;
    events |= !received.isEmpty() || ended || readShut ? PollEvents.READABLE : 0;
    return events | (hasRoom || isGone || writeShut ? PollEvents.WRITABLE : 0);
  }

  @Override
  public String toString() {
    return "Unix socket" + (local == null ? "" : " " + local);
  }
}
