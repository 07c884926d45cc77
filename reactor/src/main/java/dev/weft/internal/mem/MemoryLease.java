// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import static java.lang.invoke.MethodType.methodType;

import dev.weft.bindings.NativeLibrary;
import dev.weft.internal.failure.Failures;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Keeps memory from being freed while the kernel uses it: during a lease, closing the segment's
 * arena throws an {@link IllegalStateException}, as it does during NIO's system calls.
 *
 * <p>It uses the reference count that the JDK keeps for its own calls ({@code
 * jdk.internal.foreign.MemorySessionImpl}). If the JDK gives no access to it, there are no leases:
 * the operation's reference to the segment keeps memory of automatic arenas alive, but the caller
 * must not close an arena too early.
 */
public final class MemoryLease {
  /** Whether this JVM lets us keep arenas from being closed. */
  public static final boolean AVAILABLE;

  private static final @Nullable MethodHandle SESSION;
  private static final @Nullable MethodHandle OWNER;
  private static final @Nullable MethodHandle ACQUIRE;
  private static final @Nullable MethodHandle RELEASE;
  private static final @Nullable MethodHandle COUNT;
  private static final @Nullable MethodHandle SET_COUNT;

  static {
    @Nullable MethodHandle[] found = find();
    SESSION = found[0];
    OWNER = found[1];
    ACQUIRE = found[2];
    RELEASE = found[3];
    COUNT = found[4];
    SET_COUNT = found[5];
    AVAILABLE = SET_COUNT != null;
  }

  private MemoryLease() {}

  private static @Nullable MethodHandle[] find() {
    try {
      NativeLibrary.openIfWelcome(MemoryLease.class.getModule());
      Class<?> segments = Class.forName("jdk.internal.foreign.AbstractMemorySegmentImpl");
      Class<?> sessions = Class.forName("jdk.internal.foreign.MemorySessionImpl");
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MethodHandles.Lookup inSegments = MethodHandles.privateLookupIn(segments, lookup);
      MethodHandles.Lookup inSessions = MethodHandles.privateLookupIn(sessions, lookup);
      MethodType nothing = methodType(void.class);
      MethodType action = methodType(void.class, Object.class);
      return new @Nullable MethodHandle[] {
        inSegments
            .findVirtual(segments, "sessionImpl", methodType(sessions))
            .asType(methodType(Object.class, MemorySegment.class)),
        inSessions
            .findVirtual(sessions, "ownerThread", methodType(Thread.class))
            .asType(methodType(Thread.class, Object.class)),
        inSessions.findVirtual(sessions, "acquire0", nothing).asType(action),
        inSessions.findVirtual(sessions, "release0", nothing).asType(action),
        inSessions
            .findGetter(sessions, "acquireCount", int.class)
            .asType(methodType(int.class, Object.class)),
        inSessions
            .findSetter(sessions, "acquireCount", int.class)
            .asType(methodType(void.class, Object.class, int.class))
      };
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // Neither a flag nor the native library opened the package, or it is another JDK.
      return new @Nullable MethodHandle[6];
    }
  }

  /**
   * Begins a lease of the memory of {@code segment}, on the reactor's thread or in a fiber of it.
   *
   * @param reactor the reactor's thread, which ends the lease
   * @return whether there is a lease, which {@link #release} ends
   * @throws IllegalStateException if the arena is closed
   * @throws WrongThreadException if the arena is confined to a thread other than the reactor's
   */
  public static boolean acquire(MemorySegment segment, Thread reactor) {
    if (!AVAILABLE) {
      return false;
    }
    assert SESSION != null && OWNER != null && ACQUIRE != null;
    Thread owner;
    try {
      Object session = (Object) SESSION.invokeExact(segment);
      owner = (Thread) OWNER.invokeExact(session);
      if (owner == null) {
        ACQUIRE.invokeExact(session);
        return true;
      }
      if (owner == reactor || owner == Thread.currentThread()) {
        requireOpen(segment);
        count(session, 1);
        return true;
      }
    } catch (Throwable e) {
      throw Failures.unchecked(e);
    }
    if (!owner.isVirtual()) {
      throw new WrongThreadException(
          "the arena of the segment is confined to " + owner + ": " + segment);
    }
    return false; // most likely the arena of another fiber of this reactor
  }

  private static void requireOpen(MemorySegment segment) {
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the arena of the segment is closed: " + segment);
    }
  }

  /**
   * Changes the lease count of a confined arena. The JDK's own calls count releases by another
   * thread separately, up to 2^31 in the arena's life. The reactor's thread and those of its fibers
   * never run at the same time, so the count itself can be changed.
   */
  private static void count(Object session, int change) throws Throwable {
    assert COUNT != null && SET_COUNT != null;
    SET_COUNT.invokeExact(session, (int) COUNT.invokeExact(session) + change);
  }

  /** Ends a lease of the memory of {@code segment}, on the reactor's thread. */
  public static void release(MemorySegment segment) {
    assert SESSION != null && OWNER != null && RELEASE != null;
    try {
      Object session = (Object) SESSION.invokeExact(segment);
      if ((Thread) OWNER.invokeExact(session) == null) {
        RELEASE.invokeExact(session);
      } else {
        count(session, -1);
      }
    } catch (Throwable e) {
      throw Failures.unchecked(e);
    }
  }
}
