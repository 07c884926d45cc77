// SPDX-License-Identifier: Apache-2.0
/**
 * A test kit: runs programs of fibers on a simulated machine, in which everything that is random
 * elsewhere comes from a seed. The program uses the ordinary API and needs no change.
 *
 * <p>A test of one's own server:
 *
 * {@snippet :
 * class GreeterTest {
 *   @Test
 *   void everyClientIsGreetedWhateverHappens() {
 *     Simulation.seeds(1000).check(this::greetThree);
 *   }
 *
 *   private void greetThree() throws IOException {
 *     InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
 *     try (TcpListener listener = TcpListener.bind(anyPort);
 *         Bundle serving = Bundle.open()) {
 *       serving.go(() -> Greeter.serve(listener)); // what is tested
 *       try (Bundle clients = Bundle.open()) {
 *         for (int i = 0; i < 3; i++) {
 *           clients.go(() -> assertEquals("hello", read(listener.localAddress())));
 *         }
 *         clients.await();
 *       }
 *     }
 *   }
 *
 *   private static String read(InetSocketAddress address) throws IOException {
 *     try (TcpSocket socket = TcpSocket.connect(address);
 *         Arena arena = Arena.ofConfined()) {
 *       MemorySegment buffer = arena.allocate(6);
 *       socket.readFully(buffer.asSlice(0, 5));
 *       return buffer.getString(0);
 *     }
 *   }
 * }
 * }
 *
 * <p>A run that fails throws a {@link dev.weft.sim.SimulationFailure} with its seed; {@code
 * -Ddev.weft.sim.seed=} and the seed replay it exactly, under a debugger too. No io_uring is
 * needed, and no option of the JVM; without {@code --enable-native-access=ALL-UNNAMED} the JDK
 * prints a warning. Where native access is denied, the JVM needs {@code
 * --add-opens=java.base/java.lang=ALL-UNNAMED}, and a fiber on a stack must not give operations the
 * memory of an arena that is confined to it ({@code Arena.ofShared} and {@code ofAuto} will do).
 *
 * <h2>What is simulated</h2>
 *
 * <ul>
 *   <li><b>Time</b> is virtual and begins at 0. It advances only when no fiber can run, so an
 *       hour's sleep costs nothing. A loop that yields until a deadline has passed never ends; the
 *       run then fails after {@link dev.weft.sim.Simulation#withTurnsMax so many turns}.
 *   <li><b>The order of fibers</b>: of those that can run, any is next. One that yields comes after
 *       those that could run before.
 *   <li><b>The network</b> is one machine with the addresses 127.0.0.0/8, ::1, 10.0.0.0/8 and
 *       fd00::/8, and TCP alone, with what Linux answers to the last error number: backlogs,
 *       repeated SYNs, half-closes, resets, user timeouts. There is no TIME_WAIT.
 *   <li><b>Files</b> are in memory, new in each run; everything belongs to root. The standard
 *       streams are files in {@code /dev}.
 *   <li><b>What goes wrong</b>, and how often, is set with {@link dev.weft.sim.Faults}.
 * </ul>
 *
 * <h2>What is checked beside the program's own assertions</h2>
 *
 * <ul>
 *   <li>Memory given to an operation holds garbage until the operation completes, and the program
 *       must not change it.
 *   <li>No descriptor is open at the end; the report says where it was opened. No operation and no
 *       timer of the scheduler is left.
 *   <li>Each operation completes once; the scheduler's invariants hold after each turn; no fiber
 *       waits for something that has happened.
 *   <li>If all fibers wait and no event is pending, the run fails and reports what each waits for.
 *   <li>A fiber that fails and is not joined fails the run, and so does what is given to {@link
 *       dev.weft.sim.Simulation#afterEachTurn}.
 * </ul>
 *
 * <h2>The environment</h2>
 *
 * <ul>
 *   <li>{@link dev.weft.Blocking#call} runs its call some virtual time later on a thread of its
 *       own, while the reactor stands still. The call takes no virtual time.
 *   <li>Any other thread that calls in ({@link dev.weft.Reactor#execute}, {@link
 *       dev.weft.sync.AsyncEvent#signal}, {@link dev.weft.sync.Mailbox#offer}, or by ending a
 *       fiber's wait in the JDK) fails the run, since no seed can repeat it. From fibers and from
 *       blocking calls these methods work.
 *   <li>Locks of the JDK work among fibers. A wait with a time in the JDK ({@link
 *       java.lang.Thread#sleep} and the like) goes by the real clock and fails the run.
 *   <li>Signals come from {@link dev.weft.sim.Simulation#raise} alone.
 *   <li>{@link java.lang.System#nanoTime}, {@link java.lang.Math#random}, identity hash codes and
 *       what the program does to the real machine are beyond the seed: use {@link
 *       dev.weft.Deadline} and {@link dev.weft.sim.Simulation#random}.
 * </ul>
 */
@NullMarked
package dev.weft.sim;

import org.jspecify.annotations.NullMarked;
