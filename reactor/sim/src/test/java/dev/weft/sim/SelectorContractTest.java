// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.selector.SelectorBackend;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's channels keep the contract. */
class SelectorContractTest extends ChildContract {
  @TempDir private Path directory;

  @Override
  Backend open(int entries) throws Exception {
    return SelectorBackend.open(entries);
  }

  @Override
  void makeNonBlocking(int descriptor) {
    // the JDK's channels are non-blocking, and no other process shares them
  }

  @Override
  String path(String name) {
    return directory + "/" + name;
  }
}
