// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Snapshot of the fibers of a reactor, as a tree of fibers, bundles and their children. {@link
 * #toString} formats it for people, {@link #toJson} for programs.
 *
 * @param reactor the name of the reactor
 * @param fibers the fibers that are in no bundle, oldest first
 */
public record Dump(String reactor, List<FiberEntry> fibers) {
  /** Copies the list. */
  public Dump {
    fibers = List.copyOf(fibers);
  }

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

  /**
   * One fiber.
   *
   * @param id see {@link Fiber#id}
   * @param name see {@link Fiber#name}
   * @param activity what it is doing
   * @param cancelled see {@link Fiber#isCancelled}
   * @param waitingFor see {@link Fiber#waitingFor}
   * @param since how long it has been waiting, measured at a turn of the reactor; zero if it is not
   *     waiting
   * @param deadline the time left until the deadline of its wait; null if it waits without a
   *     deadline or is not waiting
   * @param stack its stack trace, innermost frame first, without frames of the scheduler
   * @param bundles the bundles that it has open, outermost first
   */
  public record FiberEntry(
      long id,
      String name,
      Activity activity,
      boolean cancelled,
      String waitingFor,
      Duration since,
      @Nullable Duration deadline,
      List<StackTraceElement> stack,
      List<BundleEntry> bundles) {
    /** Copies the lists. */
    public FiberEntry {
      stack = List.copyOf(stack);
      bundles = List.copyOf(bundles);
    }
  }

  /**
   * One open bundle.
   *
   * @param deadline the time left until its deadline; null if it has none
   * @param children its fibers, oldest first
   */
  public record BundleEntry(@Nullable Duration deadline, List<FiberEntry> children) {
    /** Copies the list. */
    public BundleEntry {
      children = List.copyOf(children);
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
      text.append(indent).append("  bundle of ").append(bundle.children.size());
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
      json.append(separator).append("{\"deadlineMillis\":").append(millis(bundle.deadline));
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
}
