// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.bindings.weft_h;
import dev.weft.error.CancelledException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Controls;
import dev.weft.internal.io.Sockets;
import dev.weft.internal.os.SocketAddresses;
import dev.weft.internal.sched.EventLoop;
import dev.weft.internal.sched.Host;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import dev.weft.internal.sched.WaitList;
import dev.weft.weave.Context;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs the micro-processes of one reactor, in one fiber for all of them: it dispatches those that
 * can run, and suspends. What they have asked for meanwhile goes to the ring in the one system call
 * of the reactor's turn. It lives as long as there are processes.
 */
final class MicroKernel extends MicroDriver implements Host {
  private static final Map<EventLoop, MicroKernel> KERNELS = new ConcurrentHashMap<>();

  private final EventLoop loop;
  private final MicroSlab slab;

  private final MicroSupply supply;

  private final Context context = new Context();
  private final ArrayDeque<MicroProcess> ready = new ArrayDeque<>();
  private final List<MicroProcess> processes = new ArrayList<>();
  private final WaitList idle = new WaitList();

  /** Threads that have yielded to all fibers. */
  private ArrayList<MicroGuest> yielded = new ArrayList<>();

  private @Nullable Strand strand;

  /** The process that is being dispatched. */
  private @Nullable MicroProcess running;

  private MicroKernel(EventLoop loop, MicroOptions options) {
    this.loop = loop;
    long wanted = (long) options.pages() * MicroHeap.PAGE_BYTES;
    slab = MicroSlab.open(Math.max(options.slabBytes(), wanted), options.hugePages());
    supply = new MicroSupply(loop.backend(), slab);
  }

  /** The kernel of the calling reactor; starts it if it has none. */
  static MicroKernel of(MicroOptions options) {
    EventLoop loop = EventLoop.require("start");
    MicroKernel kernel = KERNELS.get(loop);
    if (kernel == null) {
      kernel = new MicroKernel(loop, options);
      KERNELS.put(loop, kernel);
      Fiber.start("micro-processes", kernel::run);
    }
    return kernel;
  }

  Backend backend() {
    return loop.backend();
  }

  EventLoop loop() {
    return loop;
  }

  MicroSupply supply() {
    return supply;
  }

  // ---- processes

  MicroHeap heap(int pages) {
    return slab.heap(pages);
  }

  void add(MicroProcess process) {
    processes.add(process);
    ready(process);
  }

  /** Has {@code process} dispatched in the next turn. */
  void ready(MicroProcess process) {
    if (!process.isReady) {
      process.isReady = true;
      ready.add(process);
      idle.wakeOne();
    }
  }

  private void run() {
    Strand mine = Strand.require("run");
    strand = mine;
    mine.host(this);
    try {
      while (!processes.isEmpty()) {
        turn();
        if (!ready.isEmpty() || !yielded.isEmpty()) {
          mine.yieldNow();
        } else if (!processes.isEmpty()) {
          Wait wait = isBlockedByGuests() ? Wait.INSIDE : Wait.OUTSIDE;
          mine.await(idle, "run", this, Deadline.NEVER.nanoTime(), wait);
        }
      }
    } catch (CancelledException e) {
      killAll(mine);
      throw e;
    } catch (Throwable e) {
      new MicroWreck(this).clear(mine, e);
      throw e;
    } finally {
      KERNELS.remove(loop);
      mine.host(null);
      supply.close();
      slab.close();
    }
  }

  /**
   * Whether all processes wait only for what some threads wait for as fibers do: if those wait for
   * other fibers, and these for them, the reactor is to see that nobody can go on.
   */
  private boolean isBlockedByGuests() {
    for (MicroProcess process : processes) {
      if (!process.isBlockedByGuests()) {
        return false;
      }
    }
    return true;
  }

  private void turn() {
    admitYielded();
    for (int n = ready.size(); n > 0; n--) {
      MicroProcess process = ready.remove();
      process.isReady = false;
      running = process;
      boolean ended = process.turn(context);
      running = null;
      if (ended) {
        processes.remove(process);
      } else if (process.isRunnable()) {
        ready(process);
      }
    }
  }

  private void admitYielded() {
    if (!yielded.isEmpty()) {
      ArrayList<MicroGuest> guests = yielded;
      yielded = new ArrayList<>();
      guests.forEach(MicroGuest::yielded);
    }
  }

