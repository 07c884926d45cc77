// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import static dev.weft.net.SocketOption.KEEP_ALIVE;
import static dev.weft.net.SocketOption.KEEP_COUNT;
import static dev.weft.net.SocketOption.KEEP_IDLE;
import static dev.weft.net.SocketOption.KEEP_INTERVAL;
import static dev.weft.net.SocketOption.LINGER;
import static dev.weft.net.SocketOption.NO_DELAY;
import static dev.weft.net.SocketOption.QUICK_ACK;
import static dev.weft.net.SocketOption.RECEIVE_BUFFER;
import static dev.weft.net.SocketOption.REUSE_ADDRESS;
import static dev.weft.net.SocketOption.REUSE_PORT;
import static dev.weft.net.SocketOption.SEND_BUFFER;
import static dev.weft.net.SocketOption.TRAFFIC_CLASS;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** The options of the JDK, and those of Weft that they stand for. */
final class Options {
  /** The options of connections. */
  static final Options OF_CONNECTIONS = new Options();

  /** The options of listeners. */
  static final Options OF_LISTENERS = new Options();

  /** The name of each option in the numbering of {@link SocketOptions}. */
  private static final Map<Integer, SocketOption<?>> NUMBERED =
      Map.of(
          SocketOptions.TCP_NODELAY, StandardSocketOptions.TCP_NODELAY,
          SocketOptions.SO_REUSEADDR, StandardSocketOptions.SO_REUSEADDR,
          SocketOptions.SO_REUSEPORT, StandardSocketOptions.SO_REUSEPORT,
          SocketOptions.IP_TOS, StandardSocketOptions.IP_TOS,
          SocketOptions.SO_LINGER, StandardSocketOptions.SO_LINGER,
          SocketOptions.SO_SNDBUF, StandardSocketOptions.SO_SNDBUF,
          SocketOptions.SO_RCVBUF, StandardSocketOptions.SO_RCVBUF,
          SocketOptions.SO_KEEPALIVE, StandardSocketOptions.SO_KEEPALIVE);

  static final int NO_LINGER = -1;

  /** Linux sets a buffer to twice its size, and returns that; the JDK returns half of it. */
  private static final int DOUBLED = 2;

  static {
    for (Options each : Set.of(OF_CONNECTIONS, OF_LISTENERS)) {
      each.add(StandardSocketOptions.SO_REUSEADDR, ofSwitch(REUSE_ADDRESS));
      each.add(StandardSocketOptions.SO_REUSEPORT, ofSwitch(REUSE_PORT));
      each.add(
          StandardSocketOptions.SO_RCVBUF,
          new Row<>(RECEIVE_BUFFER, null, bytes -> bytes, bytes -> bytes / DOUBLED));
    }
    OF_CONNECTIONS.addOfConnections();
  }

  private final Map<SocketOption<?>, Row<?, ?>> rows = new LinkedHashMap<>();

  private Options() {}

  /**
   * An option.
   *
   * @param weft the option of Weft
   * @param initial its value before it is set; null if the system chooses
   */
  private record Row<T, V>(
      dev.weft.net.SocketOption<V> weft,
      @Nullable T initial,
      Function<T, V> encoder,
      Function<V, T> decoder) {
    dev.weft.net.SocketOptions with(dev.weft.net.SocketOptions options, Object value) {
      return options.with(weft, encode(value));
    }

    /** The type is that of the {@link SocketOption}, which the compiler has checked. */
    @SuppressWarnings("unchecked")
    V encode(Object value) {
      return encoder.apply((T) value);
    }

    @Nullable T get(dev.weft.net.SocketOptions options) {
      V value = options.get(weft);
      return value == null ? initial : decoder.apply(value);
    }
  }

  private static Row<Boolean, Boolean> ofSwitch(dev.weft.net.SocketOption<Boolean> weft) {
    return new Row<>(weft, false, Function.identity(), Function.identity());
  }

