// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.fs.FileNames;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Where a listing of an open directory is. The JDK opens the directory again, by its name. */
final class DirectoryEntries implements AutoCloseable {
  /** The number of entries that are read at once. */
  private static final int BATCH = 256;

  private @Nullable DirectoryStream<Path> stream;
  private @Nullable Iterator<Path> iterator;

  /** Reads the next entries; returns their number. */
  @SuppressWarnings("StreamResourceLeak") // close() does it
  synchronized int list(Path directory, DirectoryBatch target) throws IOException {
    target.clear();
    Iterator<Path> next = iterator;
    if (next == null) {
      DirectoryStream<Path> opened = Files.newDirectoryStream(directory);
      stream = opened;
      next = opened.iterator();
      iterator = next;
    }
    FileAttributes attributes = new FileAttributes();
    try {
      while (target.count() < BATCH && next.hasNext()) {
        add(next.next(), attributes, target);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return target.count();
  }

  private static void add(Path path, FileAttributes attributes, DirectoryBatch target)
      throws IOException {
    try {
      FileStatus.of(path, attributes, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return; // it has just been removed
    }
    byte[] name = FileNames.bytes(path.getFileName());
    target.add(name, attributes.type, attributes.inode);
  }

  @Override
  public synchronized void close() throws IOException {
    DirectoryStream<Path> opened = stream;
    if (opened != null) {
      opened.close();
    }
  }
}
