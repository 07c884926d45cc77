// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.bindings.weft_h;
import dev.weft.internal.os.Libc;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The local executor on standard streams that another process has made non-blocking. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class LocalStreamsTest {
  private static final int PAGES = 20;

  private static void makeNonBlocking(int descriptor) {
    int flags = Libc.fcntl(descriptor, weft_h.F_GETFL(), 0);
    assertEquals(0, Libc.fcntl(descriptor, weft_h.F_SETFL(), flags | weft_h.O_NONBLOCK()));
  }

  private static final class Asker extends MicroThread {
    String answer = "";

    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, 100);
      literal("?");
      flush();
      answer = line.string(readline(line, 100));
    }
  }

  @Test
  void inputIsAwaitedOnANonBlockingStream() throws Exception {
    try (SystemPipe in = SystemPipe.open();
        SystemPipe out = SystemPipe.open()) {
      makeNonBlocking(in.reading);
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    Libc.awaitReady(out.reading, false); // the thread's next call is a read
                    in.write("answer\n");
                  });
      Asker asker = new Asker();

      MicroProcess.runLocal(
          asker, MicroOptions.ofPages(PAGES).withDescriptors(in.reading, out.writing));

      assertEquals("answer\n", asker.answer);
      other.join();
    }
  }

  private static final class Talker extends MicroThread {
    static final int BYTES = 1 << 20;

    @Override
    protected void run() throws Exception {
      write(new byte[BYTES]);
    }
  }

  @Test
  void outputIsNotDroppedWhenANonBlockingStreamIsFull() throws Exception {
    try (SystemPipe in = SystemPipe.open();
        SystemPipe out = SystemPipe.open()) {
      makeNonBlocking(out.writing);
      Thread talker =
          Thread.ofPlatform()
              .start(
                  () -> {
                    MicroProcess.runLocal(
                        new Talker(),
                        MicroOptions.ofPages(PAGES).withDescriptors(in.reading, out.writing));
                    out.endOfInput();
                  });
      while (weft_h.weft_poll(out.writing, weft_h.POLLOUT(), 0) != 0) {
        Thread.onSpinWait(); // until the pipe is full, and the next write fails with EAGAIN
      }

      assertEquals(Talker.BYTES, out.count());
      talker.join();
    }
  }
}
