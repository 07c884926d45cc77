// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.io.ByteStream;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** A byte stream that ends with an array, read in pieces of random sizes. */
final class ArrayStream implements ByteStream {
  private final byte[] input;
  private final Random random;
  private final int longest;
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private int at;

  ArrayStream(byte[] input, Random random) {
    this.input = input;
    this.random = random;
    this.longest = 1 + random.nextInt(random.nextBoolean() ? 4 : 1000);
  }

  /** What has been written. */
  byte[] written() {
    return written.toByteArray();
  }

  /** How much has been read. */
  int position() {
    return at;
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) {
    if (random.nextInt(4) == 0) {
      Fiber.yield();
    }
    if (at == input.length) {
      return -1;
    }
    int limit = (int) Math.min(target.byteSize(), input.length - at);
    int count = Math.min(limit, 1 + random.nextInt(longest));
    MemorySegment.copy(input, at, target, JAVA_BYTE, 0, count);
    at += count;
    return count;
  }

  @Override
  public void write(MemorySegment source, Deadline deadline) {
    written.writeBytes(source.toArray(JAVA_BYTE));
  }

  @Override
  public int writeSome(MemorySegment source, Deadline deadline) {
    write(source, deadline);
    return (int) source.byteSize();
  }

  @Override
  public void close() {}
}
