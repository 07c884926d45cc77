// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import org.jspecify.annotations.Nullable;

/** A queue of requests, linked through them. */
final class RequestQueue {
  @Nullable Request first;
  private @Nullable Request last;

  boolean isEmpty() {
    return first == null;
  }

  void add(Request request) {
    request.next = null;
    if (last == null) {
      first = request;
    } else {
      last.next = request;
    }
    last = request;
  }

  @Nullable Request poll() {
    Request head = first;
    if (head != null) {
      first = head.next;
      head.next = null;
      if (first == null) {
        last = null;
      }
    }
    return head;
  }

  /** Removes a request; returns whether it was in the queue. */
  boolean remove(Request request) {
    Request before = null;
    for (Request each = first; each != null; before = each, each = each.next) {
      if (each == request) {
        if (before == null) {
          first = request.next;
        } else {
          before.next = request.next;
        }
        if (last == request) {
          last = before;
        }
        request.next = null;
        return true;
      }
    }
    return false;
  }
}
