// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import static dev.weft.Throwing.assertThrows;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Leak;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.os.Libc;
import dev.weft.internal.os.LibcFunction;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.os.Signal;
import dev.weft.sync.AsyncEvent;
import dev.weft.text.ByteReader;
import dev.weft.text.ByteWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Children are waited for, signalled and closed, and leave nothing behind. */
@Tag("needs-io-uring")
class ChildProcessTest {
  /** How many children run one after the other; 10 000 take half a minute. */
  private static final int MANY = Integer.getInteger("dev.weft.test.children", 500);

  private static final int BYTES_MAX = 4 << 20;

  private static Command shell(String script) {
    return Command.of("sh", "-c", script);
  }

  private static Command piped(String script) {
    return shell(script)
        .withInput(Redirect.PIPE)
        .withOutput(Redirect.PIPE)
        .withError(Redirect.PIPE);
  }

  private static String readAll(ByteSource source) throws Exception {
    return new String(new ByteReader(source).readAll(BYTES_MAX), UTF_8);
  }

  private static String readLine(ByteSource source) throws Exception {
    return new ByteReader(source).readLine(100);
  }

  private static void write(ByteSink sink, String text) throws Exception {
    ByteWriter writer = new ByteWriter(sink);
    writer.write(text.getBytes(UTF_8));
    writer.flush();
  }

