// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * What resolv.conf(5) says. What is malformed or unknown is skipped, as the C library does, and
 * numbers are limited to its limits.
 *
 * @param servers the name servers in their order; the one of this machine if none is named
 * @param search the domains that are appended to names
 * @param ndots with so many dots, a name is first tried as it is
 * @param timeoutSeconds how long one query may take
 * @param attempts how often each server is asked
 * @param rotate whether questions start with one server after the other
 * @param useTcp whether all questions are asked over TCP
 */
public record ResolvConf(
    List<InetSocketAddress> servers,
    List<Name> search,
    int ndots,
    int timeoutSeconds,
    int attempts,
    boolean rotate,
    boolean useTcp) {
  public static final int PORT = 53;
  public static final int NDOTS_MAX = 15;
  public static final int TIMEOUT_SECONDS_MAX = 30;
  public static final int ATTEMPTS_MAX = 5;

  /** The C library takes three. */
  public static final int SERVERS_MAX = 8;

  public static final int SEARCH_MAX = 32;

  /** The file may not be longer. */
  public static final int BYTES_MAX = 1 << 16;

  private static final int NDOTS_DEFAULT = 1;
  private static final int TIMEOUT_SECONDS_DEFAULT = 5;
  private static final int ATTEMPTS_DEFAULT = 2;
  private static final InetSocketAddress LOCAL =
      new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), PORT);

  public ResolvConf {
    servers = List.copyOf(servers);
    search = List.copyOf(search);
  }

  /** Parses the file's content. */
  public static ResolvConf parse(String text) {
    Parser parser = new Parser();
    text.lines().forEach(parser::line);
    return parser.result();
  }

  private static final class Parser {
    private final List<InetSocketAddress> servers = new ArrayList<>();
    private List<Name> search = List.of();
    private int ndots = NDOTS_DEFAULT;
    private int timeoutSeconds = TIMEOUT_SECONDS_DEFAULT;
    private int attempts = ATTEMPTS_DEFAULT;
    private boolean rotate;
    private boolean useTcp;

    void line(String line) {
      if (line.startsWith("#") || line.startsWith(";")) {
        return;
      }
      String[] words = line.strip().split("\\s+", -1);
      switch (words[0]) {
        case "nameserver" -> server(words);
        case "domain" -> search = domains(words, 2);
        case "search" -> search = domains(words, words.length);
        case "options" -> {
          for (int i = 1; i < words.length; i++) {
            option(words[i]);
          }
        }
        default -> {} // sortlist, and what other systems have
      }
    }

    private void server(String[] words) {
      if (words.length < 2 || servers.size() == SERVERS_MAX) {
        return;
      }
      try {
        servers.add(new InetSocketAddress(InetAddress.ofLiteral(words[1]), PORT));
      } catch (IllegalArgumentException e) {
        // not an address: skipped
      }
    }

    private static List<Name> domains(String[] words, int end) {
      List<Name> domains = new ArrayList<>();
      for (int i = 1; i < Math.min(end, words.length) && domains.size() < SEARCH_MAX; i++) {
        try {
          domains.add(Name.fromString(words[i], Name.root));
        } catch (TextParseException e) {
          // not a domain: skipped
        }
      }
      return domains;
    }

    private void option(String option) {
      int colon = option.indexOf(':');
      String name = colon < 0 ? option : option.substring(0, colon);
      String value = colon < 0 ? "" : option.substring(colon + 1);
      switch (name) {
        case "ndots" -> ndots = number(value, 0, NDOTS_MAX, ndots);
        case "timeout" -> timeoutSeconds = number(value, 1, TIMEOUT_SECONDS_MAX, timeoutSeconds);
        case "attempts" -> attempts = number(value, 1, ATTEMPTS_MAX, attempts);
        case "rotate" -> rotate = true;
        case "use-vc" -> useTcp = true;
        default -> {} // EDNS is used with or without edns0
      }
    }

    private static int number(String text, int min, int max, int otherwise) {
      try {
        return Math.clamp(Long.parseLong(text), min, max);
      } catch (NumberFormatException e) {
        return otherwise;
      }
    }

    ResolvConf result() {
      return new ResolvConf(
          servers.isEmpty() ? List.of(LOCAL) : servers,
          search,
          ndots,
          timeoutSeconds,
          attempts,
          rotate,
          useTcp);
    }
  }
}
