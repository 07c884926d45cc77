// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.OpenFlags;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Opens and closes the descriptors of a backend. */
final class Descriptors {
  private final ChannelTable table = new ChannelTable();
  private final ReadyChannels ready;

  /** Entries that are closed when the selector has forgotten them. */
  private @Nullable Entry firstClosing;

  Descriptors(ReadyChannels ready) {
    this.ready = ready;
  }

  /** Makes room for {@code more} entries, so that {@link #add} can't fail. */
  void reserve(int more) {
    table.reserve(more);
  }

  /** Gives an entry the lowest free number. */
  int add(Entry entry) {
    return table.add(entry);
  }

  /** Opens what a descriptor of the process refers to; returns its number here, or -errno. */
  int adopt(int descriptor, Direction direction) {
    table.reserve(1);
    int flags =
        switch (direction) {
          case INPUT -> OpenFlags.READ;
          case OUTPUT -> OpenFlags.WRITE;
          case BOTH -> OpenFlags.READ | OpenFlags.WRITE;
        };
    byte[] name = ("/dev/fd/" + descriptor).getBytes(StandardCharsets.US_ASCII);
    FileOpener opener = new FileOpener(name, flags, 0);
    try {
      int failure = opener.check();
      return failure < 0 ? failure : add(opener.open());
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /** Removes an entry that no selector has seen, for the descriptors of another backend. */
  Entry detach(int number) {
    Entry entry = table.remove(number);
    assert entry != null && entry.uses == 0 : number;
    return entry;
  }

  int attach(Entry detached) {
    table.reserve(1);
    return add(detached);
  }

  /** The entry of a descriptor, or null if it is not open. */
  @Nullable Entry find(int number) {
    Entry entry = table.find(number);
    if (entry == null && number >= 0 && number < ChannelTable.FIRST_FREE) {
      entry = StreamEntry.standard(number);
      table.put(number, entry);
    }
    return entry;
  }

  /** Closes a number; returns 0 or -errno. Requests in progress keep the entry open. */
  int close(int number) {
    Entry entry = table.remove(number);
    if (entry == null) {
      return Entry.EBADF;
    }
    entry.isClosed = true;
    return entry.uses == 0 ? closeNow(entry) : 0;
  }

  /** Ends the use of an entry by a request. */
  void release(Entry entry) {
    if (--entry.uses == 0 && entry.isClosed) {
      closeNow(entry);
    }
  }

  /** Closes what has been opened for no request. */
  void discard(@Nullable Entry entry) {
    if (entry != null) {
      closeNow(entry);
    }
  }

  private int closeNow(Entry entry) {
    if (entry.beginClose()) {
      closeLater(entry);
      return 0;
    }
    return close(entry);
  }

  /**
   * Closes an entry when the selector has forgotten its key: the JDK would only shut its output
   * down before.
   */
  void closeLater(Entry entry) {
    entry.nextClosing = firstClosing;
    firstClosing = entry;
  }

  private static int close(Entry entry) {
    try {
      entry.close();
      return 0;
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /** Whether there are entries that {@link #finishCloses} will close. */
  boolean hasClosing() {
    return firstClosing != null;
  }

  /** Closes the entries whose close has begun. */
  void finishCloses() {
    if (firstClosing == null) {
      return;
    }
    ready.select(0); // cancelled keys are removed
    for (Entry entry; (entry = firstClosing) != null; ) {
      firstClosing = entry.nextClosing;
      entry.nextClosing = null;
      close(entry);
    }
  }

  /** Closes all, except the standard streams. */
  void closeAll() {
    for (int number = ChannelTable.FIRST_FREE; number < table.size(); number++) {
      close(number);
    }
    finishCloses();
  }
}
