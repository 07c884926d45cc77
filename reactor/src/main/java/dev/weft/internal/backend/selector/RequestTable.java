// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.Op;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The requests of the operations, by slot. */
final class RequestTable {
  private @Nullable Request[] requests = new @Nullable Request[64];

  /** The request for a new use of an operation. */
  Request begin(Op op) {
    if (op.slot >= requests.length) {
      requests = Arrays.copyOf(requests, Math.max(2 * requests.length, op.slot + 1));
    }
    Request request = requests[op.slot];
    if (request == null) {
      request = new Request(op);
      requests[op.slot] = request;
    } else if (request.op != op) {
      request.op = op;
    }
    request.interest = ChannelEntry.interestOf(op);
    request.done = 0;
    request.isForeign = false;
    return request;
  }

  /** The request of an operation that is in use. */
  Request of(Op op) {
    Request request = requests[op.slot];
    assert request != null && request.op == op : op;
    return request;
  }
}
