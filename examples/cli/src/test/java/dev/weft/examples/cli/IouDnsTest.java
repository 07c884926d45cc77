// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IouDnsTest {
  private static final String[] ZONE = {
    "one.test. A 10.1.2.3",
    "one.test. AAAA fd00::1",
    "alias.test. CNAME one.test.",
    "3.2.1.10.in-addr.arpa. PTR one.test.",
    "3.2.1.10.in-addr.arpa. PTR also.test.",
    "fails.test. SERVFAIL",
  };

  private static ChildProcess start(NameServer server, String... words) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--server", server.address(), "--resolv-conf", "/dev/null"));
    arguments.addAll(List.of("--hosts", "/dev/null"));
    arguments.addAll(List.of(words));
    return ChildProcess.start(Main.class, "iou_dns", arguments.toArray(String[]::new));
  }

  private static List<String> sorted(String output) {
    return output.lines().sorted().toList();
  }

  private static void giveAll(ChildProcess program, byte[] input) throws IOException {
    try (OutputStream out = program.process.getOutputStream()) {
      out.write(input);
    }
  }

  @Test
  void anAliasIsFollowedToItsAddresses() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server, "alias.test")) {
      assertEquals(
          """
          alias.test is one.test
          one.test is fd00::1
          one.test is 10.1.2.3
          """,
          program.output());
      assertEquals("", program.errors());
      assertEquals(0, program.status());
    }
  }

  /** ioucontext prints {@code One.tesT} for {@code one.test}. */
  @Test
  void namesArePrintedAsTheyWereAskedFor() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server, "ONE.test", "one.TEST")) {
      assertEquals(
          List.of(
              "ONE.test is 10.1.2.3",
              "ONE.test is fd00::1",
              "one.TEST is 10.1.2.3",
              "one.TEST is fd00::1"),
          sorted(program.output()));
      assertEquals(0, program.status());
    }
  }

  @Test
  void anAddressIsLookedUpInReverse() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server, "10.1.2.3", "10.9.9.9", "::9")) {
      assertEquals(
          List.of(
              "10.1.2.3 is also.test",
              "10.1.2.3 is one.test",
              "10.9.9.9 is 10.9.9.9",
              "::9 is ::9"),
          sorted(program.output()));
      assertEquals("", program.errors());
      assertEquals(0, program.status());
    }
  }

  /** ioucontext's ends with 0 in every case. */
  @Test
  void theStatusSaysWhetherALookupFailed() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server, "nope.test", "one.test", "fails.test", "")) {
      assertEquals(
          List.of("one.test is 10.1.2.3", "one.test is fd00::1"), sorted(program.output()));
      assertEquals(
          List.of(
              ": the name is empty",
              "fails.test: " + server.address() + ": SERVFAIL",
              "nope.test: no such name (NXDOMAIN)"),
          sorted(program.errors()));
      assertEquals(1, program.status());
    }
  }

  @Test
  void withoutArgumentsWordsAreReadFromStandardInputAndAnsweredAsTheyCome() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server)) {
      OutputStream input = program.process.getOutputStream();
      input.write("one.test".getBytes(UTF_8));
      input.flush();
      input.write("\n10.1".getBytes(UTF_8));
      input.flush();
      BufferedReader output = program.process.inputReader();
      assertEquals("one.test is fd00::1", output.readLine());
      assertEquals("one.test is 10.1.2.3", output.readLine());
      giveAll(program, ".2.9 \t \r\n fails.test".getBytes(UTF_8));
      assertEquals("10.1.2.9 is 10.1.2.9", output.readLine());
      assertEquals(null, output.readLine());
      assertEquals("fails.test: " + server.address() + ": SERVFAIL", program.errors());
      assertEquals(1, program.status());
    }
  }

  @Test
  void emptyInputHasNoOutput() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server)) {
      program.process.getOutputStream().close();
      assertEquals("", program.output());
      assertEquals("", program.errors());
      assertEquals(0, program.status());
    }
  }

  @Test
  void aWordThatIsTooLongIsReportedAndTheOthersAreLookedUp() throws Exception {
    try (NameServer server = new NameServer(ZONE);
        ChildProcess program = start(server)) {
      giveAll(program, ("x".repeat(200_000) + " 10.1.2.9\n").getBytes(UTF_8));
      assertEquals("10.1.2.9 is 10.1.2.9\n", program.output());
      assertEquals("standard input: a word is longer than 1024 bytes", program.errors());
      assertEquals(1, program.status());
    }
  }

  @Test
  void manyNamesAreLookedUpAtOnce() throws Exception {
    int count = 1000;
    String[] zone = new String[count];
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < count; i++) {
      zone[i] = "n" + i + ".test. A 10.1." + i / 256 + "." + i % 256;
      words.append("n").append(i).append(".test\n");
    }
    try (NameServer server = new NameServer(zone);
        ChildProcess program = start(server)) {
      giveAll(program, words.toString().getBytes(UTF_8));
      List<String> lines = program.output().lines().toList();
      assertEquals(count, lines.size());
      assertTrue(lines.contains("n999.test is 10.1.3.231"));
      assertEquals(0, program.status());
    }
  }

  @Test
  void aReaderThatLeavesEndsItSilently() throws Exception {
    String line = "\"$@\" | true; exit ${PIPESTATUS[0]}";
    try (ChildProcess program =
        ChildProcess.shell(Main.class, line, "iou_dns", "--hosts", "/dev/null", "localhost")) {
      assertEquals("", program.errors());
      assertEquals(141, program.status());
    }
  }

  @Test
  void anOutputThatIsFullIsReported() throws Exception {
    try (ChildProcess program =
        ChildProcess.shell(
            Main.class, "exec \"$@\" >/dev/full", "iou_dns", "--hosts", "/dev/null", "localhost")) {
      assertEquals("iou_dns: standard output: No space left on device", program.errors());
      assertEquals(1, program.status());
    }
  }

  @Test
  void aConfigurationThatCannotBeReadIsReported() throws Exception {
    try (ChildProcess program =
        ChildProcess.start(
            Main.class, "iou_dns", "--resolv-conf", "/", "--hosts", "/dev/null", "one.test")) {
      assertEquals("one.test: Is a directory", program.errors());
      assertEquals(1, program.status());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0:0:0:0:0:0:0:0, ::",
    "::1, ::1",
    "1::, 1::",
    "fd00:0:0:1:0:0:0:1, fd00:0:0:1::1",
    "1:0:2:0:3:0:4:0, 1:0:2:0:3:0:4:0",
    "10.0.0.0, 10.0.0.0",
  })
  void addressesArePrintedInTheirUsualNotation(String address, String text) {
    assertEquals(text, IouDns.text(InetAddress.ofLiteral(address)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bogus|Unknown option: '--bogus'",
        "--server=nowhere|--server: not HOST:PORT or [IPV6]:PORT: nowhere",
        "--server=127.0.0.1:x|--server: the port must be from 0 to 65535: 127.0.0.1:x",
        "--server=127.0.0.1:0|a name server needs an address and a port: /127.0.0.1:0",
      })
  void badArgumentsAreRefused(String argument, String message) throws Exception {
    try (ChildProcess program = ChildProcess.start(Main.class, "iou_dns", argument)) {
      assertEquals(ChildProcess.refusal("iou_dns", message), program.errors());
      assertEquals(2, program.status());
    }
  }
}
