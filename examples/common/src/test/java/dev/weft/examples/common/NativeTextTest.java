// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NativeTextTest {
  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void bytesAreConvertedLosslessly() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = new byte[random.nextInt(8)];
      random.nextBytes(bytes);
      assertArrayEquals(bytes, NativeText.encode(NativeText.decode(bytes)));
    }
  }

  @Test
  void textIsUtf8() {
    for (String text : List.of("", "plain", "\u00fc", "\u20ac", "\ud83d\udc18", "a\u0000b")) {
      assertEquals(text, NativeText.decode(text.getBytes(StandardCharsets.UTF_8)));
      assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), NativeText.encode(text));
    }
    assertEquals("a\udcfcb", NativeText.decode(latin1("a\u00fcb")));
  }

  @Test
  void argumentsAreTheLastOfTheCommandLine() {
    byte[] line = latin1("java\0-jar\0x.jar\0iou_cat\0\u00fc\0\0plain\0");
    assertEquals(
        List.of("iou_cat", "\udcfc", "", "plain"),
        NativeText.lastArguments(line, List.of("iou_cat", "\ufffd", "", "plain")));
  }

  @Test
  void argumentsMissingFromTheCommandLineAreThoseTheJvmDecoded() {
    List<String> known = List.of("a", "\ufffd");
    assertEquals(known, NativeText.lastArguments(latin1("b\0\u00fc\0"), known));
    assertEquals(known, NativeText.lastArguments(latin1("\u00fc\0"), known));
    assertEquals(known, NativeText.lastArguments(latin1(""), known));
  }

  @Test
  void aPathHasTheBytesOfItsText() {
    assertEquals("file:///%C3%BC/%FC", NativeText.path("/\u00fc/\udcfc").toUri().toString());
    assertEquals(2, NativeText.path("\udcfc/../a").getNameCount() - 1);
    assertEquals("dir/.", NativeText.path("dir/").toString());
    assertEquals("", NativeText.path("").toString());
    assertEquals("%FC%20%25x/%C3%BC", NativeText.percentEncode("\udcfc %x/\u00fc"));
  }
}
