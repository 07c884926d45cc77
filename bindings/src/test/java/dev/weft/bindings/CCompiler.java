// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Checks claims about a header with this machine's gcc.
 *
 * <p>Signatures: gcc's {@code -aux-info} lists every declaration with the bare types of its
 * parameters; the probe program then prints kind and size of each, as it prints everything else.
 */
final class CCompiler {
  private static final Pattern ERROR =
      Pattern.compile("^claim:(\\d+):[\\d:]* error: (.*)$", Pattern.MULTILINE);

  private static final String PROLOGUE =
      """
      #include "%s"
      #include <stddef.h>
      #include <stdio.h>
      #define NUMBER(x) printf("%%lld", (long long)(x))
      #define CONSTANT(x) \\
        printf("%%zu bytes 0x%%llx", sizeof(x), \\
            sizeof(x) == 8 ? (unsigned long long)(x) : (unsigned long long)(unsigned)(x))
      /* gcc's type classes: 5 pointer, 8 real, 12 struct, 13 union */
      #define CLASS(T) __builtin_classify_type(*(__typeof__(T) *)0)
      #define KIND(T) \\
        printf("%%s%%zu", CLASS(T) == 5 ? "pointer" : CLASS(T) == 8 ? "float" \\
            : CLASS(T) == 12 || CLASS(T) == 13 ? "struct" : "int", sizeof(T))
      int main(void) {
      """;

  private final Path header;
  private final Path scratch;

  CCompiler(Path header, Path scratch) {
    this.header = header.toAbsolutePath().normalize();
    this.scratch = scratch;
  }

  boolean isUsable() {
    try {
      return run("gcc", "-fsyntax-only", header.toString()).status == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** The compiler's values, by subject. The value of a claim that does not compile is the error. */
  Map<String, String> answers(List<Claim> claims) throws IOException {
    Map<String, String> answers = new HashMap<>();
    List<String> questions = questions(claims);
    Result compiled = compile(questions);
    if (compiled.status != 0) {
      Matcher errors = ERROR.matcher(compiled.output);
      while (errors.find()) {
        int index = Integer.parseInt(errors.group(1));
        answers.putIfAbsent(claims.get(index).subject(), errors.group(2));
        questions.set(index, "");
      }
      compiled = compile(questions); // again, without the claims that do not compile
    }
    if (compiled.status != 0) {
      throw new IOException("the probe does not compile:\n" + compiled.output);
    }
    String[] lines = run(executable().toString()).output.split("\n", -1);
    for (int i = 0; i < claims.size(); i++) {
      answers.putIfAbsent(claims.get(i).subject(), lines[i]);
    }
    return answers;
  }

  private List<String> questions(List<Claim> claims) throws IOException {
    String declarations = declarations();
    List<String> questions = new ArrayList<>();
    for (Claim claim : claims) {
      questions.add(
          claim.isSignature()
              ? signatureQuestion(declarations, claim.function())
              : claim.question());
    }
    return questions;
  }

  /** Lines such as {@code /* liburing.h:169:NC *}{@code / extern void f (struct io_uring *);}. */
  private String declarations() throws IOException {
    Path list = scratch.resolve("declarations");
    Result result =
        run("gcc", "-x", "c", "-fsyntax-only", "-aux-info", list.toString(), header.toString());
    if (result.status != 0) {
      throw new IOException(header + " does not compile:\n" + result.output);
    }
    return Files.readString(list);
  }

  private static String signatureQuestion(String declarations, String function) {
    Matcher declaration =
        Pattern.compile(
                "^/\\*.*\\*/ extern (.*[ *])" + Pattern.quote(function) + " \\((.*)\\);",
                Pattern.MULTILINE)
            .matcher(declarations);
    if (!declaration.find()) {
      return ""; // no value
    }
    // No parameter here is a function pointer, so every comma separates two parameters.
    String parameters =
        declaration.group(2).equals("void")
            ? ""
            : Arrays.stream(declaration.group(2).split(",", -1))
                .map(CCompiler::kindQuestion)
                .collect(Collectors.joining(" printf(\", \"); "));
    return "%s printf(\"(\"); %s printf(\")\");"
        .formatted(kindQuestion(declaration.group(1)), parameters);
  }

  private static String kindQuestion(String type) {
    return type.strip().equals("void") ? "printf(\"void\");" : "KIND(" + type.strip() + ");";
  }

  private Result compile(List<String> questions) throws IOException {
    StringBuilder program = new StringBuilder(PROLOGUE.formatted(header));
    for (int i = 0; i < questions.size(); i++) {
      // The compiler's error messages then name the claim.
      program.append("#line %d \"claim\"\n%s puts(\"\");\n".formatted(i, questions.get(i)));
    }
    Path source = Files.writeString(scratch.resolve("probe.c"), program.append("return 0; }\n"));
    return run("gcc", "-w", "-fmax-errors=0", "-o", executable().toString(), source.toString());
  }

  private Path executable() {
    return scratch.resolve("probe");
  }

  private record Result(int status, String output) {}

  private static Result run(String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C"); // the parser looks for the English word
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    try {
      return new Result(process.waitFor(), output);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted in " + command[0], e);
    }
  }
}
