// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that a peek has taken from a channel, because the JDK's channels can't leave them there:
 * the next reads get them.
 */
final class PeekedBytes {
  private @Nullable StagingBuffer buffer;
  private int from;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /**
   * Reads from {@code source} until there are {@code wanted} bytes, or it has no more.
   *
   * @return what the last read has returned: 0 if the channel has nothing now, -1 at its end
   */
  int fill(SelectorBackend backend, ReadableByteChannel source, int wanted) throws IOException {
    int last = 0;
    StagingBuffer target = room(backend, Math.min(wanted, StagingPool.BYTES_MAX));
    while (count < wanted && from + count < target.size()) {
      last = source.read(target.buffer.clear().position(from + count));
      if (last <= 0) {
        break;
      }
      count += last;
    }
    if (count == 0) {
      release(backend);
    }
    return last;
  }

  /** A buffer with the bytes that are there, and room for {@code wanted} in all. */
  private StagingBuffer room(SelectorBackend backend, int wanted) {
    StagingBuffer present = buffer;
    if (present != null && present.size() - from >= wanted) {
      return present;
    }
    StagingBuffer larger = backend.memory.staging.take(Math.max(wanted, count));
    if (present != null) {
      larger.memory.asSlice(0, count).copyFrom(present.memory.asSlice(from, count));
      backend.memory.staging.give(present);
    }
    buffer = larger;
    from = 0;
    return larger;
  }

  /** Delivers the first bytes to a request, which takes them unless it peeks. */
  int deliver(SelectorBackend backend, Request request, boolean takes) {
    int length = Math.min(count, request.length());
    StagingBuffer source = buffer;
    if (source == null || length == 0) {
      return 0;
    }
    backend.memory.deliver(request, source.memory, from, length);
    if (takes) {
      from += length;
      count -= length;
      if (count == 0) {
        release(backend);
      }
    }
    return length;
  }

  private void release(SelectorBackend backend) {
    StagingBuffer present = buffer;
    if (present != null) {
      backend.memory.staging.give(present);
    }
    buffer = null;
    from = 0;
    count = 0;
  }
}
