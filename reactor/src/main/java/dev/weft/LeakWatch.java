// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Finds resources that were not closed and reports them. */
final class LeakWatch {
  private static final ReferenceQueue<Object> ABANDONED = new ReferenceQueue<>();

  /** Started coroutines that have not ended; keeps the references reachable, not the coroutines. */
  private static final Set<OpenCoroutine> OPEN = ConcurrentHashMap.newKeySet();

  private static final boolean RECORDS_ORIGINS = Boolean.getBoolean("dev.weft.trace.opens");

  private LeakWatch() {}

  // ---- descriptors

  /** Reports a handle of a reactor that is being closed. */
  static void report(Handle handle, Consumer<? super Leak> handler) {
    report(handle, Leak.Reason.REACTOR_CLOSED, handler);
  }

  private static void report(Handle handle, Leak.Reason reason, Consumer<? super Leak> handler) {
    String resource = handle.description() + " (descriptor " + handle.number() + ")";
    Throwable origin = handle.origin();
    handler.accept(new Leak(resource, reason, origin == null ? List.of() : stack(origin)));
  }

  /** Reports and closes handles that have become unreachable. Called on the reactor's thread. */
  static void look(Backend backend, Consumer<? super Leak> handler) {
    for (Handle handle; (handle = backend.findGarbage()) != null; ) {
      Handle found = handle;
      try {
        report(found, Leak.Reason.GARBAGE, handler);
      } finally {
        backend.beginClose(found, null);
        backend.closeWhenUnused(found);
      }
    }
    lookForCoroutines(handler);
  }

  private static List<StackTraceElement> stack(Throwable origin) {
    return List.of(origin.getStackTrace());
  }

  // ---- coroutines

  /** Phantom reference to a coroutine that has been started and has not ended. */
  static final class OpenCoroutine extends PhantomReference<Object> {
    private final String resource;
    private final List<StackTraceElement> startedAt;

    private OpenCoroutine(Object coroutine, String resource) {
      super(coroutine, ABANDONED);
      this.resource = resource;
      startedAt = RECORDS_ORIGINS ? stack(new Throwable()) : List.of();
    }

    /** Called when the coroutine has ended. */
    void end() {
      OPEN.remove(this);
      clear();
    }
  }

  /** Starts watching a coroutine, which is about to run. */
  static OpenCoroutine started(Object coroutine, @Nullable String name) {
    lookForCoroutines(ReactorOptions::log);
    String resource = name == null ? "suspended coroutine" : "suspended coroutine " + name;
    OpenCoroutine open = new OpenCoroutine(coroutine, resource);
    OPEN.add(open);
    return open;
  }

  private static void lookForCoroutines(Consumer<? super Leak> handler) {
    for (Reference<?> found; (found = ABANDONED.poll()) != null; ) {
      if (found instanceof OpenCoroutine open && OPEN.remove(open)) {
        handler.accept(new Leak(open.resource, Leak.Reason.GARBAGE, open.startedAt));
      }
    }
  }
}
