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
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux keeps the contract. */
class UringContractTest extends ChildContract {
  @TempDir private Path directory;

  @Override
  Backend open(int entries) throws Exception {
    return opened(() -> UringBackend.open(entries, 4 * entries));
  }

  /** What {@code opening} makes, or skips the test with the reason. */
  static Backend opened(Callable<UringBackend> opening) throws Exception {
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
