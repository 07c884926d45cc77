// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.internal.backend.Backend;
import dev.weft.sim.kernel.OpenFileDescription;
import dev.weft.sim.run.SimBackend;
import java.util.Objects;

/** The simulated kernel keeps the contract, if no faults are configured. */
class SimContractTest extends ChildContract {
  @Override
  Backend open(int entries) {
    return SimBackends.open(entries, Faults.none());
  }

  @Override
  void makeNonBlocking(int descriptor) {
    OpenFileDescription file = ((SimBackend) current()).kernel().description(descriptor);
    Objects.requireNonNull(file).isNonBlocking = true;
  }

  @Override
  String path(String name) {
    return "/tmp/" + name;
  }
}
