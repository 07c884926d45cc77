// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The kernel's view of this process and of its connections. */
final class Kernel {
  private Kernel() {}

  static int descriptors() {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return (int) all.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The resident memory of a process, in KiB. */
  static long residentKib(long process) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(process), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("process " + process + " has no VmRSS");
  }

  /**
   * The number of connections that the kernel has aborted since boot because TCP memory was short.
   */
  static long abortsOnMemory() {
    try {
      List<String> lines = Files.readAllLines(Path.of("/proc/net/netstat"));
      for (int i = 0; i + 1 < lines.size(); i++) {
        List<String> names = List.of(lines.get(i).split(" "));
        int column = names.indexOf("TCPAbortOnMemory");
        if (column > 0) {
          return Long.parseLong(List.of(lines.get(i + 1).split(" ")).get(column));
        }
      }
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Prints the open connections of a port and interprets them. If an end has bytes to read, or
   * nothing left to send, and its fiber still waits, a wake-up was lost. If the other end is closed
   * or in FIN-WAIT-2 with nothing to read, the kernel has dropped the connection silently.
   */
  static void printConnections(int port) {
    String filter = "( sport = :" + port + " or dport = :" + port + " )";
    try {
      Process ss =
          new ProcessBuilder("ss", "-tanpi", "state", "connected", filter)
              .redirectErrorStream(true)
              .start();
      String output = new String(ss.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      List<String> lines = output.lines().toList();
      lines.forEach(System.out::println);
      long unread =
          lines.stream().filter(line -> line.matches("(?i)(estab|close-wait)\\s+[1-9].*")).count();
      long halfDead = lines.stream().filter(line -> line.startsWith("FIN-WAIT-2")).count();
      System.out.printf(
          Locale.ROOT,
          "%d ends with unread bytes (a lost wake-up, if their fiber waits), %d in"
              + " FIN-WAIT-2 (the kernel has dropped the other end), %d aborts because"
              + " memory was short%n",
          unread,
          halfDead,
          abortsOnMemory());
    } catch (IOException e) {
      System.out.println("ss can't be run: " + e.getMessage());
    }
  }
}
