// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import dev.weft.error.Errno;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Pins reactors to CPUs, each to a different one while there are enough.
 *
 * <p>A Linux thread inherits the CPUs of the thread that starts it, so everything that a pinned
 * thread starts is pinned too. Weft's own threads undo that with {@link #leaveInherited}, and
 * reactors when they are opened. The JDK's threads and the kernel's workers can't be reached.
 */
public final class CpuAffinity {
  /** Pins the thread to a CPU chosen here. */
  public static final int ANY = -1;

  /** Does not pin the thread. */
  public static final int NONE = -2;

  /** The system property that overrides what a reactor asks for. */
  private static final String PROPERTY = "dev.weft.cpu";

  private static final Path STATUS_OF_FIRST_THREAD = Path.of("/proc/self/status");
  private static final String CPUS_ALLOWED = "Cpus_allowed_list:";
  private static final Path STAT_OF_CALLER = Path.of("/proc/thread-self/stat");

  /** The field "processor" of proc_pid_stat(5), counted from the one after the name. */
  private static final int PROCESSOR_FIELD = 39 - 3;

  /** Counted before the first pin: the JVM counts those of the calling thread. */
  private static final int CPUS_AT_FIRST = Runtime.getRuntime().availableProcessors();

  /** The CPUs that reactors have been pinned to so far. Guarded by this class. */
  private static final BitSet PINNED_TO = new BitSet();

  /** The number of reactors pinned to each CPU now. Guarded by this class. */
  private static int[] reactors = new int[0];

  /** When a reactor was last pinned to each CPU, as a count of pins. Guarded by this class. */
  private static long[] pinnedAt = new long[0];

  private static long pins;

  /** The CPUs of the process while its first thread is pinned, otherwise null. */
  private static @Nullable BitSet beforeFirstThread;

  /** Whether there ever was a pinned thread, from which others can have inherited. */
  private static volatile boolean inheritable;

  private CpuAffinity() {}

  /**
   * The pin of a thread to a CPU, and its CPUs before.
   *
   * @param cpu the CPU's number
   * @param before the CPUs that the thread could run on
   */
  public record Pin(int cpu, BitSet before) {
    /** Restores the CPUs of the calling thread. To be called once. */
    public void undo() {
      unpin(this);
    }
  }

  /**
   * The value of the system property {@code dev.weft.cpu}, or {@code asked} if it is not set.
   *
   * @throws IllegalArgumentException if the property is not any, none or a number
   */
  public static int configured(int asked) {
    String value = System.getProperty(PROPERTY);
    return value == null ? asked : parse(value);
  }

