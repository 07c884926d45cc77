// SPDX-License-Identifier: Apache-2.0

/** Rewrites classes so that suspending methods need no stack. */
module dev.weft.weaver {
  requires transitive java.instrument;
  requires static org.jspecify;

  exports dev.weft.weaver;
}
