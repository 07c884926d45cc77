// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.fs.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;

/**
 * The program of {@link PinningTest}: starts threads from a fiber in several ways and prints the
 * CPUs on which each may run as "name: CPUs", in the kernel's format. The first argument is the CPU
 * that reactors ask for, the second a file to write.
 */
final class PinningProbe {
  private final int cpu;
  private final Path file;
  private volatile int firstCpu;

  private PinningProbe(int cpu, Path file) {
    this.cpu = cpu;
    this.file = file;
  }

  public static void main(String[] arguments) throws Exception {
    new PinningProbe(Integer.parseInt(arguments[0]), Path.of(arguments[1])).run();
  }

  private void run() throws Exception {
    print("before", ownCpus());
    // The first reactor does not start the watchdog, so that a thread of a fiber does.
    ReactorOptions options = ReactorOptions.defaults().withCpu(cpu).withoutStallHandler();
    try (Reactor reactor = Reactor.open(options)) {
      firstCpu = reactor.cpu();
      reactor.run(this::startThreads);
    }
    print("after", ownCpus());
    print("later virtual thread", onVirtualThread());
  }

  private void startThreads() throws Exception {
    print("fiber", ownCpus());
    print("Blocking", Blocking.call(PinningProbe::ownCpus));
    try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
      print("pool", pool.submit(PinningProbe::ownCpus).get());
    }
    print("common pool", CompletableFuture.supplyAsync(PinningProbe::uncheckedOwnCpus).get());
    print("virtual thread", onVirtualThread());
    print("second reactor", onThread(this::inSecondReactor));
    print("thread of the second reactor afterwards", onThread(this::afterSecondReactor));
    print("watchdog", cpusOf("weft-watchdog"));
    synchronise();
    print("worker of the kernel", cpusOf("iou-wrk-"));
  }

  private String inSecondReactor() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      return reactor.call(PinningProbe::ownCpus);
    }
  }

  private String afterSecondReactor() throws Exception {
    try (Reactor reactor = Reactor.open(ReactorOptions.defaults().withCpu(cpu))) {
      print("CPU of its own", reactor.cpu() != firstCpu);
    }
    return ownCpus();
  }

  /** The kernel does this on a thread of its own. */
  private void synchronise() throws IOException {
    try (File written = File.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      written.writeAt(arena.allocateFrom("x"), 0);
      written.sync();
    }
  }

  private interface Call {
    String call() throws Exception;
  }

  private static String onThread(Call call) throws Exception {
    FutureTask<String> task = new FutureTask<>(call::call);
    Thread.ofPlatform().start(task);
    return task.get();
  }

  private static String onVirtualThread() throws Exception {
    FutureTask<String> task = new FutureTask<>(PinningProbe::ownCpus);
    Thread.ofVirtual().start(task);
    return task.get();
  }

  private static String uncheckedOwnCpus() {
    try {
      return ownCpus();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String ownCpus() throws IOException {
    return cpusIn(Path.of("/proc/thread-self"));
  }

  /** The CPU lists of the threads whose name begins with {@code name}, without duplicates. */
  private static String cpusOf(String name) throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      List<String> cpus =
          tasks.filter(task -> isNamed(task, name)).map(PinningProbe::uncheckedCpusIn).toList();
      return String.join(" and ", cpus.stream().distinct().toList());
    }
  }

  private static boolean isNamed(Path task, String name) {
    try {
      return Files.readString(task.resolve("comm")).startsWith(name);
    } catch (NoSuchFileException e) {
      return false; // it has just ended
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String uncheckedCpusIn(Path task) {
    try {
      return cpusIn(task);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String cpusIn(Path task) throws IOException {
    String key = "Cpus_allowed_list:";
    return Files.readAllLines(task.resolve("status")).stream()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(key.length()).strip())
        .findFirst()
        .orElseThrow();
  }

  private static void print(String name, Object value) {
    System.out.println(name + ": " + value);
  }
}