  private static int parse(String value) {
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "any" -> ANY;
      case "none" -> NONE;
      default -> number(value);
    };
  }

  private static int number(String value) {
    try {
      int cpu = Integer.parseInt(value);
      if (cpu >= 0) {
        return cpu;
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw new IllegalArgumentException(
        "the system property " + PROPERTY + " must be any, none or a CPU's number: " + value);
  }

  /** The number of CPUs that the JVM may use, also if the calling thread is pinned to one. */
  public static int available() {
    return Math.max(CPUS_AT_FIRST, Runtime.getRuntime().availableProcessors());
  }

  /**
   * Pins the calling thread to the CPU {@code wanted}, or to one of its CPUs if that is {@link
   * #ANY}. With {@link #NONE} it only undoes a pin that the thread has inherited.
   *
   * @param workers gets the CPUs that the thread had before, for threads that work for it
   * @return null if the thread is not pinned
   * @throws IllegalArgumentException if the thread may not run there
   */
  public static @Nullable Pin pin(int wanted, Consumer<BitSet> workers) {
    leaveInherited();
    BitSet allowed = Libc.affinity();
    if (wanted >= 0 && !allowed.get(wanted)) {
      throw new IllegalArgumentException(
          "cpu " + wanted + " is not among those that this thread may run on: " + allowed);
    }
    if (allowed.isEmpty()) {
      return null;
    }
    workers.accept(allowed);
    return wanted == NONE ? null : pin(wanted, allowed);
  }

  private static synchronized Pin pin(int wanted, BitSet allowed) {
    reactors = Arrays.copyOf(reactors, Math.max(reactors.length, allowed.length()));
    pinnedAt = Arrays.copyOf(pinnedAt, reactors.length);
    int cpu =
        wanted >= 0
            ? wanted
            : leastUsed(leastRecent(allowed, reactors, pinnedAt), current(allowed), reactors);
    Pin pin = new Pin(cpu, allowed);
    PINNED_TO.set(cpu);
    inheritable = true;
    int result = Libc.pinThread(cpu);
    if (result < 0) {
      throw new IllegalStateException("sched_setaffinity to cpu " + cpu + ": " + Errno.of(-result));
    }
    reactors[cpu]++;
    pinnedAt[cpu] = ++pins;
    if (isFirstThread()) {
      beforeFirstThread = allowed;
    }
    return pin;
  }

  private static void unpin(Pin pin) {
    synchronized (CpuAffinity.class) {
      reactors[pin.cpu]--;
      if (isFirstThread()) {
        beforeFirstThread = null;
      }
    }
    Libc.setAffinity(pin.before);
  }

  /**
   * Those CPUs of {@code allowed} with the fewest reactors to which none has been pinned for
   * longest, so that the reactors of a group get different ones.
   */
  static BitSet leastRecent(BitSet allowed, int[] reactors, long[] pinnedAt) {
    BitSet best = new BitSet();
    int first = allowed.nextSetBit(0);
    for (int cpu = first; cpu >= 0; cpu = allowed.nextSetBit(cpu + 1)) {
      int order = Integer.compare(reactors[cpu], reactors[first]);
      order = order == 0 ? Long.compare(pinnedAt[cpu], pinnedAt[first]) : order;
      if (order < 0) {
        best.clear();
        first = cpu;
      }
      if (order <= 0) {
        best.set(cpu);
      }
    }
    return best;
  }

  /**
   * The CPU of {@code allowed} with the fewest reactors; of several, the first from {@code start}
   * on. The start differs between processes.
   */
  static int leastUsed(BitSet allowed, int start, int[] reactors) {
    int best = -1;
    int cpu = start;
    for (int i = 0; i < allowed.cardinality(); i++) {
      cpu = allowed.nextSetBit(cpu);
      cpu = cpu < 0 ? allowed.nextSetBit(0) : cpu;
      if (best < 0 || reactors[cpu] < reactors[best]) {
        best = cpu;
      }
      cpu++;
    }
    return best;
  }

  /**
   * Gives the calling thread the CPUs of the process if it has inherited a reactor's pin: if its
   * only CPU is one that a reactor is or was pinned to. Each thread that Weft starts calls this
   * first.
   */
  public static void leaveInherited() {
    if (!inheritable) {
      return;
    }
    BitSet mine = Libc.affinity();
    BitSet all = null;
    synchronized (CpuAffinity.class) {
      if (mine.cardinality() == 1 && PINNED_TO.intersects(mine)) {
        all = ofProcess();
      }
    }
    if (all != null && !all.isEmpty() && !all.equals(mine)) {
      Libc.setAffinity(all);
    }
  }

  /** The CPUs of the process's first thread when it is not pinned; empty if unknown. */
  private static BitSet ofProcess() {
    if (beforeFirstThread != null) {
      return beforeFirstThread;
    }
    try {
      for (String line : Files.readAllLines(STATUS_OF_FIRST_THREAD, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith(CPUS_ALLOWED)) {
          return list(line.substring(CPUS_ALLOWED.length()).strip());
        }
      }
    } catch (IOException | NumberFormatException e) {
      // No /proc: threads keep the CPUs that they have inherited.
    }
    return new BitSet();
  }

  /** Reads the List Format of cpuset(7), such as 0-4,9. */
  static BitSet list(String text) {
    BitSet cpus = new BitSet();
    for (String range : text.split(",", -1)) {
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
      cpus.set(first, Integer.parseInt(range.substring(dash + 1)) + 1);
    }
    return cpus;
  }

  private static boolean isFirstThread() {
    return Libc.threadId() == ProcessHandle.current().pid();
  }

  /** The CPU that the caller runs on, or a random one if it can't be read. */
  private static int current(BitSet allowed) {
    try {
      String stat = Files.readString(STAT_OF_CALLER, StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return Integer.parseInt(fields[PROCESSOR_FIELD]);
    } catch (IOException | RuntimeException e) {
      return ThreadLocalRandom.current().nextInt(allowed.length());
    }
  }
}
