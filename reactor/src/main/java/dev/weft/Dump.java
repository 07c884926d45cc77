// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.fiber.BundleState;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.StrandTraces;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Snapshot of the fibers of a reactor, as a tree of fibers, bundles and their children. {@link
 * #toString} formats it for people, {@link #toJson} for programs.
 */
public final class Dump {

  /** What a fiber is doing. */
  public enum Activity {
    /** It is running. */
    RUNNING,
    /** It is ready to run. */
    READY,
    /** It is suspended in a call of Weft. */
    WAITING,
    /** It is blocked in a call of the JDK. */
    BLOCKED
  }

  private final String reactor;
  private final List<FiberEntry> fibers;

  Dump(String reactor, List<FiberEntry> fibers) {

    this.reactor = reactor;
    this.fibers = List.copyOf(fibers);
  }

  /** One fiber. */
  public static final class FiberEntry {
    private final long id;
    private final String name;
    private final Activity activity;
    private final boolean cancelled;
    private final String waitingFor;
    private final Duration since;
    private final @Nullable Duration deadline;
    private final List<StackTraceElement> stack;
    private final List<BundleEntry> bundles;

    FiberEntry(
        long id,
        String name,
        Activity activity,
        boolean cancelled,
        String waitingFor,
        Duration since,
        @Nullable Duration deadline,
        List<StackTraceElement> stack,
        List<BundleEntry> bundles) {
      this.id = id;
      this.name = name;
      this.activity = activity;
      this.cancelled = cancelled;
      this.waitingFor = waitingFor;
      this.since = since;
      this.deadline = deadline;
      this.stack = List.copyOf(stack);
      this.bundles = List.copyOf(bundles);
    }

    /** {@return see {@link Fiber#id}} */
    public long id() {
      return id;
    }

    /** {@return see {@link Fiber#name}} */
    public String name() {
      return name;
    }

    /** {@return what it is doing} */
    public Activity activity() {
      return activity;
    }

    /** {@return see {@link Fiber#isCancelled}} */
    public boolean cancelled() {
      return cancelled;
    }

    /** {@return see {@link Fiber#waitingFor}} */
    public String waitingFor() {
      return waitingFor;
    }

    /**
     * {@return how long it has been waiting, measured at a turn of the reactor; zero if it is not
     * waiting}
     */
    public Duration since() {
      return since;
    }

    /**
     * {@return the time left until the deadline of its wait; null if it waits without a deadline or
     * is not waiting}
     */
    public @Nullable Duration deadline() {
      return deadline;
    }

    /** {@return its stack trace, innermost frame first, without frames of the scheduler} */
    public List<StackTraceElement> stack() {
      return stack;
    }

    /** {@return the bundles that it has open, outermost first} */
    public List<BundleEntry> bundles() {
      return bundles;
    }
  }

  /** One open bundle. */
  public static final class BundleEntry {
    private final @Nullable String name;
    private final @Nullable Duration deadline;
    private final List<FiberEntry> children;

    BundleEntry(@Nullable String name, @Nullable Duration deadline, List<FiberEntry> children) {
      this.name = name;
      this.deadline = deadline;
      this.children = List.copyOf(children);
    }

    /** {@return its name, see {@link Bundle#named}; null if it has none} */
    public @Nullable String name() {
      return name;
    }

    /** {@return the time left until its deadline; null if it has none} */
    public @Nullable Duration deadline() {
      return deadline;
    }

    /** {@return its fibers, oldest first} */
    public List<FiberEntry> children() {
      return children;
    }
  }

  /** One line for each fiber and each frame; fibers in bundles are indented. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(reactor);
    fibers.forEach(fiber -> write(fiber, 1, text));
    return text.toString();
  }

  private static void write(FiberEntry fiber, int depth, StringBuilder text) {
    String indent = "\n" + "  ".repeat(depth);
    text.append(indent).append(fiber.name).append(" #").append(fiber.id).append(' ');
    text.append(fiber.activity);
    if (fiber.cancelled) {
      text.append(" cancelled");
    }
    if (!fiber.waitingFor.isEmpty()) {
      text.append(" for ").append(fiber.waitingFor);
      text.append(" since ").append(fiber.since.toMillis()).append(" ms");
    }
    if (fiber.deadline != null) {
      text.append(", ").append(fiber.deadline.toMillis()).append(" ms left");
    }
    fiber.stack.forEach(frame -> text.append(indent).append("    at ").append(frame));
    for (BundleEntry bundle : fiber.bundles) {
      text.append(indent).append("  ").append(bundle.name == null ? "bundle" : bundle.name);
      text.append(" of ").append(bundle.children.size());
      if (bundle.deadline != null) {
        text.append(", ").append(bundle.deadline.toMillis()).append(" ms left");
      }
      bundle.children.forEach(child -> write(child, depth + 2, text));
    }
  }

  /** {@return the dump as a JSON object (RFC 8259) on one line; times are in milliseconds} */
  public String toJson() {
    StringBuilder json = new StringBuilder("{\"reactor\":");
    quote(reactor, json);
    json.append(",\"fibers\":");
    writeJson(fibers, json);
    return json.append('}').toString();
  }

