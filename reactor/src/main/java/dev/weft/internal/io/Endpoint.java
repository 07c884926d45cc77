// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.access.Accessors;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * The I/O on a handle, common to sockets, files, pipes and standard streams. At most one fiber
 * reads and one writes bytes at a time; any number may receive and send messages.
 */
public final class Endpoint {
  /** Returns the endpoint of an object of a public type that has one. */
  public static final Accessors<Endpoint> IN = new Accessors<>();

  /** Which operations transfer bytes. */
  public enum Kind {
    SOCKET,
    /** Read and written at the descriptor's own position: files, pipes, terminals. */
    STREAM
  }

  static final int WOULD_WAIT = -Errno.EAGAIN.code();

  /** The backend can't know whether an operation would wait. */
  private static final int UNKNOWN = -Errno.EOPNOTSUPP.code();

  public final EventLoop loop;
  private final Handle handle;
  private final Kind kind;
  private final Object name;
  boolean reading;
  boolean writing;

  /** How often what was in progress has been cancelled: see {@link InProgress}. */
  int cancels;

  /** The large transfers of a socket; null until there is one, and of other kinds. */
  private @Nullable DirectTransfers direct;

  /** Null until a receive into a buffer of the reactor. */
  private @Nullable Receiver receiver;

  /** Null until several segments are written as one. */
  @Nullable Gather gather;

  /**
   * Makes an endpoint without a descriptor; {@link #open} sets it.
   *
   * @param name the name for messages; {@code toString} is called only to make one
   * @param description the name for messages when this endpoint is garbage; must not refer to the
   *     endpoint, as {@code name} may
   */
  public Endpoint(EventLoop loop, Kind kind, Object name, Object description) {
    this.loop = loop;
    this.handle = loop.backend().newHandle(this, description);
    this.kind = kind;
    this.name = name;
  }

  /** Wraps an open handle; {@link #close} closes the descriptor only if the handle owns it. */
  public Endpoint(EventLoop loop, Handle handle, Kind kind, Object name) {
    this.loop = loop;
    this.handle = handle;
    this.kind = kind;
    this.name = name;
  }

  /** Sets the descriptor of a new endpoint, which owns it from now on. */
  public void open(int descriptor) {
    loop.backend().open(handle, descriptor);
  }

  public Handle handle() {
    return handle;
  }

  public Object name() {
    return name;
  }

  public boolean isOpen() {
    return handle.isOpen();
  }

  // ---- bytes

  /** Reads some bytes; -1 at the end of the stream, 0 only into an empty segment. Suspends. */
  public int read(MemorySegment target, long deadline) throws IOException {
    int length = Transferable.writableLength(target);
    Strand strand = enter("read");
    if (length == 0) {
      return transferNothing(strand, "read", deadline);
    }
    requireNoReader("read");
    reading = true;
    try {
      int ahead = readAhead(strand, target, "read", true, deadline);
      if (ahead != 0) {
        return ahead;
      }
      int count = transferIn(strand, target, length, Op.CURRENT_POSITION, deadline);
      return count == 0 ? -1 : count;
    } finally {
      reading = false;
    }
  }

  // ---- what was received in advance

  /** The receives into buffers of the reactor. */
  public Receiver receiver() {
    Receiver mine = receiver;
    if (mine == null) {
      mine = new Receiver(loop, handle);
      receiver = mine;
    }
    return mine;
  }

  /** Wakes a strand that waits for a buffer to receive into. */
  void wakeForBuffer() {
    if (receiver != null) {
      receiver.wakeForBuffer();
    }
  }

  /** Who has received something that the kernel does not have any more, or will; or null. */
  @Nullable Receiver ahead() {
    Receiver mine = receiver;
    return mine == null || !mine.isAhead() ? null : mine;
  }

