// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SpawnRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a backend promises of child processes, if it has them. */
abstract class ChildContract extends DirectContract {
  private static final int KILL = 9;
  private static final int[] INHERITED = {
    SpawnRequest.INHERITED, SpawnRequest.INHERITED, SpawnRequest.INHERITED
  };

  private static List<byte[]> bytes(String... texts) {
    return Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  private static SpawnRequest request(int[] streams, String... arguments) {
    return new SpawnRequest(
        bytes(arguments), true, List.of(), null, SpawnRequest.SAME_GROUP, streams);
  }

  private static SpawnRequest request(String... arguments) {
    return request(INHERITED, arguments);
  }

  private int spawn(SpawnRequest request) {
    return perform(op -> op.spawn(request));
  }

  private void awaitEnd(int child) {
    assertEquals(PollEvents.READABLE, perform(op -> op.poll(at(child), PollEvents.READABLE)));
  }

  /** Reaps a child that has ended; returns its status. */
  private int reap(int child) {
    awaitEnd(child);
    assertEquals(1, call(each -> each.reapChild(at(child), false)));
    return call.value();
  }

  /** Reads to the end. */
  private String read(int source) {
    StringBuilder text = new StringBuilder();
    MemorySegment memory = arena.allocate(100);
    int count;
    while ((count = perform(op -> op.read(at(source), memory, 0, 100, HERE))) > 0) {
      byte[] bytes = memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
      text.append(new String(bytes, StandardCharsets.UTF_8));
    }
    assertEquals(0, count);
    return text.toString();
  }

  /** Runs a program; returns what it has written. */
  private String output(List<byte[]> variables, byte[] directory, String... arguments) {
    int[] pipe = pipe();
    int[] streams = {SpawnRequest.INHERITED, pipe[1], SpawnRequest.AS_OUTPUT};
    SpawnRequest request =
        new SpawnRequest(
            bytes(arguments), true, variables, directory, SpawnRequest.SAME_GROUP, streams);
    int child = spawn(request);
    assertTrue(child >= 0, () -> "errno " + -child);
    discard(pipe[1]);
    String text = read(pipe[0]);
    reap(child);
    discard(pipe[0], child);
    return text;
  }

  @Test
  void aBackendWithoutChildProcessesRefusesThem() throws Exception {
    backend();
    if (!current().has(Capability.CHILD_PROCESSES)) {
      assertEquals(code(Errno.EOPNOTSUPP), spawn(request("true")));
      assertEquals(code(Errno.EOPNOTSUPP), call(each -> each.signalChild(at(0), 1, null)));
      assertEquals(code(Errno.EOPNOTSUPP), call(each -> each.reapChild(at(0), false)));
    }
  }

  @Test
  void aChildThatHasExitedIsReapedOnceWithItsCode() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    SpawnRequest request = request("sh", "-c", "exit 7");
    int child = spawn(request);
    assertTrue(request.pid() > 0);
    assertEquals(7 << 8, reap(child));
    assertEquals(code(Errno.ECHILD), call(each -> each.reapChild(at(child), false)));
    assertEquals(code(Errno.ESRCH), call(each -> each.signalChild(at(child), KILL, null)));
    discard(child);
  }

  @Test
  void aRunningChildIsNotReadyAndNotReapedUntilASignalEndsIt() throws Exception {
    Backend backend = backend();
    require(Capability.CHILD_PROCESSES);
    int[] input = pipe();
    int child = spawn(request(new int[] {input[0], -1, -1}, "cat"));
    assertEquals(0, call(each -> each.reapChild(at(child), false)));
    Op poll = backend.create(completed::add);
    backend.submit(poll.poll(at(child), PollEvents.READABLE));
    backend.poll(0);
    assertFalse(poll.isDone());
    assertEquals(0, call(each -> each.signalChild(at(child), KILL, null)));
    pollUntilDone(poll);
    assertEquals(KILL, reap(child));
    discard(input[0], input[1], child);
  }

