// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;

/**
 * Writes the bytes of the classes of package p that the JVM loads to files. It is declared able to
 * retransform classes, so it runs after agents that can't, although it is started first.
 */
public final class DumpAgent {
  private DumpAgent() {}

  /** Called by the JVM, with the folder to write to. */
  public static void premain(String folder, Instrumentation instrumentation) {
    instrumentation.addTransformer(
        new ClassFileTransformer() {
          @Override
          public byte[] transform(
              ClassLoader loader,
              String name,
              Class<?> redefined,
              ProtectionDomain domain,
              byte[] bytes) {
            if (name.startsWith("p/")) {
              write(Path.of(folder, name + ".class"), bytes);
            }
            return null;
          }
        },
        true);
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
