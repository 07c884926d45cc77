// SPDX-License-Identifier: Apache-2.0

/** The C surface of Weft as jextract sees it, and the library behind it. Not for users. */
@SuppressWarnings("module") // the modules exported to are built after this one
module dev.weft.bindings {
  requires static org.jspecify;

  exports dev.weft.bindings to
      dev.weft.reactor,
      dev.weft.sim;
}