  /** See {@link Receiver#read}. Suspends. */
  int readAhead(Strand strand, MemorySegment target, String verb, boolean takes, long deadline)
      throws IOException {
    Receiver ahead = ahead();
    return ahead == null ? 0 : ahead.read(this, strand, target, verb, takes, deadline);
  }

  /**
   * Waits until nothing more can be received in advance, or something has been; with NOW, looks
   * whether something has. It ends no receive of another fiber. Suspends.
   *
   * @return whether there is something to be read, and the kernel need not be asked
   */
  public boolean isReadableAhead(Strand strand, String verb, long deadline) throws IOException {
    Receiver ahead = ahead();
    if (ahead == null) {
      return false;
    }
    strand.checkBeforeWait(verb, name, deadline, WaitMode.EXTERNAL);
    ahead.catchUp(this, strand, verb, !reading, deadline);
    return ahead.isReadable();
  }

  /** How many bytes have been received in advance and not been read. */
  public int bytesAhead() {
    Receiver mine = receiver;
    return mine == null ? 0 : mine.unreadBytes();
  }

  void requireNoReader(String verb) {
    if (reading) {
      throw new IllegalStateException(verb + " " + name + ": another fiber is reading from it");
    }
  }

  /** Reads some bytes at a position of a file; -1 at its end. Suspends. */
  public int readAt(MemorySegment target, long position, long deadline) throws IOException {
    int length = Transferable.writableLength(target);
    Strand strand = enter("read");
    if (length == 0) {
      return transferNothing(strand, "read", deadline);
    }
    int count = transferIn(strand, target, length, position, deadline);
    return count == 0 ? -1 : count;
  }

  /** Writes some bytes, at least one unless the segment is empty. Suspends. */
  public int writeSome(MemorySegment source, long deadline) throws IOException {
    int length = Transferable.checkedLength(source);
    Strand strand = enter("write");
    if (length == 0) {
      return transferNothing(strand, "write", deadline);
    }
    return writeSome(strand, source, 0, length, deadline);
  }

  /** Transfers no bytes, but throws if the fiber is cancelled or a deadline has passed. */
  int transferNothing(Strand strand, String verb, long deadline) {
    strand.checkBeforeWait(verb, name, deadline, WaitMode.EXTERNAL);
    return 0;
  }

  /** Writes all the bytes. Suspends. */
  public void write(MemorySegment source, long deadline) throws IOException {
    Transferable.checkedLength(source);
    Strand strand = enter("write");
    long end = source.byteSize();
    if (end == 0) {
      transferNothing(strand, "write", deadline);
    }
    int seen = cancels;
    for (long from = 0; from < end; ) {
      requireGoing("write", seen);
      int length = (int) Math.min(end - from, Transferable.MAX);
      from += writeSome(strand, source, from, length, deadline);
    }
  }

  private int writeSome(Strand strand, MemorySegment source, long from, int length, long deadline)
      throws IOException {
    requireNoWriter();
    writing = true;
    try {
      return transferOut(strand, source, from, length, Op.CURRENT_POSITION, deadline);
    } finally {
      writing = false;
    }
  }

  /** Writes some bytes at a position of a file. Suspends. */
  public int writeAt(MemorySegment source, long position, long deadline) throws IOException {
    int length = Transferable.checkedLength(source);
    Strand strand = enter("write");
    if (length == 0) {
      return transferNothing(strand, "write", deadline);
    }
    return transferOut(strand, source, 0, length, position, deadline);
  }

  private int transferIn(
      Strand strand, MemorySegment target, int length, long position, long deadline)
      throws IOException {
    while (true) {
      requireOpen();
      int result =
          kind == Kind.SOCKET
              ? receive(strand, target, length, deadline)
              : perform(
                  strand,
                  "read",
                  strand.waiting.op().read(handle, target, 0, length, position),
                  deadline);
      if (!mustRetry(strand, result, this, PollEvents.READABLE, deadline)) {
        return check("read", result);
      }
    }
  }

