// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import dev.weft.Deadline;
import dev.weft.dns.internal.message.Question;
import dev.weft.dns.internal.message.Reply;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replies, each until its time to live has passed. If all together become too large, those that
 * have not been used for longest are dropped.
 */
final class AnswerCache {
  /** What an entry takes apart from the message; parsed, a message takes several times its size. */
  private static final int ENTRY_BYTES = 512;

  private static final int PARSED_SIZE_FACTOR = 4;

  /** A reply, and until when it is valid. */
  record Entry(Reply reply, Deadline end) {
    private long bytes() {
      return ENTRY_BYTES + (long) PARSED_SIZE_FACTOR * reply.bytes();
    }
  }

  private final Map<Question, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private final long bytesMax;
  private long bytes;

  AnswerCache(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** The entry for a question, or null if there is none that is still valid. */
  @Nullable Entry find(Question question) {
    Entry entry = entries.get(question);
    if (entry == null || !entry.end.hasPassed()) {
      return entry;
    }
    remove(question);
    return null;
  }

  /** Keeps a reply, and returns its entry. */
  Entry put(Question question, Reply reply) {
    Entry entry = new Entry(reply, Deadline.after(Duration.ofSeconds(reply.lifeSeconds())));
    if (reply.lifeSeconds() > 0 && entry.bytes() <= bytesMax) {
      remove(question);
      entries.put(question, entry);
      bytes += entry.bytes();
      dropEldest();
    }
    return entry;
  }

  private void remove(Question question) {
    Entry old = entries.remove(question);
    if (old != null) {
      bytes -= old.bytes();
    }
  }

  private void dropEldest() {
    Iterator<Entry> eldest = entries.values().iterator();
    while (bytes > bytesMax) {
      bytes -= eldest.next().bytes();
      eldest.remove();
    }
  }

  int size() {
    return entries.size();
  }

  void clear() {
    entries.clear();
    bytes = 0;
  }
}
