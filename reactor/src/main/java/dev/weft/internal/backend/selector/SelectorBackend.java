// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.CancelRequests;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.backend.WorkerThreads;
import dev.weft.internal.queue.TimerQueue;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * The backend on the JDK's channels.
 *
 * <p>A poll starts the requests that have been submitted: it tries them, and those that are not
 * ready wait in their {@link ChannelEntry} for the selector. Operations on files are carried out by
 * {@link WorkerThreads}. Every completion is delivered by a poll.
 *
 * <p>It accesses callers' memory only by copying, which the submitting thread does if the memory is
 * confined to it.
 */
public final class SelectorBackend extends Backend {
  /** How many transfers in a row a strand performs before others get their turn. */
  private static final int PERFORMED_MAX = 8;

  private final Thread thread = Thread.currentThread();
  private final BackendStats stats = stats();

  final Descriptors descriptors;
  final ReadyChannels ready;
  final TransferMemory memory = new TransferMemory();
  final TimerQueue timers = new TimerQueue();
  final WorkerThreads workers;

  private final RequestTable requests = new RequestTable();
  private final StartQueue starting;
  private final Events events;
  private CancelRequests cancels = new CancelRequests();

  private CancelRequests applied = new CancelRequests();

  private int inFlight;

  int waiting; // for channels

  int delivered; // in this poll

  private int polls;

  /** Whether the operation that is being submitted may be performed at once. */
  private boolean mayPerform;

  private boolean closing;

  /**
   * Opens a backend for the calling thread.
   *
   * @param entries the number of operations that are started in one poll, and the longest chain
   * @throws ReactorUnavailableException if the system has no descriptors left
   */
  public static SelectorBackend open(int entries) throws ReactorUnavailableException {
    LocalTexts.prepare();
    try {
      return new SelectorBackend(entries, Selector.open());
    } catch (IOException e) {
      Errno errno = Errno.of(ErrnoOfFailure.code(e));
      ReactorUnavailableException unavailable =
          new ReactorUnavailableException("no selector can be opened: " + e.getMessage(), errno);
      unavailable.initCause(e);
      throw unavailable;
    }
  }

  private SelectorBackend(int entries, Selector selector) {
    super("selector", EnumSet.of(Capability.MULTISHOT_ACCEPT));
    starting = new StartQueue(entries, requests);
    ready = new ReadyChannels(selector, thread, stats);
    descriptors = new Descriptors(ready);
    workers = new WorkerThreads(selector::wakeup, "weft files of " + thread.getName());
    events = new Events(this);
  }

  @Override
  public int inFlight() {
    return inFlight;
  }

  // ---- submitting

  @Override
  public void submitOrPerform(Op op) {
    mayPerform = op.link() == null;
    try {
      submit(op);
    } finally {
      mayPerform = false;
    }
  }

  @Override
  protected void start(Op op) {
    if (mayPerform && transferNow(op)) {
      return;
    }
    int count = starting.lengthOf(op);
    for (Op each = op; each != null; each = each.link()) {
      prepare(each);
    }
    for (Op each = op; each != null; each = each.link()) {
      hold(requests.of(each));
    }
    inFlight += count;
    if (starting.mustWait(count)) {
      stats.deferred++;
      defer(op);
      starting.defer(op);
    } else {
      enqueue(op, count);
    }
  }

  /** Makes everything that can fail: nothing is started then. */
  private void prepare(Op op) {
    Request request = requests.begin(op);
    if (op.opcode() == Opcode.CONNECT) {
      SocketCalls.known(op.address());
    } else {
      memory.prepare(request);
    }
  }

  /**
   * Tries a transfer of a channel on the thread that has the memory. It is done then, or waits for
   * the channel.
   *
   * @return false if nothing has happened, since others come first: it must be queued
   */
  private boolean transferNow(Op op) {
    if (!op.hasMemory()
        || descriptors.hasClosing()
        || !(descriptors.find(op.handle()) instanceof ChannelEntry channel)
        || channel.queued > 0
        || !op.isAccessibleBy(Thread.currentThread())) {
      return false;
    }
    Request request = requests.begin(op);
    if (request.isPerformedOften(polls, PERFORMED_MAX)) {
      return false;
    }
    int result = channel.attemptNow(this, request);
    begin(op);
    stats.submissions++;
    if (result != Entry.PENDING) {
      stats.completions++;
      endPerformed(op, result);
      return true;
    }
    inFlight++;
    request.entry = channel;
    channel.uses++;
    channel.await(this, request);
    return true;
  }

  private void hold(Request request) {
    Entry entry =
        request.op.opcode() == Opcode.CLOSE ? null : descriptors.find(request.op.handle());
    request.entry = entry;
    if (entry != null) {
      entry.uses++;
      entry.queued++;
    }
    request.place = Request.Place.QUEUED;
  }

  private void enqueue(Op head, int count) {
    for (Op op = head; op != null; op = op.link()) {
      begin(op);
      stats.submissions++;
    }
    starting.add(head, count);
  }

  @Override
  public void cancel(Op op) {
    if (beginCancel(op)) {
      cancels.add(op);
    }
  }

  // ---- polling

  @Override
  public int poll(long timeoutNanos) {
    delivered = 0;
    polls++;
    descriptors.finishCloses();
    startQueued();
    applyCancels();
    descriptors.finishCloses();
    events.await(timeoutNanos);
    int count = delivered;
    delivered = 0;
    return count;
  }

  /** Starts what has been queued until now; what listeners submit is left to the next poll. */
  private void startQueued() {
    startQueued(starting.count());
    while (starting.hasDeferred() && starting.count() == 0) {
      startDeferred();
      startQueued(starting.count());
    }
  }

