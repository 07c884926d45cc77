// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each fault happens if it is configured, and no other does. */
class FaultsTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @AfterEach
  void clearTheSeed() {
    System.clearProperty("dev.weft.sim.seed");
  }

  private static String traceOf(Faults faults, FiberTask task) {
    StringBuilder all = new StringBuilder();
    for (long seed = 1; seed <= 100; seed++) {
      all.append(Simulation.seed(seed).withFaults(faults).run(task)).append('\n');
    }
    return all.toString();
  }

  private static void readHundredBytes(Set<Integer> counts) throws IOException {
    try (File file = File.open(Path.of("/hundred"));
        Arena arena = Arena.ofConfined()) {
      counts.add(file.read(arena.allocate(100)));
    }
  }

  private static Set<Integer> countsWith(Faults faults) {
    Set<Integer> counts = new TreeSet<>();
    Simulation.seeds(200)
        .withFaults(faults)
        .withFile("/hundred", "x".repeat(100))
        .check(() -> readHundredBytes(counts));
    return counts;
  }

  @Test
  void transfersAreShortIfConfigured() {
    assertEquals(Set.of(100), countsWith(Faults.none()));
    Set<Integer> counts = countsWith(Faults.none().withShortTransfers(1000));
    assertTrue(counts.size() > 20, counts::toString);
  }

  @Test
  void interruptedCallsAreRepeated() {
    String trace =
        traceOf(
            Faults.none().withInterruptions(500),
            () -> {
              try (Pipe pipe = Pipe.open();
                  Arena arena = Arena.ofConfined()) {
                pipe.sink().write(arena.allocate(10));
              }
            });
    assertTrue(trace.contains("ends with -4"));
  }

  @Test
  void aMultishotAcceptEndsAfterOneConnectionIfConfigured() {
    FiberTask task =
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
            for (int i = 0; i < 3; i++) {
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              listener.accept().close();
              client.close();
            }
          }
        };
    assertTrue(traceOf(Faults.none(), task).contains("delivers"));
    assertFalse(traceOf(Faults.none().withEndedMultishots(1000), task).contains("delivers"));
  }

  @Test
  void descriptorsAndMemoryRunOutIfConfigured() {
    Set<Errno> seen = EnumSet.noneOf(Errno.class);
    Simulation.seeds(100)
        .withFaults(Faults.none().withExhaustions(1000))
        .check(
            () ->
                seen.add(
                    assertThrows(ErrnoException.class, () -> TcpListener.bind(ANY_PORT)).errno()));
    assertEquals(EnumSet.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM), seen);
  }

  @Test
  @Tag("needs-stack") // calls assertThrows, which is not woven
  void connectionsAreRefusedIfConfigured() {
    Simulation.seeds(20)
        .withFaults(Faults.none().withResets(1000))
        .check(
            () -> {
              try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
                ErrnoException e =
                    assertThrows(
                        ErrnoException.class, () -> TcpSocket.connect(listener.localAddress()));
                assertEquals(Errno.ECONNREFUSED, e.errno());
              }
            });
  }

  /** The numbers of ten datagrams in the order in which they arrived, for each of many seeds. */
  private static List<List<Integer>> arrivals(Faults faults) {
    List<List<Integer>> all = new ArrayList<>();
    Simulation.seeds(100)
        .withFaults(faults)
        .check(
            () -> {
              List<Integer> arrived = new ArrayList<>();
              all.add(arrived);
              try (UdpSocket receiver = UdpSocket.bind(ANY_PORT);
                  UdpSocket sender = UdpSocket.connect(receiver.localAddress());
                  Arena arena = Arena.ofShared()) {
                MemorySegment number = arena.allocate(1);
                for (byte i = 0; i < 10; i++) {
                  number.set(ValueLayout.JAVA_BYTE, 0, i);
                  sender.send(number);
                }
                Deadline deadline = Deadline.after(Duration.ofSeconds(1));
                while (receiver.receive(number, deadline) == 1) {
                  arrived.add((int) number.get(ValueLayout.JAVA_BYTE, 0));
                }
              } catch (DeadlineExceededException e) {
                // no more will arrive
              }
            });
    return all;
  }

  @Test
  void datagramsAreLostDoubledAndReorderedIfConfigured() {
    List<Integer> ordered = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    Faults delays = Faults.none().withDelayMax(Duration.ofMillis(50));
    arrivals(delays).forEach(each -> assertEquals(ordered, each));

    arrivals(Faults.none().withLosses(1000)).forEach(each -> assertEquals(List.of(), each));
    arrivals(Faults.none().withDuplicates(1000)).forEach(each -> assertEquals(20, each.size()));
    List<List<Integer>> reordered = arrivals(Faults.none().withReorderings(500));
    reordered.forEach(each -> assertEquals(Set.copyOf(ordered), Set.copyOf(each)));
    assertTrue(reordered.stream().filter(each -> !each.equals(ordered)).count() > 50);
  }

  @Test
  void aCancelAndACompletionCanEachWinTheirRace() {
    Set<Integer> written = new HashSet<>();
    Simulation.seeds(200)
        .withFaults(Faults.ordinary().withShortTransfers(0))
        .check(
            () -> {
              int[] count = new int[1];
              try (Pipe pipe = Pipe.open();
                  Arena arena = Arena.ofShared()) {
                Fiber writer =
                    Fiber.start(() -> count[0] = pipe.sink().writeSome(arena.allocate(1)));
                Fiber.sleep(Duration.ofNanos(Simulation.random().nextLong(1_000_000)));
                writer.cancel();
                while (!writer.isDone()) {
                  Fiber.sleep(Duration.ofMillis(1));
                }
              }
              written.add(count[0]);
            });
    assertEquals(Set.of(0, 1), written);
  }

  @Test
  void onlyTheSeedOfThePropertyIsRun() {
    System.setProperty("dev.weft.sim.seed", "4711");
    int[] runs = new int[1];
    SimulationFailure failure =
        assertThrows(
            SimulationFailure.class,
            () ->
                Simulation.seeds(1000)
                    .check(
                        () -> {
                          runs[0]++;
                          throw new IOException("as always");
                        }));
    assertEquals(List.of(4711L, 1L), List.of(failure.seed(), (long) runs[0]));
  }

  @Test
  void aSeedThatIsNoNumberIsRefused() {
    System.setProperty("dev.weft.sim.seed", "eleven");
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Simulation.seeds(1).check(() -> {}));
    assertTrue(e.getMessage().contains("eleven"), e.getMessage());
  }
}
