// SPDX-License-Identifier: Apache-2.0

/**
 * A test kit for programs that use Weft: a simulated machine whose randomness comes from a seed.
 */
module dev.weft.sim {
  requires transitive dev.weft.reactor;
  requires static org.jspecify;

  exports dev.weft.sim;
}