  /** Takes the process out whose turn has failed; null if none has. */
  @Nullable MicroProcess takeBroken() {
    MicroProcess process = running;
    running = null;
    processes.remove(process);
    return process;
  }

  /** Takes any out; null if none is left. */
  @Nullable MicroProcess takeAny() {
    return processes.isEmpty() ? null : processes.removeLast();
  }

  WaitList idle() {
    return idle;
  }

  /** Kills all processes, and waits until they have ended. */
  void killAll(Strand mine) {
    for (MicroProcess process : List.copyOf(processes)) {
      process.kill();
    }
    while (!processes.isEmpty()) {
      turn();
      if (ready.isEmpty() && yielded.isEmpty() && !processes.isEmpty()) {
        Wait wait = isBlockedByGuests() ? Wait.CLOSING : Wait.SHIELDED;
        mine.await(idle, "end", this, Deadline.NEVER.nanoTime(), wait);
      }
    }
  }

  // ---- threads that wait as fibers do

  /** The fiber that runs all. */
  Strand strand() {
    Strand mine = strand;
    if (mine == null) {
      throw new IllegalStateException("no process has been dispatched yet");
    }
    return mine;
  }

  Context context() {
    return context;
  }

  /** The thread that is running, or null. Any thread, to look at. */
  @Nullable MicroThread running() {
    MicroProcess process = running;
    return process == null ? null : process.threads.running();
  }

  @Override
  public @Nullable MicroGuest guest() {
    MicroThread thread = running();
    return thread == null ? null : thread.requireGuest(this);
  }

  @Override
  public @Nullable String runningName() {
    MicroThread thread = running();
    return thread == null ? null : thread.name();
  }

  /** Has {@code guest} go on when all fibers have had their turn. */
  void yielded(MicroGuest guest) {
    yielded.add(guest);
  }

  // ---- the driver's words

  private MicroTransfer transfer(MicroRing ring) {
    MicroTransfer transfer = ring.transfer;
    if (transfer == null) {
      transfer = new MicroTransfer(this, ring);
      ring.transfer = transfer;
    }
    return transfer;
  }

  @Override
  void fill(MicroRing ring) {
    transfer(ring).start();
  }

  @Override
  void drain(MicroRing ring) {
    transfer(ring).start();
  }

  @Override
  int socket(Handle handle, InetSocketAddress address, MicroOptions options) {
    int family = SocketAddresses.family(address);
    int made = Controls.perform(loop, Op.SOCKET, family, weft_h.SOCK_STREAM(), 0, 0);
    if (made < 0) {
      return made;
    }
    open(handle, made);
    int result = setUp(handle, options);
    if (result < 0) {
      close(handle);
    }
    return result;
  }

  @Override
  Handle newHandle(String description) {
    return loop.backend().newHandle(description);
  }

  @Override
  void open(Handle handle, int descriptor) {
    loop.backend().open(handle, descriptor);
  }

  /** As what is accepted is set up. */
  private int setUp(Handle socket, MicroOptions options) {
    int level = weft_h.IPPROTO_TCP();
    int limit = options.userTimeoutMillis();
    int result = Controls.setIntOption(loop, socket, level, weft_h.TCP_NODELAY(), 1);
    return result < 0 || limit == 0
        ? result
        : Controls.setIntOption(loop, socket, level, weft_h.TCP_USER_TIMEOUT(), limit);
  }

  @Override
  void connect(MicroRing ring, InetSocketAddress address) {
    transfer(ring).connect(address);
  }

  @Override
  void cancel(MicroRing ring) {
    transfer(ring).cancel();
  }

  @Override
  void close(Handle handle) {
    Sockets.discard(loop, handle);
  }

  @Override
  void close(int descriptor) {
    loop.backend().closeDescriptor(descriptor);
  }

  @Override
  int shutdown(Handle handle, int how) {
    return Controls.perform(loop, Op.SHUT, handle, how, 0, 0, 0);
  }

  @Override
  void release(MicroRing ring) {
    MicroTransfer transfer = ring.transfer;
    if (transfer != null) {
      transfer.release();
      ring.transfer = null;
    }
  }

  @Override
  void awake(MicroProcess process) {
    ready(process);
  }

  @Override
  public String toString() {
    return processes.size() + " micro-processes";
  }

  /** The kernel that drives {@code process}, or null if it is local. */
  static @Nullable MicroKernel of(MicroProcess process) {
    return process.driver instanceof MicroKernel kernel ? kernel : null;
  }
}
