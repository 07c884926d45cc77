// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.dns.internal.config.HostsFile;
import dev.weft.dns.internal.config.ResolvConf;
import dev.weft.dns.internal.message.Names;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.Name;

@Tag("mode-independent")
class ConfigFilesTest {
  private static List<String> texts(ResolvConf conf) {
    return conf.servers().stream()
        .map(server -> server.getAddress().getHostAddress() + " " + server.getPort())
        .toList();
  }

  @Test
  void anEmptyFileMeansTheServerOfThisMachine() {
    ResolvConf conf = ResolvConf.parse("");
    assertEquals(List.of("127.0.0.1 53"), texts(conf));
    assertEquals(List.of(), conf.search());
    assertEquals(1, conf.ndots());
    assertEquals(5, conf.timeoutSeconds());
    assertEquals(2, conf.attempts());
    assertTrue(!conf.rotate() && !conf.useTcp());
  }

  @Test
  void everyKeywordIsTaken() {
    ResolvConf conf =
        ResolvConf.parse(
            """
            # a comment
            ; another
            nameserver 10.0.0.1
              nameserver\tfd00::1\s
            domain first.test
            search a.test  b.test
            sortlist 10.0.0.0
            options ndots:3 timeout:7 attempts:4 rotate edns0 unknown
            options use-vc
            """);
    assertEquals(List.of("10.0.0.1 53", "fd00:0:0:0:0:0:0:1 53"), texts(conf));
    assertEquals(List.of("a.test", "b.test"), Names.texts(conf.search()));
    assertEquals(3, conf.ndots());
    assertEquals(7, conf.timeoutSeconds());
    assertEquals(4, conf.attempts());
    assertTrue(conf.rotate() && conf.useTcp());
  }

  @Test
  void theLastOfDomainAndSearchHolds() {
    assertEquals(
        List.of("c.test"),
        Names.texts(ResolvConf.parse("search a.test b.test\ndomain c.test d.test").search()));
  }

  @Test
  void whatIsMalformedIsSkippedAndNumbersAreLimited() {
    ResolvConf conf =
        ResolvConf.parse(
            """
            nameserver
            nameserver nowhere
            nameserver 10.0.0.1
            search a..b good.test
            options ndots:99 timeout:0 attempts:x attempts: ndots
            """);
    assertEquals(List.of("10.0.0.1 53"), texts(conf));
    assertEquals(List.of("good.test"), Names.texts(conf.search()));
    assertEquals(15, conf.ndots());
    assertEquals(1, conf.timeoutSeconds());
    assertEquals(2, conf.attempts());
  }

  @Test
  void serversAndSearchDomainsAreLimited() {
    String servers = "nameserver 10.0.0.1\n".repeat(100);
    String search = "search " + "a.test ".repeat(100);
    assertEquals(8, ResolvConf.parse(servers).servers().size());
    assertEquals(32, ResolvConf.parse(search).search().size());
  }

  @Test
  void hostsAreFoundByAnyOfTheirNamesAndByAddress() {
    HostsFile hosts =
        HostsFile.parse(
            """
            # comment
            10.1.2.3\tone.test  one  # the first
            fd00::1 one.test
            10.1.2.4
            nowhere two.test
            10.1.2.5 Three.Test.
            """);
    HostsFile.Host one = hosts.find("ONE");
    assertEquals("one.test", one.name());
    assertEquals(List.of(InetAddress.ofLiteral("10.1.2.3")), one.addresses());
    assertEquals(2, hosts.find("one.test.").addresses().size());
    assertEquals("Three.Test.", hosts.find("three.test").name());
    assertNull(hosts.find("two.test"));
    assertEquals(List.of("one.test", "one"), hosts.names(InetAddress.ofLiteral("10.1.2.3")));
    assertEquals(List.of(), hosts.names(InetAddress.ofLiteral("10.1.2.4")));
  }

  @ParameterizedTest
  @CsvSource({
    "one, 1, one.a.test one.b.test one",
    "one.two, 1, one.two one.two.a.test one.two.b.test",
    "one.two, 2, one.two.a.test one.two.b.test one.two",
    "one, 0, one one.a.test one.b.test",
    "one., 1, one",
    "., 1, .",
  })
  void theCandidatesOfANameAreInTheOrderOfTheSearch(String text, int ndots, String candidates)
      throws Exception {
    List<Name> search = List.of(Name.fromString("a.test."), Name.fromString("b.test."));
    assertEquals(
        List.of(candidates.split(" ")), Names.texts(Names.candidates(text, search, ndots)));
  }

  @Test
  void aSearchDomainThatMakesTheNameTooLongIsSkipped() throws Exception {
    String label = "a".repeat(60);
    String text = String.join(".", label, label, label, label);
    List<Name> search = List.of(Name.fromString(label + ".test."));
    assertEquals(List.of(text), Names.texts(Names.candidates(text, search, 1)));
  }

  @Test
  void optionsThatMakeNoSenseAreRefused() {
    ResolverOptions options = ResolverOptions.defaults();
    List<InetSocketAddress> unresolved =
        List.of(InetSocketAddress.createUnresolved("one.test", 53));
    assertThrows(IllegalArgumentException.class, () -> options.withServers(unresolved));
    assertThrows(IllegalArgumentException.class, () -> options.withSearch(List.of("a..b")));
    assertThrows(IllegalArgumentException.class, () -> options.withNdots(16));
    assertThrows(IllegalArgumentException.class, () -> options.withTimeout(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> options.withAttempts(0));
    assertThrows(IllegalArgumentException.class, () -> options.withCacheBytes(-1));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> options.withQueriesMax(0));
    assertEquals("queriesMax must be from 1 to 65536: 0", e.getMessage());
  }
}