  private void startQueued(int count) {
    for (int left = count; left > 0; ) {
      Request request = starting.poll();
      if (request == null) {
        return;
      }
      left -= request.op.chainLength();
      start(request);
    }
  }

  /** Moves deferred operations to the queue, as many as it holds. */
  private void startDeferred() {
    for (Op op; (op = starting.firstDeferred()) != null; ) {
      boolean cancelled = isAnyCancelled(op);
      if (!cancelled && !starting.hasRoomFor(op)) {
        return;
      }
      starting.removeDeferred(op);
      if (cancelled) {
        cancelChain(op);
      } else {
        enqueue(op, op.chainLength());
      }
    }
  }

  /** Completes operations that have not been started. */
  private void cancelChain(@Nullable Op head) {
    for (Op op = head; op != null; ) {
      Op next = op.link(); // the listener can reuse op
      finishOne(requests.of(op), Entry.CANCELED);
      op = next;
    }
  }

  private void start(Request request) {
    request.leave();
    int result;
    try {
      result = attempt(request);
    } catch (OutOfMemoryError | LinkageError e) { // a class can't be loaded
      result = -Errno.ENOMEM.code();
    } catch (RuntimeException e) {
      result = -ErrnoOfFailure.code(e);
    }
    if (result != Entry.PENDING) {
      finish(request, result);
    }
  }

  private int attempt(Request request) {
    Op op = request.op;
    Entry entry = request.entry;
    if (op.argument() instanceof PathRequest names && !names.has(PathRequest.OPEN_FILE)) {
      return PathWork.isSupported(names) ? FileJob.start(this, request) : Entry.UNSUPPORTED;
    }
    return switch (op.opcode()) {
      case NOP -> 0;
      case CLOSE -> closeDescriptor(op.handle());
      case OPEN ->
          op.target() == null && (op.detail() & OpenFlags.SPECIAL) == 0
              ? FileJob.start(this, request)
              : Entry.UNSUPPORTED;
      case SPLICE, TEE, COPY_RANGE, CLONE, ALLOCATE -> Entry.UNSUPPORTED;
      case RECEIVE_ANY, RECEIVE_MULTISHOT -> Entry.UNSUPPORTED;
      case READ_SCATTERED, WRITE_GATHERED, SEND_ZERO_COPY, SPAWN -> Entry.UNSUPPORTED;
      case ACCEPT_DIRECT, OPEN_DIRECT, REGISTER, INSTALL -> Entry.UNSUPPORTED;
      case WRITE_BACK, ADVISE ->
          entry == null || entry instanceof FileEntry
              ? startOn(entry, request)
              : -Errno.ESPIPE.code();
      default -> startOn(entry, request);
    };
  }

  private int startOn(@Nullable Entry entry, Request request) {
    return entry == null ? Entry.EBADF : entry.start(this, request);
  }

  private void applyCancels() {
    CancelRequests present = cancels;
    cancels = applied;
    applied = present;
    for (Op op; (op = present.poll()) != null; ) {
      if (op.state() == Op.State.CANCELLING) { // it can have completed and be in use again
        cancel(requests.of(op), op);
      }
    }
  }

  private void cancel(Request request, Op op) {
    if (request.place == Request.Place.QUEUED) { // in this poll, or behind another one in a chain
      cancels.add(op);
      return;
    }
    Entry entry = request.entry;
    FileJob job = request.job;
    int result =
        entry != null
            ? entry.cancel(this, request)
            : job != null ? job.cancel(this) : Entry.PENDING;
    if (result != Entry.PENDING) {
      finish(request, result);
    }
  }

  // ---- completing

  /** Delivers a connection of a multishot accept. */
  void completeShot(Request request, int result) {
    delivered++;
    stats.completions++;
    complete(request.op, result, true, Op.NO_BUFFER);
  }

  /** Completes a request, and starts or cancels the rest of its chain. */
  void finish(Request request, int result) {
    Op next = request.op.link();
    boolean continues = next != null && request.isWhole(result);
    finishOne(request, result);
    if (next == null) {
      return;
    }
    if (continues && next.state() != Op.State.CANCELLING) {
      starting.add(next, next.chainLength());
    } else {
      cancelChain(next);
    }
  }

  private void finishOne(Request request, int result) {
    Op op = request.op;
    Entry entry = request.entry;
    StagingBuffer staged = request.staging;
    if (request.place == Request.Place.WAITING) {
      waiting--;
    }
    request.leave();
    request.entry = null;
    request.staging = null;
    if (staged != null) {
      memory.staging.give(staged);
    }
    inFlight--;
    delivered++;
    stats.completions++;
    if (entry != null) {
      descriptors.release(entry);
    }
    complete(op, result);
  }

  // ---- descriptors

  @Override
  public int perform(Call call) {
    return Calls.perform(this, call);
  }

  @Override
  protected int attemptNow(Op op) {
    return Attempts.perform(this, requests, op);
  }

  @Override
  public int closeDescriptor(int descriptor) {
    return descriptors.close(descriptor);
  }

  @Override
  public Object detach(int descriptor) {
    return descriptors.detach(descriptor);
  }

  @Override
  public int attach(Object detached) {
    return descriptors.attach((Entry) detached);
  }

  // ---- waking and blocking

  @Override
  public void wakeup() {
    ready.wakeup();
  }

  @Override
  public void beginBlocking() {
    workers.beginBlocking();
  }

  @Override
  public void endBlocking() {
    workers.endBlocking();
  }

  // ---- closing

  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    table.forEachBusy(this::cancel);
    while (inFlight > 0) {
      poll(FOREVER);
    }
    try {
      closeHandles();
    } finally {
      descriptors.closeAll();
      workers.close();
      ready.close();
    }
  }
}
