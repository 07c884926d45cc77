// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.run;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.DirectTable;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import dev.weft.sim.Faults;
import dev.weft.sim.env.SeededRandom;
import dev.weft.sim.env.VirtualClock;
import dev.weft.sim.kernel.FileTree;
import dev.weft.sim.kernel.Kernel;
import dev.weft.sim.kernel.OfferedBuffers;
import dev.weft.sim.kernel.OpenFileDescription;
import dev.weft.sim.kernel.Request;
import dev.weft.sim.kernel.SyncCalls;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Carries out operations on a simulated kernel, in virtual time. */
public final class SimBackend extends Backend {
  /** Notified of what happens; it also reports broken rules of the kernel. */
  public interface Observer {
    void completed(Request request, int result, boolean more);

    /** Reports that a rule has been broken. */
    void broken(String rule);

    /**
     * Called when nothing can ever happen again. Before it returns it arranges for something to
     * happen.
     */
    void stuck();
  }

  /** An operation to start or to cancel. */
  private record Entry(Request request, boolean cancel) {}

  private final VirtualClock clock;
  private final SeededRandom chance;
  private final Faults faults;
  private final Observer observer;
  private final Kernel kernel;
  private final SyncCalls calls;
  private final int entries;

  private final Queue<Entry> queue = new ArrayDeque<>();
  private final Queue<Op> deferred = new ArrayDeque<>();

  /** The requests in the kernel by operation. Only looked up: their order is not reproducible. */
  private final IdentityHashMap<Op, Request> requests = new IdentityHashMap<>();

  /** The file descriptions of operations that the kernel has not taken yet. */
  private final IdentityHashMap<Op, OpenFileDescription> named = new IdentityHashMap<>();

  private int inFlight;
  private int delivered;

  /**
   * The value of the event descriptor (eventfd(2)): {@link #wakeup} adds to it, a read clears it.
   */
  private final AtomicInteger signals = new AtomicInteger();

  /** Whether the read of the event descriptor has found a value and completes soon. */
  private boolean waking;

  /** Whether that read has completed; the next one is in flight then. */
  private boolean woken;

  /** Whether the last poll did nothing, as if the kernel were short of memory. */
  private boolean deferring;

  private boolean closed;

  public SimBackend(
      VirtualClock clock,
      SeededRandom chance,
      Faults faults,
      FileTree files,
      int entries,
      Observer observer) {
    super(
        "simulation",
        EnumSet.of(
            Capability.KERNEL_DESCRIPTORS,
            Capability.SPLICE,
            Capability.FILE_COPIES,
            Capability.BUFFER_GROUPS,
            Capability.ZERO_COPY,
            Capability.QUEUED_TRANSFERS,
            Capability.DIRECT_DESCRIPTORS,
            Capability.VECTORED_FILES,
            Capability.MULTISHOT_ACCEPT,
            Capability.POLL_ERRORS,
            Capability.PIPE_CAPACITY,
            Capability.ALL_UNIX_SOCKETS,
            Capability.IPV6_ONLY,
            Capability.SOCKET_OPTIONS,
            Capability.SOCKET_STATS,
            Capability.OPEN_DIRECTORIES,
            Capability.RENAME_FLAGS,
            Capability.ALL_OPEN_FLAGS,
            Capability.ALLOCATION,
            Capability.ALL_XATTRS));
    if (!Memory.isAccessible()) {
      disable(Capability.BUFFER_GROUPS); // their buffers are addresses
    }
    this.clock = clock;
    this.chance = chance;
    this.faults = faults;
    this.entries = entries;
    this.observer = observer;
    kernel = new Kernel(clock, chance.fork(), faults, files, this::arrive);
    calls = new SyncCalls(kernel);
  }

  public Kernel kernel() {
    return kernel;
  }

  // ---- submitting

  @Override
  public int perform(Call call) {
    return calls.perform(call);
  }

  @Override
  protected int attemptNow(Op op) {
    return kernel.attemptNow(new Request(op, kernel.description(op.handle())));
  }

  @Override
  protected BufferGroup newBufferGroup(int count, int bytes) {
    return kernel.openGroup(bytes);
  }

  @Override
  public int closeDescriptor(int descriptor) {
    DirectTable slots = directTable;
    if (slots != null && DirectDescriptor.is(descriptor)) {
      slots.close(descriptor);
    }
    return kernel.close(descriptor);
  }

  @Override
  protected void registerDirectTable(int size) {} // the kernel's is large enough

  @Override
  protected void start(Op op) {
    int count = op.chainLength();
    if (count > entries) {
      throw new IllegalArgumentException(
          "a chain of " + count + " operations exceeds the queue of " + entries);
    }
    inFlight += count;
    for (Op member = op; member != null; member = member.link()) {
      OpenFileDescription file =
          member.target() == null ? null : kernel.description(member.handle());
      if (file != null) {
        named.put(member, file);
      }
    }
    if (!deferred.isEmpty()
        || queue.size() + count > entries
        || chance.happens(faults.deferrals())) {
      stats().deferred++;
      defer(op);
      deferred.add(op);
    } else {
      pass(op);
    }
  }

