// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.os.Libc;
import java.io.IOException;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sockets that the process has been started with, by systemd or another service manager that passes
 * them as sd_listen_fds(3) describes: from descriptor 3 on, LISTEN_FDS of them, for the process
 * LISTEN_PID, with the names in LISTEN_FDNAMES. Each can be taken once, by one reactor. The
 * environment stays as it is; processes that this one starts do not inherit the sockets, and know
 * by LISTEN_PID that the variables are not theirs. Needs io_uring.
 *
 * <p><b>All methods may be called from any thread</b>, but for those that open a socket, which
 * belongs to the current reactor.
 */
public final class InheritedSockets {
  /** SD_LISTEN_FDS_START. */
  private static final int FIRST_DESCRIPTOR = 3;

  /** What sd_listen_fds_with_names(3) calls them if there are no names. */
  private static final String NAMELESS = "unknown";

  private static @Nullable InheritedSockets process;

  private final int first;
  private final List<String> names;

  /** The indexes of those that have been taken. Guarded by this. */
  private final BitSet taken = new BitSet();

  private InheritedSockets(int first, List<String> names) {
    this.first = first;
    this.names = names;
  }

  /**
   * {@return those of this process: none if LISTEN_PID is missing or names another process}
   *
   * @throws IllegalStateException if one of the variables has a wrong value, or a descriptor is not
   *     open
   */
  public static synchronized InheritedSockets ofProcess() {
    InheritedSockets known = process;
    if (known == null) {
      known = parse(System.getenv(), ProcessHandle.current().pid(), FIRST_DESCRIPTOR);
      known.closeOnExec();
      process = known;
    }
    return known;
  }

  /** Reads the variables of an environment. */
  static InheritedSockets parse(Map<String, String> environment, long process, int first) {
    String owner = environment.get("LISTEN_PID");
    if (owner == null || number("LISTEN_PID", owner, Long.MAX_VALUE) != process) {
      return new InheritedSockets(first, List.of());
    }
    String text = environment.get("LISTEN_FDS");
    int count = text == null ? 0 : (int) number("LISTEN_FDS", text, Integer.MAX_VALUE - first);
    String all = environment.get("LISTEN_FDNAMES");
    if (all == null) {
      return new InheritedSockets(first, Collections.nCopies(count, NAMELESS));
    }
    List<String> names = count == 0 && all.isEmpty() ? List.of() : List.of(all.split(":", -1));
    if (names.size() != count) {
      throw new IllegalStateException(
          "LISTEN_FDNAMES has " + names.size() + " names for " + count + " sockets: " + all);
    }
    return new InheritedSockets(first, names);
  }

