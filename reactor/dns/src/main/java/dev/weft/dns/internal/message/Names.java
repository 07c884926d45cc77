// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.message;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.TextParseException;

/** Names of hosts as users write them. */
public final class Names {
  private static final int ASCII_MAX = 127;

  private Names() {}

  /**
   * The domain name that a text is.
   *
   * @throws TextParseException with the reason if it is none
   */
  public static Name absolute(String text) throws TextParseException {
    return check(text).isEmpty() ? Name.root : Name.fromString(text, Name.root);
  }

  private static String check(String text) throws TextParseException {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > ASCII_MAX || text.charAt(i) <= ' ') {
        throw new TextParseException(
            "not a domain name: the character at " + i + " is not of ASCII, or not visible");
      }
    }
    return text;
  }

  /**
   * The names that a text stands for, in the order in which they are tried (resolv.conf(5)).
   *
   * @param search the domains that may be appended
   * @param ndots with so many dots the text is first tried as it is
   * @throws TextParseException with the reason if it is no domain name
   */
  public static List<Name> candidates(String text, List<Name> search, int ndots)
      throws TextParseException {
    Name asIs = absolute(text);
    if (text.endsWith(".")) {
      return List.of(asIs);
    }
    Name relative = asIs.relativize(Name.root);
    boolean first = relative.labels() > ndots; // one more than dots
    Collection<Name> names = new LinkedHashSet<>();
    if (first) {
      names.add(asIs);
    }
    for (Name domain : search) {
      try {
        names.add(Name.concatenate(relative, domain));
      } catch (NameTooLongException e) {
        // there is no such name
      }
    }
    names.add(asIs);
    return new ArrayList<>(names);
  }

  /** Whether it is the name of this machine that needs no server (RFC 6761, section 6.3). */
  public static boolean isLocalhost(String text) {
    String name = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    int start = name.length() - "localhost".length();
    return name.regionMatches(true, start, "localhost", 0, "localhost".length())
        && (start == 0 || name.charAt(start - 1) == '.');
  }

  /** The usual notation, without a dot at the end. */
  public static List<String> texts(List<Name> names) {
    return names.stream().map(name -> name.toString(true)).toList();
  }
}
