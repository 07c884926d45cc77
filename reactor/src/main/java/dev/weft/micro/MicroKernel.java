// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.CancelledException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Controls;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.sched.EventLoop;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import dev.weft.internal.sched.WaitList;
import dev.weft.weave.Context;
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
final class MicroKernel extends MicroDriver {
  private static final Map<EventLoop, MicroKernel> KERNELS = new ConcurrentHashMap<>();

  private final EventLoop loop;
  private final MicroSlab slab;

  /** The part of the slab that the ring knows, so that it need not look the pages up each time. */
  private final long registeredFrom;

  private final long registeredTo;

  private final Context context = new Context();
  private final ArrayDeque<MicroProcess> ready = new ArrayDeque<>();
  private final List<MicroProcess> processes = new ArrayList<>();
  private final WaitList idle = new WaitList();

  private MicroKernel(EventLoop loop, MicroOptions options) {
    this.loop = loop;
    long wanted = (long) options.pages() * MicroHeap.PAGE_BYTES;
    slab = MicroSlab.open(Math.max(options.slabBytes(), wanted), options.hugePages());
    Pages pages = slab.first();
    boolean registered = loop.backend().registerBuffer(pages.address(), pages.bytes()) >= 0;
    registeredFrom = pages.address();
    registeredTo = registered ? registeredFrom + pages.bytes() : registeredFrom;
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

  boolean isRegistered(long address) {
    return address >= registeredFrom && address < registeredTo;
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
    Strand strand = Strand.require("run");
    try {
      while (!processes.isEmpty()) {
        turn();
        if (!ready.isEmpty()) {
          strand.yieldNow();
        } else if (!processes.isEmpty()) {
          strand.await(idle, "run", this, Deadline.NEVER.nanoTime(), Wait.OUTSIDE);
        }
      }
    } catch (CancelledException e) {
      killAll(strand);
      throw e;
    } finally {
      KERNELS.remove(loop);
      if (registeredTo > registeredFrom) {
        backend().unregisterBuffer();
      }
      slab.close();
    }
  }

  private void turn() {
    for (int n = ready.size(); n > 0; n--) {
      MicroProcess process = ready.remove();
      process.isReady = false;
      if (process.turn(context)) {
        processes.remove(process);
      } else if (process.isRunnable()) {
        ready(process);
      }
    }
  }

  private void killAll(Strand strand) {
    for (MicroProcess process : List.copyOf(processes)) {
      process.kill();
    }
    while (!processes.isEmpty()) {
      turn();
      if (ready.isEmpty() && !processes.isEmpty()) {
        strand.await(idle, "end", this, Deadline.NEVER.nanoTime(), Wait.SHIELDED);
      }
    }
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
  void cancel(MicroRing ring) {
    transfer(ring).cancel();
  }

  @Override
  void close(int descriptor) {
    Controls.perform(loop, Op.DISCARD, descriptor, 0, 0, 0, 0);
  }

  @Override
  int shutdown(int descriptor, int how) {
    return dev.weft.internal.os.Libc.shutdown(descriptor, how);
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