  private static void writeJson(List<FiberEntry> fibers, StringBuilder json) {
    String separator = "[";
    for (FiberEntry fiber : fibers) {
      json.append(separator);
      writeJson(fiber, json);
      separator = ",";
    }
    json.append(fibers.isEmpty() ? "[]" : "]");
  }

  private static void writeJson(FiberEntry fiber, StringBuilder json) {
    json.append("{\"id\":").append(fiber.id).append(",\"name\":");
    quote(fiber.name, json);
    json.append(",\"activity\":\"").append(fiber.activity).append("\",\"cancelled\":");
    json.append(fiber.cancelled).append(",\"waitingFor\":");
    quote(fiber.waitingFor, json);
    json.append(",\"sinceMillis\":").append(fiber.since.toMillis());
    json.append(",\"deadlineMillis\":").append(millis(fiber.deadline)).append(",\"stack\":");
    List<String> frames = new ArrayList<>();
    for (StackTraceElement frame : fiber.stack) {
      StringBuilder quoted = new StringBuilder();
      quote(frame.toString(), quoted);
      frames.add(quoted.toString());
    }
    json.append('[').append(String.join(",", frames)).append("],\"bundles\":[");
    String separator = "";
    for (BundleEntry bundle : fiber.bundles) {
      json.append(separator).append("{\"name\":");
      if (bundle.name == null) {
        json.append("null");
      } else {
        quote(bundle.name, json);
      }
      json.append(",\"deadlineMillis\":").append(millis(bundle.deadline));
      json.append(",\"children\":");
      writeJson(bundle.children, json);
      json.append('}');
      separator = ",";
    }
    json.append("]}");
  }

  private static String millis(@Nullable Duration duration) {
    return duration == null ? "null" : Long.toString(duration.toMillis());
  }

  private static void quote(String text, StringBuilder json) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }

  /** Takes a snapshot of the fibers of {@code loop}; {@code reactor} is its name. */
  static Dump of(EventLoop loop, String reactor) {
    return new Builder(loop).take(reactor);
  }

  /** {@return the name of the reactor} */
  public String reactor() {
    return reactor;
  }

  /** {@return the fibers that are in no bundle, oldest first} */
  public List<FiberEntry> fibers() {
    return fibers;
  }

  /** Builds a {@link Dump} of a reactor. */
  private static final class Builder {
    private final EventLoop loop;
    private final long now;

    Builder(EventLoop loop) {
      this.loop = loop;
      now = loop.clock().nanoTime();
    }

    Dump take(String reactor) {
      List<FiberEntry> roots = new ArrayList<>();
      loop.forEachLive(
          strand -> {
            FiberState state = (FiberState) strand.body();
            if (state.bundle() == null || state.bundle().isDetached()) {
              roots.add(entry(state));
            }
          });
      loop.forEachHosted(
          hosted -> {
            if (hosted.isWaiting() || hosted.scope() != null) {
              roots.add(entry((FiberState) hosted.body()));
            }
          });
      roots.sort(Comparator.comparingLong(FiberEntry::id));
      return new Dump(reactor, roots);
    }

    private FiberEntry entry(FiberState state) {
      Strand strand = state.strand();
      boolean waiting = strand.state() == Strand.State.PARKED;
      return new FiberEntry(
          state.id(),
          state.toString(),
          activity(strand),
          strand.isCancelled(),
          strand.waiting.description(),
          waiting ? Duration.ofNanos(now - strand.waiting.since()) : Duration.ZERO,
          waiting ? left(strand.waiting.deadline()) : null,
          StrandTraces.frames(strand),
          bundles(strand));
    }

    private static Activity activity(Strand strand) {
      if (strand.state() == Strand.State.RUNNING
          && strand instanceof HostedStrand hosted
          && !hosted.isRunning()) {
        return Activity.WAITING; // its routine is suspended; its host decides when to resume it
      }
      return switch (strand.state()) {
        case NEW, READY, YIELDING -> Activity.READY;
        case RUNNING, ENDED -> Activity.RUNNING;
        case PARKED -> Activity.WAITING;
        case BLOCKED -> Activity.BLOCKED;
      };
    }

    private List<BundleEntry> bundles(Strand strand) {
      List<BundleEntry> entries = new ArrayList<>();
      for (Scope scope = strand.scope(); scope != null; scope = scope.outer()) {
        BundleState bundle = BundleState.of(scope);
        if (bundle != null) {
          entries.addFirst(
              new BundleEntry(bundle.name(), left(scope.deadline()), children(bundle)));
        }
      }
      return entries;
    }

    private List<FiberEntry> children(BundleState bundle) {
      List<FiberEntry> entries = new ArrayList<>();
      for (FiberState child = bundle.firstChild(); child != null; child = child.nextSibling()) {
        entries.add(entry(child));
      }
      return entries;
    }

    private @Nullable Duration left(long deadline) {
      return deadline == TimerQueue.NEVER ? null : Duration.ofNanos(Math.max(deadline - now, 0));
    }
  }
}
