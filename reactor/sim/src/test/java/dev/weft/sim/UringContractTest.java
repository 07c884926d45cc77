// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.bindings.weft_h;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.os.Libc;
import dev.weft.internal.os.RingOptions;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Linux keeps the contract: of a ring to which the reactor's thread submits or, with {@code
 * -Ddev.weft.test.submissionPolling=true}, a thread of the kernel that sleeps in between.
 */
class UringContractTest extends ChildContract {
  private static final boolean POLLS = Boolean.getBoolean("dev.weft.test.submissionPolling");
  private static final int IDLE_MILLIS = 1;

  @TempDir private Path directory;

  @Override
  Backend open(int entries) throws Exception {
    return opened(() -> POLLS ? openPolled(entries) : UringBackend.open(entries, 4 * entries));
  }

  private static UringBackend openPolled(int entries) throws ReactorUnavailableException {
    return UringBackend.open(new RingOptions(entries, 0, 0, IDLE_MILLIS, OptionalInt.empty(), 0));
  }

  /** What {@code opening} makes, or skips the test with the reason. */
  private static Backend opened(Callable<UringBackend> opening) throws Exception {
    try {
      return opening.call();
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      return abort(e.getMessage());
    }
  }

  @Override
  void makeNonBlocking(int descriptor) {
    int flags = Libc.fcntl(descriptor, weft_h.F_GETFL(), 0);
    assertEquals(0, Libc.fcntl(descriptor, weft_h.F_SETFL(), flags | weft_h.O_NONBLOCK()));
  }

  @Override
  String path(String name) {
    return directory + "/" + name;
  }

  @Test
  void whatAThreadCarriesOutCantBeInAChain() throws Exception {
    Backend backend = backend();
    int directory = openFile("", OpenFlags.READ);
    Op head = backend.create(op -> {}).nop();
    head.then(backend.create(op -> {}).list(at(directory), new DirectoryBatch()));
    assertThrows(IllegalArgumentException.class, () -> backend.submit(head));
    assertEquals(0, backend.inFlight());
    discard(directory);
  }
}
