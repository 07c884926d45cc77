// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws a bar chart as SVG for each JSON file of a folder. A chart has sections of bars, side by
 * side in columns. Started from source by {@code scripts/plot}; needs nothing but the JDK.
 */
public final class Plot {
  private static final int COLUMN_WIDTH = 430;
  private static final int NAME_WIDTH = 150;
  private static final int VALUE_WIDTH = 80;
  private static final int MARGIN = 20;
  private static final int BAR_STEP = 19;
  private static final int BAR_HEIGHT = 12;
  private static final int SECTION_HEAD = 30;
  private static final int TITLE_HEIGHT = 62;
  private static final int NOTE_STEP = 16;

  /** The background changes with the colours, so that the text is readable on any page. */
  private static final String STYLE =
      """
        <style>
          text { font: 12px sans-serif; fill: #1f2328; }
          .title { font-size: 16px; font-weight: bold; }
          .section { font-weight: bold; }
          .note { font-size: 11px; fill: #57606a; }
          .page { fill: #ffffff; }
          .ours { fill: #0969da; }
          .ours-range { fill: #54aeff; }
          .other { fill: #8c959f; }
          .other-range { fill: #c6ccd2; }
          .line { stroke: #57606a; stroke-dasharray: 3 3; }
          @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; }
            .note { fill: #9198a1; }
            .page { fill: #0d1117; }
            .ours { fill: #4493f8; }
            .ours-range { fill: #a5d0ff; }
            .other { fill: #656c76; }
            .other-range { fill: #9198a1; }
            .line { stroke: #9198a1; }
          }
        </style>
      """;

  private final Map<String, Object> chart;
  private final StringBuilder svg = new StringBuilder();

  private Plot(Map<String, Object> chart) {
    this.chart = chart;
  }

