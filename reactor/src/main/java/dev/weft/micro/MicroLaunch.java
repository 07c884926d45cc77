// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Handle;
import dev.weft.internal.strand.EventLoop;
import java.util.function.Consumer;

/** Starts processes. One that can't start leaves nothing behind. */
final class MicroLaunch {
  private MicroLaunch() {}

  /** See {@link MicroProcess#runLocal(MicroThread, MicroOptions)}. */
  static void local(MicroThread main, MicroOptions options) {
    // Twice: once for its blocks, once for its rings.
    long bytes = 2L * options.pages() * MicroHeap.PAGE_BYTES;
    try (PagePool slab = PagePool.open(bytes, options.hugePages())) {
      MicroHeap heap = slab.heap(options.pages());
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
   * at its end.
   */
  static MicroProcess connection(
      MicroThread main, MicroOptions options, MicroConnection peer, Consumer<MicroProcess> onEnd) {
    EventLoop loop = EventLoop.require("start");
    peer.requireFree();
    try {
      MicroDispatcher kernel = MicroDispatcher.of(options);
      Handle handle = kernel.newHandle("accepted connection");
      MicroProcess process =
          start(kernel, options, onEnd, made -> made.begin(main, handle, handle));
      kernel.open(handle, peer.take()); // allocates nothing: the connection can't be lost
      return process;
    } finally {
      peer.discard(loop.backend()); // if it has not been taken
    }
  }

  /** Starts a process whose default socket is a listening one; calls {@code onEnd} at its end. */
  static MicroProcess listening(
      MicroThread main, MicroOptions options, Handle descriptor, Consumer<MicroProcess> onEnd) {
    return start(
        MicroDispatcher.of(options),
        options,
        onEnd,
        process -> process.begin(main, process.rings.listening(main, descriptor)));
  }

  private static MicroProcess start(
      MicroDispatcher kernel,
      MicroOptions options,
      Consumer<MicroProcess> onEnd,
      Consumer<MicroProcess> begin) {
    MicroHeap heap = kernel.heap(options.pages());
    boolean started = false;
    try {
      MicroProcess process = new MicroProcess(heap, kernel, options);
      process.onEnd = onEnd;
      begin.accept(process);
      kernel.add(process); // the last that can fail
      started = true;
      return process;
    } finally {
      if (!started) {
        heap.close();
      }
    }
  }
}