  private void pass(Op head) {
    Request first = null;
    Request last = null;
    for (Op op = head; op != null; op = op.link()) {
      begin(op);
      Request request = new Request(op, named.remove(op));
      request.refused = op.isRefused();
      requests.put(op, request);
      if (last == null) {
        first = request;
      } else {
        last.next = request;
      }
      last = request;
      stats().submissions++;
    }
    assert first != null;
    queue.add(new Entry(first, false));
  }

  @Override
  public void cancel(Op op) {
    if (beginCancel(op)) {
      Request request = requests.get(op);
      assert request != null : op;
      queue.add(new Entry(request, true));
      stats().submissions++;
    }
  }

  private void flush() {
    stats().enters++;
    while (!queue.isEmpty() || !deferred.isEmpty()) {
      for (Entry entry; (entry = queue.poll()) != null; ) {
        if (entry.cancel) {
          kernel.cancel(entry.request);
        } else {
          checkDescriptors(entry.request);
          kernel.submit(entry.request);
        }
      }
      Op op = deferred.poll();
      if (op != null && isAnyCancelled(op)) {
        completeUnsubmitted(op);
      } else if (op != null) {
        pass(op);
      }
    }
  }

  /**
   * Reports an operation whose descriptor was closed before the kernel had a reference to the file.
   */
  private void checkDescriptors(Request head) {
    for (Request request = head; request != null; request = request.next) {
      if (request.named != null && kernel.description(request.handle) != request.named) {
        observer.broken(
            request.op + " names a descriptor that was closed before the kernel had seen it");
      }
    }
  }

  private void completeUnsubmitted(Op head) {
    for (Op op = head; op != null; ) {
      Op next = op.link(); // the listener may use op again
      inFlight--;
      delivered++;
      named.remove(op);
      complete(op, -Errno.ECANCELED.code());
      op = next;
    }
  }

  // ---- completing

  private void arrive(
      Request request, int result, boolean more, OfferedBuffers.@Nullable Buffer buffer) {
    Op op = request.op;
    if (requests.get(op) != request) {
      observer.broken(op + " completed twice");
      return;
    }
    if (request.hasLostMemory()) {
      observer.broken(op + ": its memory was closed or let go of while it was in flight");
    } else if (request.memory != null) {
      String changed = request.memory.verify();
      if (changed != null) {
        observer.broken(op + ": " + changed);
      }
    }
    String wrong = buffer == null ? null : buffer.guard().verify();
    if (wrong != null) {
      observer.broken(op + ": of its buffer " + wrong);
    }
    if (!more) {
      requests.remove(op);
      inFlight--;
    }
    delivered++;
    stats().completions++;
    observer.completed(request, result, more);
    complete(op, result, more, buffer == null ? Op.NO_BUFFER : buffer.number());
  }

  @Override
  public int poll(long timeoutNanos) {
    delivered = 0;
    deferring = !deferring && chance.happens(faults.deferrals());
    if (deferring) {
      stats().retries++; // as EAGAIN and EBUSY of io_uring_enter: the fibers run first
      return 0;
    }
    clock.run(); // events of the current time come before what is submitted now
    flush();
    clock.run();
    long end = timeoutNanos == FOREVER ? VirtualClock.NEVER : clock.now() + timeoutNanos;
    lookForSignals();
    while (delivered == 0 && !woken && clock.now() < end) {
      long next = clock.nextTime();
      if (next == VirtualClock.NEVER && end == VirtualClock.NEVER) {
        observer.stuck();
        break;
      }
      clock.advanceTo(Math.min(next, end));
      clock.run();
      flush(); // submits what listeners have requested
      lookForSignals();
    }
    woken = false;
    return delivered;
  }

  @Override
  public void wakeup() {
    signals.incrementAndGet();
  }

  /** The read of the event descriptor takes all wake-ups together and completes later. */
  private void lookForSignals() {
    if (waking || signals.get() == 0) {
      return;
    }
    waking = true;
    clock.at(
        clock.now() + chance.delay(faults.delayMax().toNanos()),
        () -> {
          waking = false;
          signals.set(0);
          woken = true;
          stats().wakeups++;
        });
    clock.run();
  }

  @Override
  public long random() {
    return chance.nextLong();
  }

  @Override
  public int inFlight() {
    return inFlight;
  }

  /** Returns the operations that have been made and not released. */
  Set<Op> operations() {
    Set<Op> all = Collections.newSetFromMap(new IdentityHashMap<>());
    table.forEach(all::add);
    return all;
  }

  /** Returns what is wrong with the bookkeeping, or null. */
  @Nullable String audit() {
    int[] busy = new int[1];
    table.forEachBusy(op -> busy[0]++);
    if (busy[0] != inFlight) {
      return busy[0] + " operations are busy, and " + inFlight + " are counted";
    }
    int unsubmitted = 0;
    for (Op op : deferred) {
      unsubmitted += op.chainLength();
    }
    int known = unsubmitted + requests.size();
    return known == inFlight ? null : "the kernel has " + known + " operations of " + inFlight;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    table.forEachBusy(this::cancel);
    while (inFlight > 0) {
      poll(FOREVER);
    }
  }
}
