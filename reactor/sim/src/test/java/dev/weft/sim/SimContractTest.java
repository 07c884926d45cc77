// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.internal.backend.Backend;

/** The simulated kernel keeps the contract, when nothing goes wrong. */
class SimContractTest extends FileContract {
  @Override
  Backend open(int entries) {
    return SimBackends.open(entries, Faults.none());
  }

  @Override
  String path(String name) {
    return "/tmp/" + name;
  }
}
