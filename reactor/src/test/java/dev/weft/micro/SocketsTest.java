// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes between threads, and between threads and descriptors. */
@Tag("needs-weaving") // and runs in each form
class SocketsTest {
  private static final List<String> LOG = new ArrayList<>();

  @BeforeEach
  void forget() {
    LOG.clear();
  }

  private abstract static class Speaker extends MicroThread {
    @Override
    protected void lastly() throws Exception {
      if (errno() != null) {
        LOG.add(name() + " " + errno());
        lower();
      }
    }

    final void write(String text) throws Exception {
      MicroBlock block = calloc(1, 64);
      write(block, block.setString(text));
      free();
    }
  }

  // ---- transactions

  private static final class Producer extends Speaker {
    @Override
    protected void run() throws Exception {
      Consumer consumer = new Consumer();
      responder(consumer);
      play(consumer);
      for (String message : List.of("hello world", "abc")) {
        write(message);
        hup();
        LOG.add("hup returned");
      }
    }
  }

  private static final class Consumer extends Speaker {
    @Override
    protected void run() throws Exception {
      MicroBlock part = calloc(1, 4);
      for (int messages = 0; messages < 2; messages++) {
        while (!pollhup()) {
          int length = read(part, 4);
          LOG.add(part.string(length) + " " + pollhup());
        }
        LOG.add("processing");
        readhup();
        LOG.add("after readhup");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void hupReturnsAfterTheConsumerHasTakenTheEnd(ExecutionMode mode) throws Exception {
    mode.run(new Producer());

    assertEquals(
        List.of(
            "hell false",
            "o wo false",
            "rld true",
            "processing",
            "after readhup",
            "hup returned",
            "abc true",
            "processing",
            "after readhup",
            "hup returned"),
        LOG);
  }

  private static final class Abandoned extends Speaker {
    @Override
    protected void run() throws Exception {
      Leaver leaver = new Leaver();
      responder(leaver);
      play(leaver);
      write("message");
      hup();
      write("more");
      LOG.add("continues");
    }
  }

  private static final class Leaver extends Speaker {
    @Override
    protected void run() throws Exception {
      MicroBlock part = calloc(1, 4);
      read(part, 4);
      readhup(); // bytes are left
    }
  }

  @ParameterizedTest
  @EnumSource
  void aConsumerThatEndsWithoutReadhupIsEpipeInTheProducer(ExecutionMode mode) throws Exception {
    mode.run(new Abandoned());

    assertEquals(List.of("Leaver EAGAIN", "Abandoned EPIPE", "Abandoned EPIPE", "continues"), LOG);
  }

  private static final class Closer extends Speaker {
    @Override
    protected void run() throws Exception {
      Reader reader = new Reader(100);
      responder(reader);
      play(reader);
      write("hello");
      txClose();
      write("more");
    }
  }

  /** Reads so many bytes at a time, to the end. */
  private static final class Reader extends Speaker {
    private final int size;

    Reader(int size) {
      this.size = size;
    }

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, size);
      int length;
      do {
        length = read(block, size);
        LOG.add(length + " " + block.string(length));
      } while (length > 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void txCloseIsTheEndForTheReaderAndEpipeForTheWriter(ExecutionMode mode) throws Exception {
    mode.run(new Closer());

    assertEquals(List.of("Closer EPIPE", "5 hello", "0 "), LOG);
  }

  private static final class Hupless extends Speaker {
    @Override
    protected void run() throws Exception {
      write("x");
      hup();
    }
  }

  @ParameterizedTest
  @EnumSource
  void hupOnADescriptorDoesNotHang(ExecutionMode mode) throws Exception {
    assertEquals("x", mode.run(new Hupless()).output());
    assertEquals(List.of("Hupless EOPNOTSUPP"), LOG);
  }

  // ---- lines

  private static final class Lines extends Speaker {
    private final int size;

    Lines(int size) {
      this.size = size;
    }

    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, size);
      for (int length; (length = readline(line, size)) > 0; ) {
        LOG.add(line.string(length).replace("\n", "$"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLineIsNeverLongerThanRequested(ExecutionMode mode) throws Exception {
    mode.run(new Lines(5), "one\nlonger line\n\nlast");

    assertEquals(List.of("one$", "longe", "r lin", "e$", "$", "last"), LOG);
  }

  private static final class PartialLines extends Speaker {
    @Override
    protected void run() throws Exception {
      Lines lines = new Lines(20);
      responder(lines);
      play(lines);
      for (String part : List.of("abc\n", "wxyz", "123\n")) {
        write(part);
        play(this);
        pause(); // so that the other thread sees these bytes
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLineReceivedInPartsIsOneLine(ExecutionMode mode) throws Exception {
    mode.run(new PartialLines());

    assertEquals(List.of("abc$", "wxyz123$"), LOG);
  }

  // ---- other calls

  private static final class TooLong extends Speaker {
    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, 8);
      writef(line, 8, "%d", 12345678);
      writef(line, 8, "%d", 1234567);
    }
  }

  @ParameterizedTest
  @EnumSource
  void writefBeyondTheBufferIsEnobufs(ExecutionMode mode) throws Exception {
    assertEquals("1234567", mode.run(new TooLong()).output());
    assertEquals(List.of("TooLong ENOBUFS"), LOG);
  }

  private static final class Copier extends Speaker {
    @Override
    protected void run() throws Exception {
      Copier next = null;
      if (depth > 0) {
        next = new Copier();
        next.depth = depth - 1;
        responder(next);
        play(next);
      }
      while (forward(1000) > 0) {
        flush();
      }
    }

    int depth;
  }

  @ParameterizedTest
  @EnumSource
  void aPipelineForwardsMoreThanItsPipesHold(ExecutionMode mode) throws Exception {
    String text = "0123456789".repeat(5_000);
    Copier first = new Copier();
    first.depth = 3;

    assertEquals(text, mode.run(first, text).output());
  }

  private static final class Parent extends Speaker {
    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, 64);
      readline(line, 64);
      literal("parent\n");
      Lines child = new Lines(64);
      child(child);
      play(child);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aChildContinuesReadingWhereItsParentStopped(ExecutionMode mode) throws Exception {
    assertEquals("parent\n", mode.run(new Parent(), "one\ntwo\nthree\n").output());
    assertEquals(List.of("two$", "three$"), LOG);
  }

  private static final class Inserter extends Speaker {
    @Override
    protected void run() throws Exception {
      literal("before ");
      Upper upper = new Upper();
      responder(upper);
      play(upper);
      literal("after");
    }
  }

  private static final class Upper extends Speaker {
    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 16);
      for (int length; (length = pollread()) > 0; ) {
        read(block, length);
        literal(block.string(length).toUpperCase(java.util.Locale.ROOT));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bytesWrittenBeforeAResponderPrecedeItsOutput(ExecutionMode mode) throws Exception {
    assertEquals("before AFTER", mode.run(new Inserter()).output());
  }

  private static final class Misuse extends Speaker {
    @Override
    protected void run() throws Exception {
      accept();
      rxShutdown();
      errno(Errno.EBADF);
      error();
      suspend(dev.weft.micro.MicroStatus.WAIT);
      suspend(dev.weft.micro.MicroStatus.ERR);
    }
  }

  @ParameterizedTest
  @EnumSource
  void misuseIsRaisedLikeAnyError(ExecutionMode mode) throws Exception {
    mode.run(new Misuse());

    assertEquals(
        List.of(
            "Misuse EINVAL", "Misuse ENOTSOCK", "Misuse EBADF", "Misuse EINVAL", "Misuse EINVAL"),
        LOG);
  }
}
