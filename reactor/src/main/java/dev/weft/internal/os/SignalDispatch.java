// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Distributes the process's signals to any number of listeners. Those that have no handler are
 * caught by {@link NativeSignals}; others, and all without the native library, by the JVM, which
 * has one handler per signal, calls it on a thread of its own, and none with -Xrs.
 *
 * <p>{@code sun.misc.Signal} is the JDK's only way to catch a signal. It is used by reflection,
 * because the compiler's warning about it can't be suppressed.
 */
public final class SignalDispatch {
  /** Receives a signal, by its name without "SIG". */
  public interface Listener {
    void raised(String name);
  }

  /** The listeners of a signal, and what undoes the catching of it. */
  private record Entry(Runnable undo, List<Listener> listeners) {}

  /** The names of real-time signals begin so, and end with their distance to the first. */
  private static final String REAL_TIME = "RT";

  private static final int FIRST_REAL_TIME = 34; // SIGRTMIN of glibc, which keeps 32 and 33

  private static final Map<String, Entry> ENTRIES = new HashMap<>();

  private SignalDispatch() {}

  /**
   * Adds a listener. Throws IllegalArgumentException if the signal can't be caught. Thread-safe.
   */
  public static synchronized void add(String name, Listener listener) {
    Entry entry = ENTRIES.get(name);
    if (entry == null) {
      ENTRIES.put(name, new Entry(catchSignal(name), List.of(listener)));
    } else {
      List<Listener> listeners = new ArrayList<>(entry.listeners);
      listeners.add(listener);
      ENTRIES.put(name, new Entry(entry.undo, List.copyOf(listeners)));
    }
  }

  /** Removes a listener. Does nothing if it was not added. Thread-safe. */
  public static synchronized void remove(String name, Listener listener) {
    Entry entry = ENTRIES.get(name);
    if (entry == null) {
      return;
    }
    List<Listener> left = entry.listeners.stream().filter(other -> other != listener).toList();
    if (left.isEmpty()) {
      ENTRIES.remove(name);
      entry.undo.run();
    } else {
      ENTRIES.put(name, new Entry(entry.undo, left));
    }
  }

  /** Starts to catch a signal; returns what ends it. */
  private static Runnable catchSignal(String name) {
    String refusal = ReservedSignals.reason(name);
    if (refusal != null) {
      throw refused(name, refusal, null);
    }
    boolean isRealTime = name.startsWith(REAL_TIME);
    int number =
        isRealTime
            ? FIRST_REAL_TIME + Integer.parseInt(name.substring(REAL_TIME.length()))
            : number(name);
    if (isRealTime ? Libc.isAvailable() : NativeSignals.isUsable()) {
      SignalAction before = SignalAction.of(number);
      if (before.isFree() || ReservedSignals.isIgnored(name)) {
        return NativeSignals.catchSignal(number, name, before);
      }
      if (isRealTime) {
        throw refused(name, "the process has another handler of it", null);
      }
      Runnable undo = catchByJvm(name);
      return () -> {
        undo.run();
        before.set(number); // the JVM restores no flags
      };
    }
    if (isRealTime) {
      throw refused(name, "the native library, which could, is not there", null);
    }
    return catchByJvm(name);
  }

  private static Runnable catchByJvm(String name) {
    Object before = handle(name, handlerOf(name));
    return () -> handle(name, before);
  }

  static IllegalArgumentException refused(String name, String reason, @Nullable Throwable cause) {
    return new IllegalArgumentException("SIG" + name + " can't be caught: " + reason, cause);
  }

  /** Gives a signal to its listeners. */
  static void dispatch(String name) {
    for (Listener listener : listeners(name)) {
      listener.raised(name);
    }
  }

  private static synchronized List<Listener> listeners(String name) {
    Entry entry = ENTRIES.get(name);
    return entry == null ? List.of() : entry.listeners;
  }

  // ---- sun.misc.Signal

  private static Object handlerOf(String name) {
    try {
      Class<?> type = Class.forName("sun.misc.SignalHandler");
      return Proxy.newProxyInstance(
          SignalDispatch.class.getClassLoader(),
          new Class<?>[] {type},
          (proxy, method, arguments) -> answer(name, proxy, method, arguments));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("signals need the module jdk.unsupported", e);
    }
  }

  private static @Nullable Object answer(
      String name, Object proxy, Method method, Object[] arguments) {
    switch (method.getName()) {
      case "handle" -> dispatch(name);
      case "equals" -> {
        return proxy == arguments[0];
      }
      case "hashCode" -> {
        return System.identityHashCode(proxy);
      }
      default -> {
        return "Weft's handler of SIG" + name;
      }
    }
    return null;
  }

  /** The number of a signal that the JVM knows. */
  private static int number(String name) {
    try {
      Object signal = signal(name);
      return (int) signal.getClass().getMethod("getNumber").invoke(signal);
    } catch (InvocationTargetException e) {
      throw refused(name, "this system does not have it", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signals need the module jdk.unsupported", e);
    }
  }

  private static Object signal(String name) throws ReflectiveOperationException {
    return Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(name);
  }

  /** Sets the handler of a signal; returns the previous one. */
  private static Object handle(String name, Object handler) {
    try {
      Object signal = signal(name);
      Class<?> signalType = signal.getClass();
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      return signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
    } catch (InvocationTargetException e) {
      throw refused(name, "the JVM does not let others handle it", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signals need the module jdk.unsupported", e);
    }
  }
}
