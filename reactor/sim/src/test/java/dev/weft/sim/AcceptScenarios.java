// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** Listeners: each connection is accepted exactly once. */
final class AcceptScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private AcceptScenarios() {}

  /**
   * More connections arrive together than the listener's queue initially holds: each is served
   * once.
   */
  static void burst() throws IOException {
    RandomGenerator random = Simulation.random();
    int count = 17 + random.nextInt(24);
    boolean[] served = new boolean[count];
    try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
      try (Bundle bundle = Bundle.open()) {
        for (int i = 0; i < count; i++) {
          int number = i;
          bundle.go(() -> call(listener.localAddress(), number));
        }
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment buffer = arena.allocate(1);
          for (int i = 0; i < count; i++) {
            try (TcpSocket socket = listener.accept()) {
              socket.readFully(buffer);
              int number = buffer.get(ValueLayout.JAVA_BYTE, 0);
              assertTrue(!served[number], () -> "connection " + number + " was accepted twice");
              served[number] = true;
              socket.write(buffer);
            }
            if (i == 0) {
              Fiber.sleep(Duration.ofSeconds(1)); // connections that arrive meanwhile are queued
            }
          }
        }
        bundle.await();
      }
    }
  }

  private static void call(InetSocketAddress address, int number) throws IOException {
    try (TcpSocket socket = TcpSocket.connect(address);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1);
      buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) number);
      socket.write(buffer);
      socket.readFully(buffer);
      assertTrue(buffer.get(ValueLayout.JAVA_BYTE, 0) == number, "another one's answer");
    }
  }

  /** As many fibers as connections, each of which accepts one: no fiber waits indefinitely. */
  static void oneEach() throws IOException {
    int count = 2 + Simulation.random().nextInt(4);
    try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
      try (Bundle bundle = Bundle.open()) {
        for (int i = 0; i < count; i++) {
          bundle.go(() -> acceptOne(listener));
        }
        for (int i = 0; i < count; i++) {
          int number = i;
          bundle.go(() -> call(listener.localAddress(), number));
        }
        bundle.await();
      }
    }
  }

  private static void acceptOne(TcpListener listener) throws IOException {
    try (TcpSocket socket = listener.accept();
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1);
      socket.readFully(buffer);
      socket.write(buffer);
    }
  }
}
