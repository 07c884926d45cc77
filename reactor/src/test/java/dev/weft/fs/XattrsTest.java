// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.Throwing;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XattrsTest {
  private static final String NAME = "user.comment";

  @TempDir Path folder;

  private static void fails(Errno errno, Throwing.Body call) {
    assertEquals(errno, assertThrows(ErrnoException.class, call).errno());
  }

  @Test
  void anAttributeIsSetReadListedAndRemoved() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    byte[] value = {1, 0, -1};
    Reactors.run(
        () -> {
          assertNull(Xattrs.get(path, NAME));
          Xattrs.set(path, NAME, value);
          assertArrayEquals(value, Xattrs.get(path, NAME));
          assertTrue(Xattrs.list(path).contains(NAME));
          Xattrs.remove(path, NAME);
          assertNull(Xattrs.get(path, NAME));
          fails(Errno.ENODATA, () -> Xattrs.remove(path, NAME));
        });
  }

  @Test
  void anAttributeIsMadeOnceAndReplacedIfItIsThere() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    Reactors.run(
        () -> {
          fails(Errno.ENODATA, () -> Xattrs.replace(path, NAME, new byte[] {1}));
          Xattrs.create(path, NAME, new byte[] {2});
          fails(Errno.EEXIST, () -> Xattrs.create(path, NAME, new byte[] {3}));
          Xattrs.replace(path, NAME, new byte[0]);
          assertArrayEquals(new byte[0], Xattrs.get(path, NAME));
        });
  }

  @Test
  void aLongValueIsReadWhole() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    byte[] value = new byte[3000];
    new Random(1).nextBytes(value);
    Reactors.run(
        () -> {
          Xattrs.set(path, NAME, value);
          assertArrayEquals(value, Xattrs.get(path, NAME));
        });
  }

  @Test
  @Tag("needs-io-uring")
  void aFileWithADirectDescriptorHasAttributesToo() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    Reactors.run(
        Reactors.options().withDirectDescriptors(1),
        () -> {
          try (File file = File.open(path, FileOption.DIRECT_DESCRIPTOR)) {
            Xattrs.set(file, NAME, new byte[] {1});
            assertArrayEquals(new byte[] {1}, Xattrs.get(file, NAME));
            assertTrue(Xattrs.list(file).contains(NAME));
            Xattrs.remove(file, NAME);
            assertNull(Xattrs.get(file, NAME));
          }
        });
  }

  @Test
  void attributesOfAnOpenFileAreThoseOfTheFile() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    Reactors.run(
        () -> {
          try (File file = File.open(path)) {
            if (Reactor.current().backend() == BackendKind.SELECTOR) {
              assertThrows(UnsupportedOperationException.class, () -> Xattrs.get(file, NAME));
              return;
            }
            Xattrs.create(file, NAME, new byte[] {1});
            Xattrs.replace(file, NAME, new byte[] {2});
            Xattrs.set(file, NAME, new byte[] {3});
            assertArrayEquals(new byte[] {3}, Xattrs.get(path, NAME));
            FileSystem.delete(path);
            assertArrayEquals(new byte[] {3}, Xattrs.get(file, NAME));
            assertTrue(Xattrs.list(file).contains(NAME));
            Xattrs.remove(file, NAME);
            assertNull(Xattrs.get(file, NAME));
          }
        });
  }

  @Test
  void everyCallFailsIfItsDeadlineHasPassed() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    byte[] value = {1};
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    Reactors.run(
        () -> {
          overdue(() -> Xattrs.get(path, NAME, past));
          overdue(() -> Xattrs.set(path, NAME, value, past));
          overdue(() -> Xattrs.create(path, NAME, value, past));
          overdue(() -> Xattrs.replace(path, NAME, value, past));
          overdue(() -> Xattrs.remove(path, NAME, past));
          overdue(() -> Xattrs.list(path, past));
          assertNull(Xattrs.get(path, NAME));
        });
  }

  private static void overdue(Throwing.Body call) {
    assertThrows(DeadlineExceededException.class, call);
  }

  @Test
  void aNameWithANulIsRefused() throws Exception {
    Reactors.run(
        () -> assertThrows(IllegalArgumentException.class, () -> Xattrs.get(folder, "user.a\0b")));
  }
}
