// SPDX-License-Identifier: Apache-2.0

/** Fibers on io_uring for the JVM. */
@SuppressWarnings("module") // the test kit, exported to, is built after this one
module dev.weft.reactor {
  requires dev.weft.bindings;
  requires org.jctools.core;
  requires jdk.net; // options that java.net does not name
  requires jdk.unsupported; // sun.misc.Signal: the JDK has no other way to catch one
  requires static org.jspecify;

  exports dev.weft;
  exports dev.weft.error;
  exports dev.weft.framing;
  exports dev.weft.fs;
  exports dev.weft.io;
  exports dev.weft.micro;
  exports dev.weft.net;
  exports dev.weft.os;
  exports dev.weft.process;
  exports dev.weft.sync;
  exports dev.weft.text;
  exports dev.weft.tls;
  exports dev.weft.routine;
  exports dev.weft.routine.codegen;

  uses dev.weft.net.HostResolver;

  // What the simulator is made of: for the test kit alone.
  exports dev.weft.internal.backend to
      dev.weft.sim;
  exports dev.weft.internal.mem to
      dev.weft.sim;
  exports dev.weft.internal.os to
      dev.weft.sim;
  exports dev.weft.internal.access to
      dev.weft.sim;
  exports dev.weft.internal.backend.selector to
      dev.weft.sim;
  exports dev.weft.internal.backend.uring to
      dev.weft.sim;
  exports dev.weft.internal.diag to
      dev.weft.sim;
  exports dev.weft.internal.queue to
      dev.weft.sim;
  exports dev.weft.internal.strand to
      dev.weft.sim;
}
