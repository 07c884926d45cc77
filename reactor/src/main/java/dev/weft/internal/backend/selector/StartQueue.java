// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.DeferredOps;
import dev.weft.internal.backend.Op;
import org.jspecify.annotations.Nullable;

/** What the next poll starts: as many operations as a submission queue holds; others wait. */
final class StartQueue {
  private final int entries;
  private final RequestTable requests;
  private final RequestQueue queue = new RequestQueue();
  private int count;
  private final DeferredOps deferred = new DeferredOps();

  StartQueue(int entries, RequestTable requests) {
    this.entries = entries;
    this.requests = requests;
  }

  /** The number of operations that are queued. */
  int count() {
    return count;
  }

  /** The length of a chain; throws if the queue can't hold it. */
  int lengthOf(Op head) {
    int length = head.link() == null ? 1 : head.chainLength();
    if (length > entries) {
      throw new IllegalArgumentException(
          "a chain of " + length + " operations exceeds the queue of " + entries);
    }
    return length;
  }

  /** Whether a chain must be deferred: there is no room for it, or others came first. */
  boolean mustWait(int length) {
    return !deferred.isEmpty() || count + length > entries;
  }

  boolean hasRoomFor(Op head) {
    return count + head.chainLength() <= entries;
  }

  void add(Op head, int length) {
    queue.add(requests.of(head));
    count += length;
  }

  /** Takes the oldest request, with the rest of its chain. */
  @Nullable Request poll() {
    Request request = queue.poll();
    if (request != null) {
      count -= request.op.chainLength();
    }
    return request;
  }

  // ---- operations that wait for room

  void defer(Op head) {
    deferred.add(head);
  }

  boolean hasDeferred() {
    return !deferred.isEmpty();
  }

  @Nullable Op firstDeferred() {
    return deferred.first();
  }

  void removeDeferred(Op head) {
    deferred.remove(head);
  }
}
