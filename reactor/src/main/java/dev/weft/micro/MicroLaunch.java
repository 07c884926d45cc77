// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Handle;
import dev.weft.internal.mem.PagePool;
import dev.weft.internal.micro.io.BlockingIoDriver;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.RingMemory;
import dev.weft.internal.micro.io.RingPair;
import dev.weft.internal.strand.EventLoop;
import java.util.function.Consumer;

/** Starts processes. A process that fails to start leaves no memory or descriptor behind. */
final class MicroLaunch {
  private MicroLaunch() {}

  /** See {@link MicroProcess#runLocal(MicroThread, MicroOptions)}. */
  static void local(MicroThread main, MicroOptions options) {
    // Twice the size: once for its blocks, once for its rings.
    long bytes = 2L * options.pages() * MicroHeap.PAGE_BYTES;
    try (PagePool pool = PagePool.open(bytes, options.hugePages())) {
      MicroHeap heap = new MicroHeap(pool, options.pages());
      try {
        MicroProcess process =
            new MicroProcess(heap, BlockingIoDriver.INSTANCE, null, new RingMemory(pool), options);
        begin(process, main, options);
        process.runToEnd();
      } finally {
        heap.close();
      }
    }
  }

  /** See {@link MicroProcess#start(MicroThread, MicroOptions)}. */
  static MicroProcess start(MicroThread main, MicroOptions options) {
    return start(
        MicroDispatcher.of(options),
        options,
        MicroProcess::nothing,
        process -> begin(process, main, options));
  }

  private static void begin(MicroProcess process, MicroThread main, MicroOptions options) {
    Handle input = standard(options.input());
    Handle output = options.output() == options.input() ? input : standard(options.output());
    begin(process, main, input, output);
  }

  private static Handle standard(int descriptor) {
    return Handle.borrowed(descriptor, "descriptor " + descriptor);
  }

  /**
   * As {@link MicroProcess#start(MicroThread, MicroOptions, MicroConnection)}; calls {@code onEnd}
   * when the process has ended.
   */
  static MicroProcess connection(
      MicroThread main, MicroOptions options, MicroConnection peer, Consumer<MicroProcess> onEnd) {
    EventLoop loop = EventLoop.require("start");
    peer.requireFree();
    try {
      MicroDispatcher dispatcher = MicroDispatcher.of(options);
      Handle handle = dispatcher.driver().newHandle("accepted connection");
      MicroProcess process =
          start(dispatcher, options, onEnd, made -> begin(made, main, handle, handle));
      dispatcher
          .driver()
          .open(handle, peer.take()); // allocates nothing, so the connection can't leak
      return process;
    } finally {
      peer.discard(loop.backend()); // if it has not been taken
    }
  }

  /**
   * Starts a process whose default socket is a listening socket; calls {@code onEnd} when it has
   * ended.
   */
  static MicroProcess listening(
      MicroThread main, MicroOptions options, Handle descriptor, Consumer<MicroProcess> onEnd) {
    return start(
        MicroDispatcher.of(options),
        options,
        onEnd,
        process -> begin(process, main, listening(process, descriptor)));
  }

  /** Makes {@code main} the first thread of a process, and plays it. */
  private static void begin(MicroProcess process, MicroThread main, Handle input, Handle output) {
    RingPair pair = process.rings.open(input, output);
    if (pair == null) {
      throw new IllegalArgumentException(
          "the micro-heap needs page count of "
              + process.heap.neededPages(2L * ByteRing.BYTES)
              + " at least, for the rings of its default socket: it has "
              + process.heap.pages());
    }
    begin(process, main, new MicroSocket(process, pair));
  }

  private static void begin(MicroProcess process, MicroThread main, MicroSocket socket) {
    process.threads.add(main);
    process.rings.attach(socket.rx, socket.tx);
    main.socket = socket;
    process.heap.active = false;
    process.threads.play(main);
  }

  private static MicroSocket listening(MicroProcess process, Handle descriptor) {
    ByteRing ring = process.rings.listening(descriptor);
    if (ring == null) {
      throw new IllegalArgumentException("the micro-heap is too small for a listening socket");
    }
    return new MicroSocket(process, ring, ring);
  }

  private static MicroProcess start(
      MicroDispatcher dispatcher,
      MicroOptions options,
      Consumer<MicroProcess> onEnd,
      Consumer<MicroProcess> begin) {
    MicroHeap heap = dispatcher.heap(options.pages());
    boolean started = false;
    try {
      MicroProcess process = dispatcher.newProcess(heap, options);
      process.onEnd = onEnd;
      begin.accept(process);
      dispatcher.add(process); // the last step that can fail
      started = true;
      return process;
    } finally {
      if (!started) {
        heap.close();
      }
    }
  }
}
