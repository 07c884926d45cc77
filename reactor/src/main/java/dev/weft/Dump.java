// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fibers of a reactor at one moment, as the tree of those that have started them in bundles.
 * {@link #toString} shows it to people, {@link #toJson} to programs.
 *
 * @param reactor which one
 * @param fibers those that are in no bundle, oldest first
 */
public record Dump(String reactor, List<FiberEntry> fibers) {
  /** Copies the list. */
  public Dump {
    fibers = List.copyOf(fibers);
  }

  /** What a fiber does. */
  public enum Activity {
    /** It is running, or has been asked for the dump. */
    RUNNING,
    /** It could run. */
    READY,
    /** It waits in a call of Weft. */
    WAITING,
    /** It waits in a call of the JDK. */
    BLOCKED
  }

  /**
   * One fiber.
   *
   * @param id see {@link Fiber#id}
   * @param name see {@link Fiber#name}
   * @param activity what it does
   * @param cancelled see {@link Fiber#isCancelled}
   * @param waitingFor see {@link Fiber#waitingFor}
   * @param since for how long it has been waiting, to a turn of the reactor; zero if it is not
   * @param deadline how long it will wait yet; null if for ever, or not at all
   * @param stack where it is, innermost frame first, without those of the scheduling
   * @param bundles those that it has open, outermost first
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
   * @param deadline how long it is open at most; null if for ever
   * @param children its fibers, oldest first
   */
  public record BundleEntry(@Nullable Duration deadline, List<FiberEntry> children) {
    /** Copies the list. */
    public BundleEntry {
      children = List.copyOf(children);
    }
  }

  /** One line a fiber and a frame, those in bundles indented. */
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

  /**
   * The same as a JSON object. Times are numbers of milliseconds.
   *
   * @return RFC 8259 text on one line
   */
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