  private int receive(Strand strand, MemorySegment target, int length, long deadline)
      throws IOException {
    DirectTransfers large = direct;
    int result;
    if (large != null && large.receives(length, deadline)) {
      result = large.receive(strand, target, length, deadline);
    } else {
      Op op = strand.waiting.op().receive(handle, target, 0, length);
      result = perform(strand, "read", op, deadline);
    }
    if (result > 0) {
      received(result);
    }
    return result;
  }

  /** Notes how many bytes a receive has brought. */
  void received(int count) {
    DirectTransfers large = direct;
    if (large != null) {
      large.received(count);
    } else if (count >= DirectTransfers.LARGE_BYTES) {
      direct().received(count);
    }
  }

  /** Whether the last receives have brought so much that the next one is a call. */
  boolean receivesMuch() {
    DirectTransfers large = direct;
    return large != null && large.receivesMuch();
  }

  /** The large transfers of this socket. */
  DirectTransfers direct() {
    DirectTransfers mine = direct;
    if (mine == null) {
      mine = new DirectTransfers(this);
      direct = mine;
    }
    return mine;
  }

  private int transferOut(
      Strand strand, MemorySegment source, long from, int length, long position, long deadline)
      throws IOException {
    while (true) {
      requireOpen();
      int result =
          kind == Kind.SOCKET
              ? send(strand, source, from, length, deadline)
              : perform(
                  strand,
                  "write",
                  strand.waiting.op().write(handle, source, from, length, position),
                  deadline);
      if (result == 0) {
        result = -Errno.EIO.code(); // otherwise write() would loop indefinitely
      }
      if (!mustRetry(strand, result, this, PollEvents.WRITABLE, deadline)) {
        return check("write", result);
      }
    }
  }

  private int send(Strand strand, MemorySegment source, long from, int length, long deadline) {
    if (length >= DirectTransfers.LARGE_BYTES && direct().sends(length, deadline)) {
      int count = direct().beginSend(strand, length, deadline);
      int sent = attempt(strand.waiting.op().send(handle, source, from, count));
      if (sent != WOULD_WAIT) {
        return sent;
      }
    }
    Op op = strand.waiting.op().send(handle, source, from, length);
    return perform(strand, "write", op, deadline);
  }

  void requireNoWriter() {
    if (writing) {
      throw new IllegalStateException("write " + name + ": another fiber is writing to it");
    }
  }

  /** Takes the endpoint's gather, or a new one if it is in use; {@link #giveBack} follows. */
  Gather takeGather() {
    Gather taken = gather;
    gather = null;
    return taken == null ? new Gather() : taken;
  }

  /** Keeps a gather for the next transfer of several segments. */
  void giveBack(Gather taken) {
    taken.clear();
    gather = taken;
  }

  // ---- without waiting

  /** Carries out an operation that need not wait; -EAGAIN if it would. */
  int attempt(Op op) {
    MemorySegment memory = op.memory();
    int result;
    do {
      op.use(memory); // the operation dropped it when the last attempt ended
      result = loop.backend().attempt(op);
    } while (Retry.of(result) == Retry.AT_ONCE);
    return result;
  }

  /** Performs an operation, and waits for it unless the deadline is NOW. Suspends. */
  int perform(Strand strand, String verb, Op op, long deadline) {
    if (deadline != TimerQueue.NOW) {
      int seen = cancels;
      int done = Operations.perform(strand, verb, name, op, deadline, WaitMode.EXTERNAL);
      return cancels != seen && Retry.isCancelled(done) ? InProgress.CANCELED : done;
    }
    strand.checkBeforeWait(verb, name, deadline, WaitMode.EXTERNAL);
    int result = attempt(op);
    if (result == WOULD_WAIT || result == UNKNOWN) {
      strand.waiting.requireTime(verb, name, deadline);
    }
    return result;
  }

