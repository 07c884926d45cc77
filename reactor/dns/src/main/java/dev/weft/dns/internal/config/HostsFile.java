// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.config;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What hosts(5) says. Lines that do not begin with an address are skipped. */
public final class HostsFile {
  /** The file may not be longer. */
  public static final int BYTES_MAX = 1 << 25;

  /**
   * A host.
   *
   * @param name the first name on its first line
   * @param addresses in the order of the file
   */
  public record Host(String name, List<InetAddress> addresses) {}

  private final Map<String, Host> byName = new HashMap<>();
  private final Map<InetAddress, List<String>> byAddress = new HashMap<>();

  private HostsFile() {}

  /** Parses the file's content. */
  public static HostsFile parse(String text) {
    HostsFile hosts = new HostsFile();
    text.lines().forEach(hosts::line);
    return hosts;
  }

  private void line(String line) {
    int comment = line.indexOf('#');
    String[] words = (comment < 0 ? line : line.substring(0, comment)).strip().split("\\s+", -1);
    if (words.length < 2) {
      return;
    }
    InetAddress address;
    try {
      address = InetAddress.ofLiteral(words[0]);
    } catch (IllegalArgumentException e) {
      return;
    }
    List<String> names = byAddress.computeIfAbsent(address, key -> new ArrayList<>(1));
    for (int i = 1; i < words.length; i++) {
      names.add(words[i]);
      byName
          .computeIfAbsent(key(words[i]), key -> new Host(words[1], new ArrayList<>(1)))
          .addresses
          .add(address);
    }
  }

  private static String key(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  /** The host of that name, in any case, with or without a dot at its end. */
  public @Nullable Host find(String name) {
    return byName.get(key(name));
  }

  /** The names of an address in the order of the file, the first one first; none if it has none. */
  public List<String> names(InetAddress address) {
    return byAddress.getOrDefault(address, List.of());
  }
}
