// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.Programs;
import dev.weft.net.Datagram;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The UDP side of the echo service on one address: several fibers receive from one socket, each one
 * datagram at a time, so that the kernel's queue is served in its order, for all senders alike.
 */
final class EchoDatagrams implements AutoCloseable {
  private static final int FIBERS = 8;

  /** The longest datagram has 65507 bytes over IPv4, and 20 more over IPv6. */
  private static final int BUFFER_BYTES = 65_535;

  private static final Duration BACK_OFF = Duration.ofMillis(10);

  private static final Duration SEND_MAX = Duration.ofSeconds(5);

  private final UdpSocket socket;
  private final InetSocketAddress address;
  private final boolean quiet;
  private final List<Fiber> fibers = new ArrayList<>();

  private EchoDatagrams(UdpSocket socket, boolean quiet) throws IOException {
    this.socket = socket;
    this.quiet = quiet;
    address = socket.localAddress();
  }

  static EchoDatagrams bind(InetSocketAddress address, SocketOptions options, boolean quiet)
      throws IOException {
    // On a wildcard address a reply must come from the address that the client has sent to.
    boolean hasInfo = Reactor.current().backend() != BackendKind.SELECTOR;
    SocketOptions used = hasInfo ? options.with(SocketOption.PACKET_INFO, true) : options;
    return new EchoDatagrams(UdpSocket.bind(address, used), quiet);
  }

  /** Takes over a socket, with the datagrams that wait in its buffer. */
  static EchoDatagrams adopt(int descriptor, boolean quiet) throws IOException {
    UdpSocket socket = UdpSocket.adopt(descriptor);
    socket.setOption(SocketOption.PACKET_INFO, true);
    return new EchoDatagrams(socket, quiet);
  }

  UdpSocket socket() {
    return socket;
  }

  InetSocketAddress localAddress() {
    return address;
  }

  /** Starts to serve, until it is stopped. */
  void start() {
    for (int i = 0; i < FIBERS; i++) {
      fibers.add(Fiber.start("udp " + this + " " + i, this::serve));
    }
  }

  /**
   * Receives nothing more. A datagram that has been received is echoed; the others stay in the
   * socket's buffer, for a program that has taken over the socket.
   */
  void stop() {
    fibers.forEach(Fiber::cancel);
  }

  /** Waits until what has been received is echoed, and closes the socket. Suspends. */
  void drain() {
    for (Fiber fiber : fibers) {
      fiber.join();
    }
    close();
  }

  private void serve() {
    try (Arena arena = Arena.ofConfined()) {
      Datagram datagram = new Datagram(arena.allocate(BUFFER_BYTES));
      while (socket.isOpen()) {
        receive(datagram);
      }
    } catch (IOException e) {
      Programs.report("udp " + this + ": " + e.getMessage());
    } catch (CancelledException e) {
      // stopped
    }
  }

  /** Echoes one datagram. What fails concerns that one alone. */
  private void receive(Datagram datagram) throws IOException {
    try {
      socket.receive(datagram); // succeeds in spite of a cancel if a datagram has been received
    } catch (ErrnoException e) {
      report("udp " + this, e);
      if (isShort(e)) {
        Fiber.sleep(BACK_OFF);
      }
      return;
    }
    try {
      send(datagram);
    } catch (ErrnoException e) { // such as EINVAL for a sender whose port is 0
      report("udp " + ListenAddress.text(Objects.requireNonNull(datagram.address())), e);
    }
  }

  private void send(Datagram datagram) throws IOException {
    try {
      socket.send(datagram);
    } catch (CancelledException e) { // what has been received is echoed all the same
      try {
        Fiber.shielded(Deadline.after(SEND_MAX), () -> socket.send(datagram));
      } catch (IOException | RuntimeException failure) {
        throw failure;
      } catch (Exception failure) {
        throw new IllegalStateException(failure);
      }
      throw e;
    }
  }

  private static boolean isShort(ErrnoException e) {
    return e.errno() == Errno.ENOBUFS || e.errno() == Errno.ENOMEM;
  }

  private void report(String subject, ErrnoException e) {
    if (!quiet) {
      Programs.report(subject + ": " + Programs.text(e));
    }
  }

  @Override
  public void close() {
    socket.close();
  }

  /** The address. */
  @Override
  public String toString() {
    return socket.toString().replaceFirst("^UDP ", "");
  }
}
