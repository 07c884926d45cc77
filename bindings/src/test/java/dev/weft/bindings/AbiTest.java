// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares the generated bindings with the C compiler and the headers of this machine. */
class AbiTest {
  private static final Path MODULE =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
  private static final Path HEADER =
      Path.of(
          System.getProperty("weft.native.header", MODULE.resolve("../native/weft.h").toString()));

  @TempDir Path scratch;

  // Loaded first: reading a descriptor initialises the class that looks up its function.
  @BeforeAll
  static void load() {
    NativeLibrary.load();
  }

  private final List<Claim> claims = GeneratedBindings.claims();

  @Test
  void everySizeOffsetConstantAndSignatureMatchesTheCompiler() throws IOException {
    assertEquals(List.of(), differences(claims, HEADER));
  }

  @Test
  void everyNameOfTheFilterIsBound() throws IOException {
    Set<String> bound = new TreeSet<>();
    GeneratedBindings.structs().forEach(type -> bound.add("struct " + type.getSimpleName()));
    GeneratedBindings.constants().keySet().forEach(name -> bound.add("constant " + name));
    GeneratedBindings.functions().keySet().forEach(name -> bound.add("function " + name));

    Set<String> wanted =
        Files.readAllLines(MODULE.resolve("weft.filter")).stream()
            .filter(line -> line.startsWith("--include-"))
            .map(line -> line.substring("--include-".length()))
            .collect(Collectors.toCollection(TreeSet::new));

    assertEquals(wanted, bound);
  }

  @Test
  void everyBoundFunctionIsInTheLibrary() {
    for (String function : GeneratedBindings.functions().keySet()) {
      assertNotEquals(MemorySegment.NULL, GeneratedBindings.address(function), function);
    }
  }

  @Test
  void aMovedFieldIsReportedOnceByName() throws IOException {
    List<Claim> moved = altered("offsetof(struct io_uring_cqe, res)", "12");

    assertEquals(
        List.of("offsetof(struct io_uring_cqe, res): the bindings say 12, C says 8"),
        differences(moved, HEADER));
  }

  @Test
  void aChangedConstantIsReportedOnceByName() throws IOException {
    List<Claim> renumbered = altered("IORING_OP_ACCEPT", "4 bytes 0xe");

    assertEquals(
        List.of("IORING_OP_ACCEPT: the bindings say 4 bytes 0xe, C says 4 bytes 0xd"),
        differences(renumbered, HEADER));
  }

  @Test
  void aChangedSignatureIsReportedOnceByName() throws IOException {
    List<Claim> narrowed = altered("weft_write()", "int4(int4, pointer8, int4)");

    assertEquals(
        List.of(
            "weft_write(): the bindings say int4(int4, pointer8, int4),"
                + " C says int4(int4, pointer8, int8)"),
        differences(narrowed, HEADER));
  }

  @Test
  void eachDeclarationRemovedFromTheHeaderIsReportedOnce() throws IOException {
    List<Claim> more = new ArrayList<>(claims);
    more.add(Claim.ofConstant("IORING_NO_SUCH", 1));
    more.add(Claim.ofNumber("no field", 0, "offsetof(struct io_uring_sqe, no_such)"));
    more.add(Claim.ofSignature("weft_no_such", "int4()"));

    List<String> differences = differences(more, HEADER);

    assertEquals(3, differences.size(), differences::toString);
    assertTrue(differences.get(0).startsWith("IORING_NO_SUCH: "), differences::toString);
    assertTrue(differences.get(1).startsWith("no field: "), differences::toString);
    assertTrue(differences.get(2).startsWith("weft_no_such(): "), differences::toString);
  }

  @Test
  void eachChangeOfTheHeaderIsReportedOnce() throws IOException {
    String changed =
        Files.readString(HEADER)
            .replace("weft_listen(int fd, int backlog)", "weft_listen(int fd, const char *backlog)")
            .replace("void *mask, unsigned bytes);\nint weft_set", "void *mask);\nint weft_set")
            .replace("WEFT_OP_PIPE = 62", "WEFT_OP_PIPE = 63")
            .replaceAll("(WEFT_CQE_F_BUF_MORE +)\\(1U", "$1(1ULL");

    List<String> differences =
        differences(claims, Files.writeString(scratch.resolve("changed.h"), changed));

    assertEquals(
        List.of(
            "WEFT_CQE_F_BUF_MORE: the bindings say 4 bytes 0x10, C says 8 bytes 0x10",
            "WEFT_OP_PIPE: the bindings say 4 bytes 0x3e, C says 4 bytes 0x3f",
            "weft_get_affinity(): the bindings say int4(pointer8, int4), C says int4(pointer8)",
            "weft_listen(): the bindings say int4(int4, int4), C says int4(int4, pointer8)"),
        differences);
  }

  private List<Claim> altered(String subject, String value) {
    List<Claim> altered =
        claims.stream()
            .map(claim -> claim.subject().equals(subject) ? claim.saying(value) : claim)
            .toList();
    assertNotEquals(claims, altered, subject + " is not claimed");
    return altered;
  }

  private List<String> differences(List<Claim> claims, Path header) throws IOException {
    CCompiler compiler = new CCompiler(header, scratch);
    if (!"true".equals(System.getenv("CI"))) { // in CI no test may be skipped
      assumeTrue(compiler.isUsable(), "gcc and liburing's headers are needed to compare");
    }
    return Claim.differences(claims, compiler.answers(claims));
  }
}
