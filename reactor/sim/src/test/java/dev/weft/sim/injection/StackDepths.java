// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.internal.jvm.StackReserve;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an overflow of the stack means for other calls than the one that failed, counted in frames.
 *
 * <p>A call below a frame that has called {@link StackReserve#check} does not fail, unless it is
 * too deep for the reserve or code of the program is in between. After a failure, calls of the same
 * fiber that are as deep fail as well, until the program's own code has continued.
 */
final class StackDepths {
  private static final String PROGRAMS = Injection.class.getPackageName() + ".";

  /** Below it there is no fiber, but perhaps the program that has opened the reactor. */
  private static final String LOOP = "dev.weft.internal.strand.EventLoop.run";

  /**
   * A frame that has checked that the stack suffices.
   *
   * @param depth the number of frames up to it, from the outermost
   */
  private record Reserve(Thread thread, int depth, String method) {}

  private static final List<Reserve> RESERVES = new ArrayList<>();

  /** The thread whose stack is at its end, or null. */
  private static @Nullable Thread overflowing;

  /** The depth at which it is. */
  private static int limit;

  private StackDepths() {}

  static void reset() {
    overflowing = null;
    RESERVES.clear();
  }

  /** The frames of the calling thread without those of the injection, outermost first. */
  private static List<String> frames() {
    List<String> frames =
        StackWalker.getInstance()
            .walk(
                all ->
                    all.filter(frame -> !isInjection(frame.getClassName()))
                        .map(frame -> frame.getClassName() + "." + frame.getMethodName())
                        .toList());
    return frames.reversed();
  }

  private static boolean isInjection(String name) {
    return name.equals(Injection.class.getName()) || name.equals(StackDepths.class.getName());
  }

  /** The calling frame has checked that the stack suffices. */
  static void addReserve() {
    List<String> frames = frames();
    Thread thread = Thread.currentThread();
    RESERVES.removeIf(each -> each.thread == thread && each.depth >= frames.size());
    RESERVES.add(new Reserve(thread, frames.size(), frames.getLast()));
  }

  /**
   * Whether a call of the calling frame can't fail: because a frame below has checked that, if the
   * call is not a check itself, or because it is none of a fiber.
   */
  static boolean cantFail(boolean isCheck) {
    List<String> frames = frames();
    return !isInFiber(frames) || (!isCheck && endOfReserve(frames) > 0);
  }

  private static boolean isReservedBy(Reserve reserve, List<String> frames) {
    int depth = reserve.depth;
    return reserve.thread == Thread.currentThread()
        && frames.size() >= depth
        && frames.size() < depth + StackReserve.FRAMES
        && frames.get(depth - 1).equals(reserve.method)
        && frames.subList(depth, frames.size()).stream().noneMatch(StackDepths::isProgram);
  }

  /** Whether it is the program's code in a fiber that has called: no other is ever deep. */
  private static boolean isInFiber(List<String> frames) {
    int outside = frames.lastIndexOf(LOOP) + 1;
    return (outside > 0 || Thread.currentThread().isVirtual())
        && frames.subList(outside, frames.size()).stream().anyMatch(StackDepths::isProgram);
  }

  private static boolean isProgram(String frame) {
    return frame.startsWith(PROGRAMS);
  }

  /**
   * A call of the calling frame fails, and so do others that are as deep. Below a check that has
   * passed only another one can fail: then the stack ends where the first one's reserve does.
   */
  static void beginOverflow(boolean isCheck) {
    List<String> frames = frames();
    overflowing = Thread.currentThread();
    limit = Math.max(frames.size(), isCheck ? endOfReserve(frames) : 0);
  }

  private static int endOfReserve(List<String> frames) {
    return RESERVES.stream()
        .filter(each -> isReservedBy(each, frames))
        .mapToInt(each -> each.depth + StackReserve.FRAMES)
        .max()
        .orElse(0);
  }

  /** The program's code has continued on the calling thread. */
  static void endOverflow() {
    if (overflowing == Thread.currentThread()) {
      overflowing = null;
    }
  }

  /** Whether a call of the calling frame fails, which is a check or another one. */
  static boolean overflows(boolean isCheck) {
    if (overflowing != Thread.currentThread()) {
      return false;
    }
    List<String> frames = frames();
    return isInFiber(frames) && frames.size() + (isCheck ? StackReserve.FRAMES : 0) >= limit;
  }
}
