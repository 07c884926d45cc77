// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.diag;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Handle;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Finds resources that were not closed and reports them. */
public final class LeakWatch {
  /** Receives what was found. */
  public interface Listener {
    /**
     * Called for each leak.
     *
     * @param resource what was not closed, with its name if it has one
     * @param atClose whether its reactor is being closed; otherwise it has become garbage
     * @param openedAt where it was opened, if that is recorded; otherwise empty
     */
    void leaked(String resource, boolean atClose, List<StackTraceElement> openedAt);
  }

  private static final ReferenceQueue<Object> ABANDONED = new ReferenceQueue<>();

  /** Started coroutines that have not ended; keeps the references reachable, not the coroutines. */
  private static final Set<OpenCoroutine> OPEN = ConcurrentHashMap.newKeySet();

  private static final boolean RECORDS_ORIGINS = Boolean.getBoolean("dev.weft.trace.opens");

  private LeakWatch() {}

  // ---- descriptors

  /** Reports a handle of a reactor that is being closed. */
  public static void report(Handle handle, Listener listener) {
    report(handle, true, listener);
  }

  private static void report(Handle handle, boolean atClose, Listener listener) {
    int number = handle.number();
    String which = number == Handle.NONE ? "" : " (" + DirectDescriptor.text(number) + ")";
    String resource = handle.description() + which;
    Throwable origin = handle.origin();
    listener.leaked(resource, atClose, origin == null ? List.of() : stack(origin));
  }

  /** Reports and closes handles that have become unreachable. Called on the reactor's thread. */
  public static void check(Backend backend, Listener listener) {
    for (Handle handle; (handle = backend.findGarbage()) != null; ) {
      Handle found = handle;
      try {
        report(found, false, listener);
      } finally {
        backend.beginClose(found, null);
        backend.closeWhenUnused(found);
      }
    }
    checkCoroutines(listener);
  }

  private static List<StackTraceElement> stack(Throwable origin) {
    return List.of(origin.getStackTrace());
  }

  // ---- coroutines

  /** Phantom reference to a coroutine that has been started and has not ended. */
  public static final class OpenCoroutine extends PhantomReference<Object> {
    private final String resource;
    private final List<StackTraceElement> startedAt;

    private OpenCoroutine(Object coroutine, String resource) {
      super(coroutine, ABANDONED);
      this.resource = resource;
      startedAt = RECORDS_ORIGINS ? stack(new Throwable()) : List.of();
    }

    /** Called when the coroutine has ended. */
    public void end() {
      OPEN.remove(this);
      clear();
    }
  }

  /** Starts watching a coroutine, which is about to run; reports those found to be garbage. */
  public static OpenCoroutine started(Object coroutine, @Nullable String name, Listener listener) {
    checkCoroutines(listener);
    String resource = name == null ? "suspended coroutine" : "suspended coroutine " + name;
    OpenCoroutine open = new OpenCoroutine(coroutine, resource);
    OPEN.add(open);
    return open;
  }

  private static void checkCoroutines(Listener listener) {
    for (Reference<?> found; (found = ABANDONED.poll()) != null; ) {
      if (found instanceof OpenCoroutine open && OPEN.remove(open)) {
        listener.leaked(open.resource, false, open.startedAt);
      }
    }
  }
}
