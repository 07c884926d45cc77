// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.os.RingOptions;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;

/** Linux keeps the contract while its own thread submits, which sleeps in between. */
@Tag("mode-independent")
class PollingContractTest extends UringContractTest {
  private static final int IDLE_MILLIS = 1;

  @Override
  Backend open(int entries) throws Exception {
    return opened(
        () ->
            UringBackend.open(new RingOptions(entries, 0, 0, IDLE_MILLIS, OptionalInt.empty(), 0)));
  }
}