  private static Row<Integer, Duration> ofSeconds(
      dev.weft.net.SocketOption<Duration> weft, @Nullable Integer initial) {
    return new Row<>(weft, initial, Duration::ofSeconds, value -> (int) value.toSeconds());
  }

  private void addOfConnections() {
    add(StandardSocketOptions.TCP_NODELAY, ofSwitch(NO_DELAY));
    add(StandardSocketOptions.SO_KEEPALIVE, ofSwitch(KEEP_ALIVE));
    add(ExtendedSocketOptions.TCP_QUICKACK, ofSwitch(QUICK_ACK));
    add(
        StandardSocketOptions.SO_SNDBUF,
        new Row<>(SEND_BUFFER, null, bytes -> bytes, bytes -> bytes / DOUBLED));
    add(
        StandardSocketOptions.IP_TOS,
        new Row<>(TRAFFIC_CLASS, 0, Function.identity(), Function.identity()));
    add(StandardSocketOptions.SO_LINGER, ofSeconds(LINGER, NO_LINGER));
    add(ExtendedSocketOptions.TCP_KEEPIDLE, ofSeconds(KEEP_IDLE, null));
    add(ExtendedSocketOptions.TCP_KEEPINTERVAL, ofSeconds(KEEP_INTERVAL, null));
    add(
        ExtendedSocketOptions.TCP_KEEPCOUNT,
        new Row<>(KEEP_COUNT, null, Function.identity(), Function.identity()));
  }

  private <T> void add(SocketOption<T> option, Row<T, ?> row) {
    rows.put(option, row);
  }

  /** The options that there are. */
  Set<SocketOption<?>> supported() {
    return Set.copyOf(rows.keySet());
  }

  private Row<?, ?> row(SocketOption<?> option) {
    Row<?, ?> row = rows.get(option);
    if (row == null) {
      throw new UnsupportedOperationException("'" + option + "' not supported");
    }
    return row;
  }

  /** The option with a number of {@link SocketOptions}. */
  SocketOption<?> numbered(int number) throws SocketException {
    SocketOption<?> option = NUMBERED.get(number);
    if (option == null || !rows.containsKey(option)) {
      throw new SocketException(name(number, option) + " is not supported");
    }
    return option;
  }

  private static String name(int number, @Nullable SocketOption<?> option) {
    if (option != null) {
      return option.name();
    }
    return number == SocketOptions.SO_OOBINLINE
        ? "SO_OOBINLINE"
        : "option 0x" + Integer.toHexString(number);
  }

  /** A socket that options can be set of and read. */
  interface Open {
    <V> void set(dev.weft.net.SocketOption<V> option, V value) throws IOException;

    <V> V get(dev.weft.net.SocketOption<V> option) throws IOException;
  }

  /** The options with another value of one, which the JDK has given. */
  dev.weft.net.SocketOptions with(
      dev.weft.net.SocketOptions options, SocketOption<?> option, Object value) {
    return row(option).with(options, value);
  }

  /** The value of an option of a socket that is not open yet. */
  Object get(dev.weft.net.SocketOptions options, SocketOption<?> option) throws SocketException {
    Object value = row(option).get(options);
    if (value == null) {
      throw new SocketException(option.name() + " is not known before the socket is connected");
    }
    return value;
  }

  /** Sets an option of an open socket. */
  void set(Open socket, SocketOption<?> option, Object value) throws IOException {
    set(socket, row(option), value);
  }

  private static <T, V> void set(Open socket, Row<T, V> row, Object value) throws IOException {
    socket.set(row.weft(), row.encode(value));
  }

  /** Reads an option of an open socket. */
  Object get(Open socket, SocketOption<?> option) throws IOException {
    return get(socket, row(option));
  }

  private static <T, V> Object get(Open socket, Row<T, V> row) throws IOException {
    return Objects.requireNonNull(row.decoder().apply(socket.get(row.weft())));
  }
}
