// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.diag.LoopInvariants;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tries a call at the end of the stack. A fiber recurses until the stack overflows, and on its way
 * back each frame tries the call, until some have succeeded: so the stack overflows in every part
 * of it.
 */
final class StackEnd {
  private static final int SUCCESSES = 3;

  /** So many frames try the call one after another, as many as its own frames and the reserve. */
  private static final int DENSE = 500;

  /**
   * Of those further out, one of so many does: the JDK can't unmount a deep stack of interpreted
   * frames before half of it is free.
   */
  private static final int SPARSE = 100;

  /** The recursion is begun from so many depths, so that the frames end at other places. */
  private static final int OFFSETS = 4;

  private final List<String> wrong = new ArrayList<>();

  /** How many frames of the recursion have returned. */
  private int levels;

  private int begun;
  private int ended;
  private int failed;
  private int succeeded;

  // ---- the recursion

  @SuppressWarnings("InfiniteRecursion") // what is tested
  private void descend(FiberTask call) throws Exception {
    try {
      descend(call);
    } catch (StackOverflowError e) {
      levels++;
      if (succeeded < SUCCESSES && (levels < DENSE || levels % SPARSE == 0)) {
        attempt(call);
      }
      throw e;
    }
  }

  private void attempt(FiberTask call) throws Exception {
    begun++;
    try {
      call.run();
      succeeded++;
    } catch (StackOverflowError e) {
      failed++;
    } finally {
      ended++;
    }
  }

  private void descendFrom(int offset, FiberTask call) throws Exception {
    if (offset > 0) {
      descendFrom(offset - 1, call);
      return;
    }
    succeeded = 0;
    levels = 0;
    try {
      descend(call);
    } catch (StackOverflowError e) {
      assertTrue(succeeded >= SUCCESSES, succeeded + " calls have succeeded");
    }
  }

  void tryThere(FiberTask call) throws Exception {
    call.run(); // links what it calls, which takes more stack than the calls
    for (int offset = 0; offset < OFFSETS; offset++) {
      descendFrom(offset, call);
    }
    call.run();
  }

  /** Runs {@code task} in a fiber; afterwards nothing may be left, and some calls have failed. */
  void run(FiberKind kind, FiberTask task) throws Exception {
    ServerSocketChannel.open().close(); // the JDK keeps a socket of its own from the first one on
    long before = descriptors();
    ReactorOptions options =
        Reactors.options()
            .withFiberKind(kind)
            .withStackful(kind == FiberKind.BATON || Reactors.options().stackful())
            .withLeakHandler(leak -> wrong.add("left open: " + leak));
    try (Reactor reactor = Reactors.open(options)) {
      EventLoop loop = EventLoop.require("test");
      loop.housekeeping(() -> audit(LoopInvariants.of(loop)));
      reactor.run(task);
    }
    assertEquals(List.of(), wrong);
    assertEquals(begun, ended);
    assertTrue(failed > 0, "no call has failed");
    assertEquals(before, descriptors());
  }

  private void audit(@Nullable String found) {
    if (found != null && wrong.size() < 3) {
      wrong.add(found);
    }
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.filter(StackEnd::isOurs).count();
    }
  }

  private static boolean isOurs(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains(":[");
    } catch (IOException e) { // that of the listing itself
      return false;
    }
  }

  /** Runs {@code call} at the end of the stack while {@code partner} repeats what it does. */
  void tryWithPartner(FiberTask partner, FiberTask call) throws Exception {
    Fiber other = Fiber.start(() -> repeat(partner));
    tryThere(call);
    other.close();
  }

  private static void repeat(FiberTask task) throws Exception {
    while (true) {
      task.run();
    }
  }
}
