// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroField;
import dev.weft.micro.MicroLayout;
import dev.weft.micro.MicroThread;

/** A block of structures. */
final class MicroSamples extends MicroThread {
  private static final MicroLayout SAMPLE =
      MicroLayout.of(structLayout(JAVA_LONG.withName("time"), JAVA_DOUBLE.withName("value")));
  private static final MicroField.OfLong TIME = SAMPLE.ofLong(groupElement("time"));
  private static final MicroField.OfDouble VALUE = SAMPLE.ofDouble(groupElement("value"));

  @Override
  protected void run() throws Exception {
    MicroBlock samples = calloc(100, SAMPLE);
    for (int i = 0; i < 100; i++) {
      TIME.set(samples, i, System.nanoTime());
      VALUE.set(samples, i, Math.random());
    }
    write(samples, (int) samples.byteSize());
  }
}