  @Test
  void aSignalToTheGroupReachesAllItsProcessesUntilItIsEmpty() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    int[] input = pipe();
    int[] output = pipe();
    int[] streams = {input[0], output[1], -1};
    SpawnRequest request =
        new SpawnRequest(
            bytes("sh", "-c", "cat & cat"), true, List.of(), null, SpawnRequest.NEW_GROUP, streams);
    int child = spawn(request);
    discard(output[1]);
    assertEquals(0, call(each -> each.signalChild(at(child), KILL, request.pid())));
    assertEquals("", read(output[0]), "all who could write have ended");
    assertEquals(KILL, reap(child));
    discard(input[0], input[1], output[0], child);
  }

  @Test
  void theErrorIsThatOfTheProgramOrTheDirectory() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    makeFile("text");
    assertEquals(code(Errno.ENOENT), spawn(request("/no/such/program")));
    assertEquals(code(Errno.ENOENT), spawn(request("no-such-program")));
    assertEquals(code(Errno.EACCES), spawn(request(path("text"))));
    SpawnRequest request =
        new SpawnRequest(
            bytes("true"),
            true,
            List.of(),
            "/no/such/directory".getBytes(StandardCharsets.UTF_8),
            SpawnRequest.SAME_GROUP,
            INHERITED);
    assertEquals(code(Errno.ENOENT), spawn(request));
    assertTrue(request.isDirectoryRefused());
    assertEquals(0, request.pid());
    assertEquals(code(Errno.EBADF), spawn(request(new int[] {98_765, -1, -1}, "true")));
  }

  @Test
  void aChildHasTheVariablesAndTheDirectoryOfTheRequest() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    List<byte[]> variables = bytes("ONE=1=2", "HOME", "EMPTY=");
    String text =
        output(
            variables,
            "/proc".getBytes(StandardCharsets.UTF_8),
            "sh",
            "-c",
            "echo $ONE ${HOME-none} ${EMPTY-none} ${PATH+path}; pwd; echo error >&2");
    assertEquals("1=2 none path\n/proc\nerror\n", text);
  }

  @Test
  void aChildHasNoDescriptorButItsStreams() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    int[] other = pipe();
    // the fourth one is that of the listing
    String names = output(List.of(), null, "ls", "/proc/self/fd");
    assertEquals("0\n1\n2\n3\n", names);
    discard(other);
  }

  @Test
  void theStreamsOfAChildCanHaveEachOthersNumbers() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    int[] pipe = pipe();
    int child = spawn(request(new int[] {-1, 2, pipe[1]}, "sh", "-c", "echo error >&2"));
    discard(pipe[1]);
    assertEquals("error\n", read(pipe[0]));
    assertEquals(0, reap(child));
    discard(pipe[0], child);
  }

  @Test
  void aStartThatIsCancelledCompletesOnceAndItsChildIsKnown() throws Exception {
    Backend backend = backend();
    require(Capability.CHILD_PROCESSES);
    List<SpawnRequest> requests = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      SpawnRequest request = request("true");
      requests.add(request);
      Op op = backend.create(completed::add);
      backend.submit(op.spawn(request));
      if (i >= 10) {
        backend.poll(0);
      }
      backend.cancel(op);
    }
    pollUntilCompleted(20);
    for (Op op : completed) {
      if (op.result() >= 0) {
        assertEquals(0, reap(op.result()));
        discard(op.result());
      } else {
        assertEquals(CANCELED, op.result());
      }
    }
    long started = completed.stream().filter(op -> op.result() >= 0).count();
    assertEquals(started, requests.stream().filter(each -> each.pid() > 0).count());
    assertEquals(0, backend.inFlight());
  }

  @Test
  void argumentsArriveAsTheyAre() throws Exception {
    backend();
    require(Capability.CHILD_PROCESSES);
    byte[] odd = {'a', ' ', '"', '$', '\\', '\n', (byte) 0xC3};
    int[] pipe = pipe();
    List<byte[]> arguments =
        List.of("printf".getBytes(StandardCharsets.UTF_8), bytes("%s").get(0), odd);
    SpawnRequest request =
        new SpawnRequest(
            arguments, true, List.of(), null, SpawnRequest.SAME_GROUP, new int[] {-1, pipe[1], -1});
    int child = spawn(request);
    discard(pipe[1]);
    MemorySegment memory = arena.allocate(100);
    int count = perform(op -> op.read(at(pipe[0]), memory, 0, 100, HERE));
    assertArrayEquals(odd, memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE));
    reap(child);
    discard(pipe[0], child);
  }
}