  /** Checked before each attempt: another fiber can have closed the handle during the last one. */
  void requireOpen() throws AsynchronousCloseException {
    if (!handle.isOpen()) {
      throw new AsynchronousCloseException();
    }
  }

  /**
   * Whether an operation must be repeated: it was interrupted, or {@code endpoint} was made
   * non-blocking by another process that shares it. In that case this waits until it is ready.
   * Suspends.
   */
  static boolean mustRetry(Strand strand, int result, Endpoint endpoint, int events, long deadline)
      throws IOException {
    Retry retry = Retry.of(result);
    if (retry != Retry.WHEN_READY) {
      return retry == Retry.AT_ONCE;
    }
    endpoint.requireOpen();
    Op op = strand.waiting.op().poll(endpoint.handle, events);
    endpoint.check(
        "poll",
        Operations.performRepeatedly(
            strand, "poll", endpoint.name, op, deadline, WaitMode.EXTERNAL));
    return true;
  }

  // ---- other operations

  /** Connects a socket. Suspends. */
  public void connect(SocketAddress address, String subject, long deadline) throws IOException {
    Strand strand = enter("connect");
    Op op = strand.waiting.op().connect(handle, address);
    int result =
        Operations.performRepeatedly(strand, "connect", subject, op, deadline, WaitMode.EXTERNAL);
    if (result < 0) {
      requireOpen();
      throw new ErrnoException("connect", subject, -result);
    }
  }

  /** Shuts down a direction of a connection, or both. Suspends. */
  public void shutdown(Direction direction, long deadline) throws IOException {
    Strand strand = enter("shutdown");
    Op op = strand.waiting.op().shutdown(handle, direction);
    check(
        "shutdown",
        Operations.performRepeatedly(strand, "shutdown", name, op, deadline, WaitMode.EXTERNAL));
  }

  /** Returns the current strand; checks that it is of this reactor and that the handle is open. */
  public Strand enter(String verb) throws ClosedChannelException {
    Strand strand = Strand.requireOf(loop, verb, name);
    if (!handle.isOpen()) {
      throw new ClosedChannelException();
    }
    return strand;
  }

  /** Returns {@code result} if it is at least 0, and otherwise throws the exception for -errno. */
  public int check(String verb, int result) throws IOException {
    if (result >= 0) {
      return result;
    }
    requireOpen();
    throw new ErrnoException(verb, name.toString(), -result);
  }

  /** How often what was in progress has been cancelled, for {@link #requireGoing}. */
  public int cancels() {
    return cancels;
  }

  /** Throws ECANCELED if what was in progress has been cancelled since: the rest is not done. */
  public void requireGoing(String verb, int seen) throws IOException {
    if (cancels != seen) {
      check(verb, InProgress.CANCELED);
    }
  }

  /** The {@link OpenFlags} of the descriptor, or -errno. */
  public int openFlags() {
    return loop.backend().perform(loop.call().openFlags(handle));
  }

  /** The type of the file; OTHER if it can't be read. */
  public FileType fileType() {
    Call request = loop.call().fileType(handle);
    return loop.backend().perform(request) < 0 ? FileType.OTHER : request.type();
  }

  // ---- closing

  /**
   * Closes the handle: operations of other fibers on it are cancelled and end with an {@link
   * AsynchronousCloseException}, or with what they had achieved. In a fiber, even a cancelled one,
   * it suspends until they have ended. Elsewhere the descriptor is closed later if operations are
   * in progress. Does nothing the second time.
   *
   * @return 0, or -errno of close(2); the descriptor is closed in any case
   */
  public int close() {
    if (!handle.isOpen()) {
      return 0;
    }
    loop.requireThread("close", name);
    wakeForBuffer();
    return Closing.close(loop, handle, name);
  }

  /** As {@link #close}, for types whose close reports failures. */
  public void closeChecked() throws IOException {
    int result = close();
    if (result < 0) {
      throw new ErrnoException("close", name.toString(), -result);
    }
  }
}