  private static boolean exists(int pid) {
    return Files.exists(Path.of("/proc", Integer.toString(pid))); // a zombie does too
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.count();
    }
  }

  // ---- the end

  @Test
  void theExitCodeIsReported() throws Exception {
    Reactors.run(
        () -> {
          for (int code : new int[] {0, 1, 255}) {
            try (ChildProcess child = shell("exit " + code).start()) {
              ExitStatus status = child.await();
              assertEquals(new ExitStatus(code, 0, false), status);
              assertEquals(code == 0, status.isSuccess());
              assertEquals(Optional.of(status), child.status());
              assertFalse(exists(child.pid()));
            }
          }
        });
  }

  @Test
  void theSignalThatEndedItIsReported() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = shell("kill -USR2 $$").start()) {
            ExitStatus status = child.await();
            assertTrue(status.isBy(Signal.USR2));
            assertFalse(status.isSuccess());
            assertEquals(new ExitStatus(-1, 12, false), status);
          }
        });
  }

  @Test
  void allWhoWaitGetTheStatusAndLaterCallersToo() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = piped("read line; exit 3").start();
              Bundle bundle = Bundle.open()) {
            Task<ExitStatus> one = bundle.go(() -> child.await());
            Task<ExitStatus> other = bundle.go(() -> child.await());
            Fiber.yield();
            assertEquals(Optional.empty(), child.status());
            write(child.input(), "go\n");
            assertEquals(3, one.join().code());
            assertEquals(3, other.join().code());
            assertEquals(3, child.await(Deadline.NOW).code());
          }
        });
  }

  @Test
  void aDeadlineOrCancelEndsTheWaitAndNotTheChild() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = piped("cat").start()) {
            assertThrows(DeadlineExceededException.class, () -> child.await(Deadline.NOW));
            Fiber waiter = Fiber.start(() -> assertThrows(CancelledException.class, child::await));
            Fiber.yield();
            waiter.cancel();
            waiter.join();
            write(child.input(), "still here\n");
            assertEquals("still here", readLine(child.output()));
            child.input().close();
            assertTrue(child.await().isSuccess());
          }
        });
  }

  @Test
  void aChildIsReapedEvenIfNoFiberWaits() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = shell("exit 0").start();
              AsyncEvent ended = AsyncEvent.create()) {
            child.onEnd(ended::signal);
            ended.await();
            assertFalse(exists(child.pid()));
            assertFalse(child.kill(), "its number may be that of another process");
          }
        });
  }

  // ---- signals

  @Test
  void aChildThatIgnoresTermIsKilledAfterTheGrace() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = piped("trap '' TERM; echo ready; exec cat").start()) {
            assertEquals("ready", readLine(child.output()));
            assertTrue(child.signal(Signal.TERM));
            assertTrue(child.terminate(Deadline.NOW).isBy(Signal.KILL));
          }
          try (ChildProcess child = piped("exec cat").start()) {
            assertTrue(child.terminate(Deadline.NEVER).isBy(Signal.TERM));
          }
        });
  }

  @Test
  void aChildIsStoppedAndContinued() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = piped("exec cat").start()) {
            assertTrue(child.signal(Signal.STOP));
            assertEquals(Optional.empty(), child.status());
            assertTrue(child.signal(Signal.CONT));
            write(child.input(), "here\n");
            assertEquals("here", readLine(child.output()));
            assertTrue(child.kill());
            assertTrue(child.await().isBy(Signal.KILL));
          }
        });
  }

  @Test
  void aSignalToTheGroupReachesAllItsProcesses() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess leader = piped("cat <&0 & cat").withNewGroup().start()) {
            assertTrue(leader.signalGroup(Signal.TERM));
            assertEquals("", readAll(leader.output()), "all who could write have ended");
            assertTrue(leader.await().isBy(Signal.TERM));
          }
          try (ChildProcess child = piped("exec cat").start()) {
            assertThrows(IllegalStateException.class, () -> child.signalGroup(Signal.TERM));
          }
        });
  }

  @Test
  void closingTheLeaderOfAGroupEndsTheGroup() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess leader = piped("cat <&0 >&2 & exec cat").withNewSession().start()) {
            Fiber reader = Fiber.start(() -> assertEquals("", readAll(leader.error())));
            Fiber.yield();
            leader.signalGroup(Signal.KILL);
            reader.join();
          }
        });
  }

  /** The number of a process's group (5) or session (6): see proc_pid_stat(5). */
  private static int stat(int pid, int field) throws Exception {
    String stat = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')')).split(" ", -1)[field - 2]);
  }

  @Test
  void groupsAndSessionsAreMadeAndJoined() throws Exception {
    Reactors.run(
        () -> {
          Command cat = piped("exec cat");
          int own = (int) ProcessHandle.current().pid();
          try (ChildProcess plain = cat.start();
              ChildProcess leader = cat.withNewGroup().start();
              ChildProcess member = cat.withGroupOf(leader).start();
              ChildProcess alone = cat.withNewSession().start()) {
            assertEquals(stat(own, 5), stat(plain.pid(), 5));
            assertEquals(leader.pid(), stat(leader.pid(), 5));
            assertEquals(leader.pid(), stat(member.pid(), 5));
            assertEquals(alone.pid(), stat(alone.pid(), 6));
            assertEquals(alone.pid(), stat(alone.pid(), 5));
            assertThrows(IllegalStateException.class, () -> cat.withGroupOf(plain));
            end(leader);
            assertTrue(member.await().isBy(Signal.KILL));
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> cat.withGroupOf(leader).start());
            assertEquals(Errno.EPERM, e.errno());
          }
        });
  }

  private static void end(ChildProcess child) throws IOException {
    child.close();
  }

  // ---- closing

  @Test
  void closingEndsTheChildAndTheWaitsOfOtherFibers() throws Exception {
    Reactors.run(
        () -> {
          ChildProcess child = piped("trap '' TERM INT; exec cat").start();
          try (Bundle bundle = Bundle.open()) {
            Task<ExitStatus> waiter = bundle.go(() -> child.await());
            Fiber.yield();
            child.close();
            assertTrue(waiter.join().isBy(Signal.KILL));
          }
          assertFalse(exists(child.pid()));
          child.close();
          assertTrue(child.await().isBy(Signal.KILL));
          assertFalse(child.signal(Signal.TERM));
        });
  }

  @Test
  void aCancelledFiberClosesItsChild() throws Exception {
    List<ChildProcess> started = new ArrayList<>();
    Reactors.run(
        () -> {
          Fiber owner =
              Fiber.start(
                  () -> {
                    try (ChildProcess child = piped("exec cat").start()) {
                      started.add(child);
                      assertThrows(CancelledException.class, child::await);
                    }
                  });
          while (started.isEmpty()) {
            Fiber.sleep(java.time.Duration.ofNanos(1));
          }
          owner.cancel();
          owner.join();
          assertFalse(exists(started.getFirst().pid()));
        });
  }

  @Test
  void aChildThatIsNotClosedIsReportedAndEndsWithTheReactor() throws Exception {
    List<Leak> leaks = new ArrayList<>();
    List<ChildProcess> started = new ArrayList<>();
    try (Reactor reactor = Reactors.open(Reactors.options().withLeakHandler(leaks::add))) {
      reactor.run(() -> started.add(shell("exec cat <&0 | cat").withInput(Redirect.PIPE).start()));
    }
    assertTrue(
        leaks.stream().anyMatch(leak -> leak.resource().startsWith("child process sh")),
        leaks::toString);
    assertFalse(exists(started.getFirst().pid()));
  }

  @Test
  void manyChildrenOneAfterTheOtherLeaveNothing() throws Exception {
    Reactors.run(
        () -> {
          Command command = Command.of("true").withInput(Redirect.NULL).withOutput(Redirect.PIPE);
          command.start().close();
          long before = descriptors();
          for (int i = 0; i < MANY; i++) {
            try (ChildProcess child = command.start()) {
              assertTrue(child.await().isSuccess());
            }
          }
          assertEquals(before, descriptors());
        });
  }

  @Test
  void aStartThatFailsIsCancelledOrTooLateLeavesNothing() throws Exception {
    Reactors.run(
        () -> {
          Command absent = Command.of("/no/such/program").withInput(Redirect.PIPE);
          Command cat = piped("exec cat");
          assertThrows(ErrnoException.class, absent::start);
          long before = descriptors();
          for (int i = 0; i < 20; i++) {
            assertThrows(ErrnoException.class, absent::start);
            assertThrows(DeadlineExceededException.class, () -> cat.start(Deadline.NOW));
            Fiber starter = Fiber.start(() -> cat.start().close());
            Fiber.yield();
            starter.cancel();
            starter.join();
          }
          assertEquals(before, descriptors());
        });
  }

  @Test
  void childrenStartAtTheSameTime() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            List<Task<String>> outputs = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
              Command command = piped("echo " + i);
              outputs.add(
                  bundle.go(
                      () -> {
                        try (ChildProcess child = command.start()) {
                          return readAll(child.output());
                        }
                      }));
            }
            for (int i = 0; i < outputs.size(); i++) {
              assertEquals(i + "\n", outputs.get(i).join());
            }
          }
        });
  }

  // ---- pipes

  @Test
  void muchOutputComesThroughBothPipesAtOnce() throws Exception {
    Reactors.run(
        () -> {
          String script = "head -c 2000000 /dev/zero & head -c 1000000 /dev/zero >&2; wait";
          try (ChildProcess child = piped(script).start();
              Bundle bundle = Bundle.open()) {
            Task<String> errors = bundle.go(() -> readAll(child.error()));
            assertEquals(2_000_000, readAll(child.output()).length());
            assertEquals(1_000_000, errors.join().length());
            assertTrue(child.await().isSuccess());
          }
        });
  }

  @Test
  void aChildThatClosesItsStreamsContinues() throws Exception {
    Reactors.run(
        () -> {
          String script =
              "exec 3<>/dev/null; trap '' HUP; echo $$; exec <&- >&- 2>&-; kill -STOP $$";
          try (ChildProcess child = piped(script).start()) {
            assertEquals(child.pid() + "\n", readAll(child.output()));
            assertEquals("", readAll(child.error()));
            assertEquals(Optional.empty(), child.status());
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> write(child.input(), "unread"));
            assertEquals(Errno.EPIPE, e.errno());
            assertEquals(Optional.empty(), child.status());
          }
        });
  }

  // ---- what the JVM must not pass on

  @Test
  void ignoredAndBlockedSignalsAreNotInherited() throws Exception {
    LibcFunction signal = LibcFunction.find("signal", 2);
    signal.call(Signal.URG.number(), 1); // SIG_IGN
    try {
      Reactors.run(
          () -> {
            Command command =
                Command.of("grep", "-E", "SigBlk|SigIgn", "/proc/self/status")
                    .withOutput(Redirect.PIPE);
            try (ChildProcess child = command.start()) {
              String none = "\t0000000000000000\n";
              assertEquals("SigBlk:" + none + "SigIgn:" + none, readAll(child.output()));
            }
          });
    } finally {
      signal.call(Signal.URG.number(), 0);
    }
  }

  @Test
  void theStatusIsKnownEvenIfTheProcessIgnoresItsChildren() throws Exception {
    LibcFunction signal = LibcFunction.find("signal", 2);
    signal.call(Signal.CHLD.number(), 1); // SIG_IGN, as inherited from a careless parent
    Reactors.run(
        () -> {
          try (ChildProcess child = shell("exit 5").start()) {
            assertEquals(5, child.await().code());
          }
        });
  }

  @Test
  void aChildHasNoOtherDescriptors() throws Exception {
    int inheritable = LibcFunction.find("dup", 1).call(2);
    Reactors.run(
        () -> {
          Command list = Command.of("ls", "/proc/self/fd").withOutput(Redirect.PIPE);
          try (ChildProcess child = list.start()) {
            List<String> numbers = Arrays.asList(readAll(child.output()).split("\n"));
            assertEquals(List.of("0", "1", "2", "3"), numbers); // 3 is that of the listing
          }
        });
    assertEquals(0, Libc.close(inheritable));
  }
}