  public static void main(String[] args) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(args[0]), "*.json")) {
      for (Path file : files) {
        Plot plot = new Plot(map(new Json(Files.readString(file)).read()));
        String name = file.getFileName().toString().replace(".json", ".svg");
        Files.writeString(file.resolveSibling(name), plot.draw());
      }
    }
  }

  private String draw() {
    List<Map<String, Object>> sections = maps(chart.get("sections"));
    int columns = (int) number(chart.get("columns"));
    List<?> notes = (List<?>) chart.get("notes");
    int y = TITLE_HEIGHT;
    StringBuilder all = new StringBuilder();
    for (int first = 0; first < sections.size(); first += columns) {
      int rows = 0;
      for (int i = first; i < Math.min(first + columns, sections.size()); i++) {
        drawSection(sections.get(i), MARGIN + (i - first) * COLUMN_WIDTH, y);
        rows = Math.max(rows, maps(sections.get(i).get("bars")).size());
      }
      y += SECTION_HEAD + rows * BAR_STEP;
    }
    y += MARGIN;
    for (Object note : notes) {
      text("note", MARGIN, y, "start", note.toString());
      y += NOTE_STEP;
    }
    int width = columns * COLUMN_WIDTH + MARGIN;
    String size = "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"".formatted(width, y, width, y);
    all.append("<svg xmlns=\"http://www.w3.org/2000/svg\" ").append(size).append(" role=\"img\">\n");
    all.append("  <title>").append(escaped(string("title"))).append("</title>\n").append(STYLE);
    all.append("  <rect class=\"page\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n").append(svg);
    svg.setLength(0);
    text("title", MARGIN, 26, "start", string("title"));
    text("note", MARGIN, 44, "start", string("subtitle"));
    return all.append(svg).append("</svg>\n").toString();
  }

  private void drawSection(Map<String, Object> section, int x, int top) {
    text("section", x, top + 20, "start", section.get("name").toString());
    int y = top + SECTION_HEAD;
    int left = x + NAME_WIDTH;
    for (Map<String, Object> bar : maps(section.get("bars"))) {
      int base = y + BAR_HEIGHT - 2;
      text("name", left - 8, base, "end", bar.get("name").toString());
      if (bar.get("value") == null) {
        text("note", left + 4, base, "start", "not measured");
      } else {
        drawBar(bar, left, y);
      }
      y += BAR_STEP;
    }
    if (chart.get("reference") != null) {
      double at = left + length(number(chart.get("reference")));
      append("<line class=\"line\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", at,
          top + SECTION_HEAD - 4, at, y - 3);
    }
  }

  private void drawBar(Map<String, Object> bar, int left, int y) {
    double value = number(bar.get("value"));
    double to = bar.containsKey("to") ? number(bar.get("to")) : value;
    String kind = bar.containsKey("ours") ? "ours" : "other";
    rectangle(kind, left, y, length(value));
    if (to > value) {
      rectangle(kind + "-range", left + length(value), y, length(to) - length(value));
    }
    String label = rounded(value) + (to > value ? " to " + rounded(to) : "");
    text("value", left + length(to) + 6, y + BAR_HEIGHT - 2, "start", label + string("unit"));
  }

  /** With as many decimals as the chart has; whole numbers of a chart with one have none. */
  private String rounded(double value) {
    String format = "%." + (int) number(chart.get("decimals")) + "f";
    return format(format, value).replaceFirst("\\.0$", "");
  }

  /** The length of a bar, so that the longest one just leaves room for its label. */
  private double length(double value) {
    double max = 0;
    for (Map<String, Object> section : maps(chart.get("sections"))) {
      for (Map<String, Object> bar : maps(section.get("bars"))) {
        if (bar.get("value") != null) {
          max = Math.max(max, number(bar.getOrDefault("to", bar.get("value"))));
        }
      }
    }
    double from = number(chart.get("from"));
    double part =
        string("scale").equals("log")
            ? Math.log(value / from) / Math.log(max / from)
            : (value - from) / (max - from);
    return part * (COLUMN_WIDTH - NAME_WIDTH - VALUE_WIDTH);
  }

  private void rectangle(String kind, double x, int y, double width) {
    append("<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", kind, x, y, width,
        BAR_HEIGHT);
  }

  private void text(String kind, double x, int y, String anchor, String text) {
    append("<text class=\"%s\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>", kind, x, y, anchor,
        escaped(text));
  }

  private void append(String element, Object... values) {
    svg.append("  ").append(format(element, values)).append('\n');
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private String string(String name) {
    return chart.get(name).toString();
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> maps(Object value) {
    return (List<Map<String, Object>>) value;
  }

  /** Reads JSON that is correct; of escapes in strings there are none in these files. */
  private static final class Json {
    private final String text;
    private int at;

    Json(String text) {
      this.text = text;
    }

    Object read() {
      return switch (next()) {
        case '{' -> object();
        case '[' -> array();
        case '"' -> string();
        default -> word();
      };
    }

    /** The next character that is no white space, which stays the next one. */
    private char next() {
      while (Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      return text.charAt(at);
    }

    private boolean skip(char expected) {
      boolean isThere = next() == expected;
      at += isThere ? 1 : 0;
      return isThere;
    }

    private void require(char expected) {
      if (!skip(expected)) {
        throw new IllegalArgumentException("expected " + expected + " at character " + at);
      }
    }

    private Map<String, Object> object() {
      Map<String, Object> members = new LinkedHashMap<>();
      require('{');
      while (!skip('}')) {
        String name = string();
        require(':');
        members.put(name, read());
        if (next() != '}') {
          require(',');
        }
      }
      return members;
    }

    private List<Object> array() {
      List<Object> elements = new ArrayList<>();
      require('[');
      while (!skip(']')) {
        elements.add(read());
        if (next() != ']') {
          require(',');
        }
      }
      return elements;
    }

    private String string() {
      require('"');
      int end = text.indexOf('"', at);
      String value = text.substring(at, end);
      at = end + 1;
      return value;
    }

    private Object word() {
      int begin = at;
      while (",]} \n".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      String word = text.substring(begin, at);
      return switch (word) {
        case "null" -> null;
        case "true", "false" -> Boolean.valueOf(word);
        default -> Double.valueOf(word);
      };
    }
  }
}
