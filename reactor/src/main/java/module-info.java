// SPDX-License-Identifier: Apache-2.0

/** Fibers on io_uring for the JVM. */
module dev.weft.reactor {
  requires dev.weft.bindings;
  requires org.jctools.core;
  requires jdk.unsupported; // sun.misc.Signal: the JDK has no other way to catch one
  requires static transitive org.jspecify;

  exports dev.weft;
  exports dev.weft.error;
  exports dev.weft.fs;
  exports dev.weft.io;
  exports dev.weft.net;
  exports dev.weft.os;
  exports dev.weft.sync;
}
