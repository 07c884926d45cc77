// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/**
 * Finds the strand of the calling thread where {@link StrandTable} does not find it by one look-up.
 */
final class CurrentStrand {
  private CurrentStrand() {}

  /** The strand that is running on the calling thread, or null. */
  static @Nullable Strand find() {
    Strand carrier = carrier();
    StrandHost host = carrier == null ? null : carrier.host;
    Strand hosted = host == null ? null : host.hostedStrand();
    return hosted == null ? carrier : hosted;
  }

  /**
   * The strand that the loop runs on the calling thread, which can host the one of {@link #find}.
   */
  static @Nullable Strand carrier() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return StrandTable.stacklessOn(thread);
    }
    Strand strand = VirtualThreadStrand.on(thread);
    return strand != null ? strand : BatonStrand.onCurrentThread();
  }

  /** As {@link Strand#require}. */
  static Strand require(String verb) {
    Strand strand = find();
    if (strand == null) {
      throw new WrongThreadException(
          verb + " must be called in a fiber, but was called on " + Thread.currentThread());
    }
    strand.acquireBaton();
    return strand;
  }

  /** As {@link Strand#requireOf}. */
  static Strand requireOf(EventLoop loop, String verb, Object subject) {
    Strand strand = require(verb);
    if (strand.loop != loop) {
      throw loop.wrongThread(verb, subject);
    }
    return strand;
  }
}
