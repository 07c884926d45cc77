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
 * Distributes the process's signals to any number of listeners. The JVM has one handler per signal,
 * and calls it on a thread of its own.
 *
 * <p>{@code sun.misc.Signal} is the JDK's only way to catch a signal. It is used by reflection,
 * because the compiler's warning about it can't be suppressed.
 */
public final class SignalDispatch {
  /** Receives a signal, by its name without "SIG". */
  public interface Listener {
    void raised(String name);
  }

  /** The listeners of a signal, and the {@code SignalHandler} that was set before the first. */
  private record Entry(Object before, List<Listener> listeners) {}

  private static final Map<String, Entry> ENTRIES = new HashMap<>();

  private SignalDispatch() {}

  /**
   * Adds a listener. Throws IllegalArgumentException if the JVM reserves the signal. Thread-safe.
   */
  public static synchronized void add(String name, Listener listener) {
    Entry entry = ENTRIES.get(name);
    if (entry == null) {
      Object before = handle(name, handlerOf(name));
      ENTRIES.put(name, new Entry(before, List.of(listener)));
    } else {
      List<Listener> listeners = new ArrayList<>(entry.listeners);
      listeners.add(listener);
      ENTRIES.put(name, new Entry(entry.before, List.copyOf(listeners)));
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
      handle(name, entry.before);
    } else {
      ENTRIES.put(name, new Entry(entry.before, left));
    }
  }

  private static void dispatch(String name) {
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

  /** Sets the handler of a signal; returns the previous one. */
  private static Object handle(String name, Object handler) {
    try {
      Class<?> signalType = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object signal = signalType.getConstructor(String.class).newInstance(name);
      return signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException("the JVM does not let us catch SIG" + name, e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signals need the module jdk.unsupported", e);
    }
  }
}