  private static long number(String variable, String text, long max) {
    boolean isNumber = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    try {
      long number = isNumber ? Long.parseLong(text) : -1;
      if (number >= 0 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // too long
    }
    throw new IllegalStateException(variable + " is not a number: " + text);
  }

  private void closeOnExec() {
    for (int i = 0; i < names.size() && Libc.isAvailable(); i++) {
      if (Libc.closeOnExec(first + i) < 0) {
        throw new IllegalStateException(
            "LISTEN_FDS is " + names.size() + ", but descriptor " + (first + i) + " is not open");
      }
    }
  }

  /** {@return how many there are, taken or not} */
  public int count() {
    return names.size();
  }

  /** {@return their names, in order; several can have the same} */
  public List<String> names() {
    return names;
  }

  /** Opens a socket of a descriptor. */
  @FunctionalInterface
  private interface Adoption<S> {
    S adopt(int descriptor) throws IOException;
  }

  /**
   * Takes a TCP listener.
   *
   * @param index its place, from 0 on
   * @return an open listener
   * @throws IllegalArgumentException if there is no such socket, or it is none for a TCP listener
   * @throws IllegalStateException if it has been taken
   * @throws IOException if the descriptor is not open
   * @throws UnsupportedOperationException on a selector
   */
  public TcpListener tcpListener(int index) throws IOException {
    return take(index, TcpListener::adopt);
  }

  /**
   * Takes the first TCP listener of a name that has not been taken.
   *
   * @param name its name
   * @return an open listener
   * @throws IllegalArgumentException if there is no such socket, or it is none for a TCP listener
   * @throws IllegalStateException if it has been taken
   * @throws IOException if the descriptor is not open
   * @throws UnsupportedOperationException on a selector
   */
  public TcpListener tcpListener(String name) throws IOException {
    return tcpListener(indexOf(name));
  }

  /**
   * Takes a Unix listener.
   *
   * @param index its place, from 0 on
   * @return an open listener
   * @throws IllegalArgumentException if there is no such socket, or it is none for a Unix listener
   * @throws IllegalStateException if it has been taken
   * @throws IOException if the descriptor is not open
   * @throws UnsupportedOperationException on a selector
   */
  public UnixListener unixListener(int index) throws IOException {
    return take(index, UnixListener::adopt);
  }

  /**
   * Takes the first Unix listener of a name that has not been taken.
   *
   * @param name its name
   * @return an open listener
   * @throws IllegalArgumentException if there is no such socket, or it is none for a Unix listener
   * @throws IllegalStateException if it has been taken
   * @throws IOException if the descriptor is not open
   * @throws UnsupportedOperationException on a selector
   */
  public UnixListener unixListener(String name) throws IOException {
    return unixListener(indexOf(name));
  }

  /**
   * Takes a UDP socket.
   *
   * @param index its place, from 0 on
   * @return an open socket
   * @throws IllegalArgumentException if there is no such socket, or it is none for UDP
   * @throws IllegalStateException if it has been taken
   * @throws IOException if the descriptor is not open
   * @throws UnsupportedOperationException on a selector
   */
  public UdpSocket udpSocket(int index) throws IOException {
    return take(index, UdpSocket::adopt);
  }

  /**
   * Takes the first UDP socket of a name that has not been taken.
   *
   * @param name its name
   * @return an open socket
   * @throws IllegalArgumentException if there is no such socket, or it is none for UDP
   * @throws IllegalStateException if it has been taken
   * @throws IOException if the descriptor is not open
   * @throws UnsupportedOperationException on a selector
   */
  public UdpSocket udpSocket(String name) throws IOException {
    return udpSocket(indexOf(name));
  }

  /**
   * Takes a socket as a number, such as for {@link TcpServer#start(dev.weft.ReactorGroup, int,
   * ServerOptions, ConnectionHandler)}.
   *
   * @param name its name
   * @return its descriptor, which belongs to the caller from now on
   * @throws IllegalArgumentException if there is no such socket
   * @throws IllegalStateException if it has been taken
   */
  public int descriptor(String name) {
    return descriptor(indexOf(name));
  }

  /**
   * Takes a socket as a number, such as for {@link TcpServer#start(dev.weft.ReactorGroup, int,
   * ServerOptions, ConnectionHandler)}.
   *
   * @param index its place, from 0 on
   * @return its descriptor, which belongs to the caller from now on
   * @throws IllegalArgumentException if there is no such socket
   * @throws IllegalStateException if it has been taken
   */
  public int descriptor(int index) {
    claim(index);
    return first + index;
  }

  private <S> S take(int index, Adoption<S> adoption) throws IOException {
    claim(index);
    boolean done = false;
    try {
      S socket = adoption.adopt(first + index);
      done = true;
      return socket;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "inherited socket " + index + " (" + names.get(index) + "): " + e.getMessage(), e);
    } finally {
      if (!done) {
        giveBack(index);
      }
    }
  }

  private synchronized void claim(int index) {
    if (index < 0 || index >= names.size()) {
      throw new IllegalArgumentException(
          "no inherited socket " + index + ": there are " + names.size());
    }
    if (taken.get(index)) {
      throw new IllegalStateException(
          "inherited socket " + index + " (" + names.get(index) + ") has been taken");
    }
    taken.set(index);
  }

  private synchronized void giveBack(int index) {
    taken.clear(index);
  }

  private synchronized int indexOf(String name) {
    int found = -1;
    for (int i = 0; i < names.size(); i++) {
      boolean fits = names.get(i).equals(name);
      if (fits && !taken.get(i)) {
        return i;
      }
      found = fits && found < 0 ? i : found;
    }
    if (found < 0) {
      throw new IllegalArgumentException(
          "no inherited socket is named " + name + ": there are " + names);
    }
    return found;
  }

  @Override
  public String toString() {
    return "inherited sockets " + names;
  }
}
