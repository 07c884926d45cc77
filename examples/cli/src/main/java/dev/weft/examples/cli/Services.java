// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The ports of services, by number or by name (services(5)). */
final class Services {
  private static final Path FILE = Path.of("/etc/services");
  private static final int PORT_MAX = 65_535;
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,5}");
  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final String TCP = "/tcp";

  /** For systems without the file: what is spoken over TLS, and the default. */
  private static final Map<String, Integer> KNOWN =
      Map.of(
          "echo", 7,
          "https", 443,
          "submissions", 465,
          "nntps", 563,
          "ldaps", 636,
          "domain-s", 853,
          "ftps", 990,
          "imaps", 993,
          "pop3s", 995);

  private Services() {}

  /**
   * Finds the TCP port of a service.
   *
   * @throws IllegalArgumentException if there is none
   */
  static int port(String service) throws IOException {
    if (DIGITS.matcher(service).matches()) {
      int port = Integer.parseInt(service);
      if (port >= 1 && port <= PORT_MAX) {
        return port;
      }
      throw new IllegalArgumentException("the port must be from 1 to 65535: " + service);
    }
    if (Files.isReadable(FILE)) {
      for (String line : Files.readAllLines(FILE, StandardCharsets.ISO_8859_1)) {
        int port = port(service, line);
        if (port > 0) {
          return port;
        }
      }
    }
    Integer known = KNOWN.get(service);
    if (known == null) {
      throw new IllegalArgumentException("unknown service: " + service);
    }
    return known;
  }

  /** The port in a line of the file, if the line is about this service; otherwise 0. */
  private static int port(String service, String line) {
    String text = line.replaceFirst("#.*", "").strip();
    List<String> fields = Arrays.asList(BLANKS.split(text));
    if (fields.size() < 2 || !fields.get(1).endsWith(TCP)) {
      return 0;
    }
    String digits = fields.get(1).substring(0, fields.get(1).length() - TCP.length());
    boolean isNamed = fields.get(0).equals(service) || fields.lastIndexOf(service) > 1;
    return isNamed && DIGITS.matcher(digits).matches() ? Integer.parseInt(digits) : 0;
  }
}
