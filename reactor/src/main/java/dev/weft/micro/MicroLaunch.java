// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Handle;
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
      MicroHeap heap = pool.heap(options.pages());
      try {
        MicroProcess process = new MicroProcess(heap, BlockingIoDriver.INSTANCE, options);
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
    process.begin(main, input, output);
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
      Handle handle = dispatcher.newHandle("accepted connection");
      MicroProcess process =
          start(dispatcher, options, onEnd, made -> made.begin(main, handle, handle));
      dispatcher.open(handle, peer.take()); // allocates nothing, so the connection can't leak
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
        process -> process.begin(main, process.rings.listening(main, descriptor)));
  }

  private static MicroProcess start(
      MicroDispatcher dispatcher,
      MicroOptions options,
      Consumer<MicroProcess> onEnd,
      Consumer<MicroProcess> begin) {
    MicroHeap heap = dispatcher.heap(options.pages());
    boolean started = false;
    try {
      MicroProcess process = new MicroProcess(heap, dispatcher, options);
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
