// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.config;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Blocking;
import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.fs.FileStat;
import dev.weft.sync.Mutex;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A file whose content is parsed, and again after it has changed: that is checked once a second at
 * most, when the content is needed. A file that does not exist counts as empty. If one can't be
 * read, what it said before remains valid.
 *
 * @param <T> what the content is parsed to
 */
public final class WatchedFile<T> {
  /** Parses the content. */
  @FunctionalInterface
  public interface Parser<T> {
    T parse(String text);
  }

  private static final Duration CHECK_PERIOD = Duration.ofSeconds(1);

  /** The length of a piece that is read; longer content is not parsed on the reactor's thread. */
  private static final int PARSED_AT_ONCE_MAX = 1 << 16;

  /** By what a change is recognised. */
  private record Version(long inode, long sizeBytes, Instant modified, Instant changed) {}

  private static final Version ABSENT = new Version(0, 0, Instant.EPOCH, Instant.EPOCH);

  private final Path path;
  private final int bytesMax;
  private final Parser<T> parser;
  private final Mutex loading = Mutex.create();

  private @Nullable T content;
  private @Nullable Version version;
  private Deadline nextCheck = Deadline.NOW;

  public WatchedFile(Path path, int bytesMax, Parser<T> parser) {
    this.path = path;
    this.bytesMax = bytesMax;
    this.parser = parser;
  }

  /**
   * Returns what the file says. Suspends if that has to be checked.
   *
   * @throws IOException if the file can't be read, or is too long, and never could be read before
   */
  public T content(Deadline deadline) throws IOException {
    T known = content;
    if (known != null && (!nextCheck.hasPassed() || loading.isLocked())) {
      return known;
    }
    try (var _ = loading.lock(deadline)) {
      known = content;
      return known == null || nextCheck.hasPassed() ? load(deadline) : known;
    }
  }

  /** Has the file read again when it is next needed. */
  public void forget() {
    version = null;
    nextCheck = Deadline.NOW;
  }

  private T load(Deadline deadline) throws IOException {
    T known = content;
    T loaded;
    try {
      loaded = loadIfChanged(deadline);
    } catch (IOException e) {
      if (known == null) {
        throw e;
      }
      loaded = known; // out of descriptors, for instance
    }
    content = loaded;
    nextCheck = Deadline.after(CHECK_PERIOD);
    return loaded;
  }

  private T loadIfChanged(Deadline deadline) throws IOException {
    try (File file = File.open(path, deadline, StandardOpenOption.READ)) {
      FileStat stat = file.stat(deadline);
      Version found = new Version(stat.inode(), stat.sizeBytes(), stat.modified(), stat.changed());
      T known = content;
      if (known != null && found.equals(version)) {
        return known;
      }
      T parsed = parse(read(file, deadline), deadline);
      version = found;
      return parsed;
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      T parsed = parse(new byte[0], deadline);
      version = ABSENT;
      return parsed;
    }
  }

  private byte[] read(File file, Deadline deadline) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(PARSED_AT_ONCE_MAX);
      byte[] all = {};
      for (int count; (count = file.read(piece, deadline)) >= 0; ) {
        if (all.length + count > bytesMax) {
          throw new IOException(path + ": the file is longer than " + bytesMax + " bytes");
        }
        byte[] longer = Arrays.copyOf(all, all.length + count);
        MemorySegment.copy(piece, JAVA_BYTE, 0, longer, all.length, count);
        all = longer;
      }
      return all;
    }
  }

  /**
   * Parses on another thread what takes long: much content, and what comes first, for which the
   * parser's classes have to be loaded.
   */
  private T parse(byte[] bytes, Deadline deadline) throws IOException {
    Callable<T> parsing = () -> parser.parse(new String(bytes, StandardCharsets.UTF_8));
    try {
      return content == null || bytes.length > PARSED_AT_ONCE_MAX
          ? Blocking.call(parsing, deadline)
          : parsing.call();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("parsers throw nothing checked", e);
    }
  }
}
