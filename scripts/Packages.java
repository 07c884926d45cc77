// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Counts the packages of a source folder and the arrows between them: see scripts/packages. */
public final class Packages {
  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");

  /** A name in an import, or a whole name in the code, up to its type. */
  private static final Pattern USE = Pattern.compile("\\b((?:[a-z]\\w*\\.)+)[A-Z]\\w*");

  private static final Pattern COMMENT_OR_STRING =
      Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*|\"(?:[^\"\\\\\\n]|\\\\.)*\"");

  /** What each package uses, of those in the folder. */
  private final Map<String, Set<String>> uses = new TreeMap<>();

  private Packages() {}

  public static void main(String[] arguments) throws IOException {
    Packages packages = new Packages();
    packages.read(Path.of(arguments[0]));
    packages.print(arguments.length > 1);
  }

  private void read(Path folder) throws IOException {
    Map<String, List<String>> sources = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        String source = COMMENT_OR_STRING.matcher(Files.readString(file)).replaceAll("");
        Matcher matcher = PACKAGE.matcher(source);
        if (matcher.find()) {
          sources
              .computeIfAbsent(matcher.group(1), name -> new ArrayList<>())
              .add(source.substring(matcher.end()));
        }
      }
    }
    sources.forEach((name, texts) -> uses.put(name, used(name, texts, sources.keySet())));
  }

  private static Set<String> used(String user, List<String> texts, Collection<String> known) {
    Set<String> found = new TreeSet<>();
    for (String text : texts) {
      for (Matcher matcher = USE.matcher(text); matcher.find(); ) {
        String name = matcher.group(1).substring(0, matcher.group(1).length() - 1);
        if (known.contains(name) && !name.equals(user)) {
          found.add(name);
        }
      }
    }
    return found;
  }

  private void print(boolean all) {
    int arrows = uses.values().stream().mapToInt(Set::size).sum();
    List<String> order = order();
    List<String> against = new ArrayList<>();
    for (String user : order) {
      for (String used : uses.get(user)) {
        if (order.indexOf(used) < order.indexOf(user)) {
          against.add(user + " -> " + used);
        }
      }
    }
    List<Set<String>> circles = circles();
    System.out.printf(
        "%d packages, %d arrows, %d circles, %d arrows against the order%n",
        uses.size(), arrows, circles.size(), against.size());
    circles.forEach(circle -> System.out.println("circle: " + String.join(", ", circle)));
    against.forEach(arrow -> System.out.println("against: " + arrow));
    if (all) {
      order.forEach(user -> System.out.println(user + " -> " + String.join(" ", uses.get(user))));
    }
  }

  /** Users before those that they use, as far as that is possible (Eades, Lin and Smyth 1993). */
  private List<String> order() {
    Set<String> left = new TreeSet<>(uses.keySet());
    List<String> front = new ArrayList<>();
    List<String> back = new ArrayList<>();
    while (!left.isEmpty()) {
      String chosen = left.iterator().next();
      int best = Integer.MIN_VALUE;
      boolean isLowest = false;
      for (String each : left) {
        int out = (int) uses.get(each).stream().filter(left::contains).count();
        int in = (int) left.stream().filter(user -> uses.get(user).contains(each)).count();
        int rank = out == 0 || in == 0 ? Integer.MAX_VALUE : out - in;
        if (rank > best) {
          best = rank;
          chosen = each;
          isLowest = out == 0;
        }
      }
      left.remove(chosen);
      if (isLowest) {
        back.addFirst(chosen);
      } else {
        front.add(chosen);
      }
    }
    front.addAll(back);
    return front;
  }

  /** The largest groups of packages that all use each other, directly or not. */
  private List<Set<String>> circles() {
    Map<String, Set<String>> reached = new TreeMap<>();
    for (String each : uses.keySet()) {
      Set<String> seen = new HashSet<>();
      List<String> next = new ArrayList<>(uses.get(each));
      while (!next.isEmpty()) {
        String one = next.removeLast();
        if (seen.add(one)) {
          next.addAll(uses.get(one));
        }
      }
      reached.put(each, seen);
    }
    Set<Set<String>> groups = new LinkedHashSet<>();
    for (String each : uses.keySet()) {
      if (reached.get(each).contains(each)) {
        Set<String> group = new TreeSet<>(reached.get(each));
        group.removeIf(other -> !reached.get(other).contains(each));
        groups.add(group);
      }
    }
    return List.copyOf(groups);
  }
}
