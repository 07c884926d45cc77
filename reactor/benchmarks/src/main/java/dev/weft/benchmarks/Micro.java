// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroRequest;
import dev.weft.micro.MicroStatus;
import dev.weft.micro.MicroThread;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/**
 * Micro-threads in the local executor, woven and stackful. In brackets, mnvkd's time for the same,
 * in C with -O3 and link-time optimisation, measured at another time on one core.
 */
public class Micro extends NanosPerOperation {
  private static final int TIMES = 100_000;
  private static final int MESSAGE_BYTES = 64;
  private static final int PAGES = 64;

  /** Whether the threads are woven or stackful. */
  @Param({"false", "true"})
  public boolean stackful;

  private void run(MicroThread main) {
    MicroProcess.runLocal(main, MicroOptions.ofPages(PAGES).withStackful(stackful));
  }

  private static void check(long found, long expected) {
    if (found != expected) {
      throw new AssertionError(found + " instead of " + expected);
    }
  }

  // ---- control

  /** A thread that passes control to its partner each time that it runs. */
  static final class Player extends MicroThread {
    MicroThread partner = this;
    boolean first;
    int count;

    @Override
    protected void run() {
      if (first) {
        child(partner);
      }
      for (int i = 0; i < TIMES; i++) {
        count++;
        call(partner);
      }
      play(partner); // to its end
    }
  }

  /** A call, half of a ping-pong [5.0]. */
  @Benchmark
  @OperationsPerInvocation(2 * TIMES)
  public void call() {
    Player one = new Player();
    Player other = new Player();
    one.first = true;
    one.partner = other;
    other.partner = one;
    run(one);
    check(one.count + other.count, 2L * TIMES);
  }

  /** A thread that lets itself run again. */
  static final class Again extends MicroThread {
    int count;

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < TIMES; i++) {
        count++;
        suspend(MicroStatus.RUN);
      }
    }
  }

  /** Suspended and resumed immediately [1.6]. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void again() {
    Again again = new Again();
    run(again);
    check(again.count, TIMES);
  }

  // ---- messages

  static final class Asker extends MicroThread {
    long sum;

    @Override
    protected void run() throws Exception {
      Answerer answerer = new Answerer();
      child(answerer);
      MicroRequest<Integer, Integer> request = new MicroRequest<>();
      Integer value = 0;
      for (int i = 0; i < TIMES; i++) {
        sum += request(answerer, request, value);
      }
    }
  }

  static final class Answerer extends MicroThread {
    private static final Integer ONE = 1;

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < TIMES; i++) {
        MicroRequest<Integer, Integer> request = listen();
        respond(request, request.question() + ONE);
      }
    }
  }

  /** Request, listen, respond, and back [21.8]. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void request() {
    Asker asker = new Asker();
    run(asker);
    check(asker.sum, TIMES);
  }

  // ---- bytes

  static final class Writer extends MicroThread {
    final Reader reader = new Reader();
    boolean hup;

    @Override
    protected void run() throws Exception {
      MicroBlock message = calloc(1, MESSAGE_BYTES);
      message.fill((byte) 1);
      responder(reader);
      reader.hup = hup;
      play(reader);
      for (int i = 0; i < TIMES; i++) {
        write(message, MESSAGE_BYTES);
        if (hup) {
          hup();
        }
      }
    }
  }

  static final class Reader extends MicroThread {
    boolean hup;
    long sum;

    @Override
    protected void run() throws Exception {
      MicroBlock message = calloc(1, MESSAGE_BYTES);
      for (int i = 0; i < TIMES; i++) {
        read(message, MESSAGE_BYTES);
        sum += message.getByte(MESSAGE_BYTES - 1);
        if (hup) {
          readhup();
        }
      }
    }
  }

  /** 64 bytes from a thread to its responder, filling the pipe before each switch [20.8]. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void pipe() {
    Writer writer = new Writer();
    run(writer);
    check(writer.reader.sum, TIMES);
  }

  /** The same with an acknowledgement of each 64 bytes [82]. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void hup() {
    Writer writer = new Writer();
    writer.hup = true;
    run(writer);
    check(writer.reader.sum, TIMES);
  }

  // ---- memory and errors

  static final class Taker extends MicroThread {
    long sum;

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < TIMES; i++) {
        MicroBlock block = calloc(1, MESSAGE_BYTES);
        sum += block.byteSize();
        free();
      }
    }
  }

  /** Memory of 64 bytes, zeroed, taken and freed [3.7, not zeroed]. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void calloc() {
    Taker taker = new Taker();
    run(taker);
    check(taker.sum, (long) TIMES * MESSAGE_BYTES);
  }

  static final class Raiser extends MicroThread {
    int count;

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < TIMES; i++) {
        raise(Errno.EINVAL);
      }
    }

    @Override
    protected void lastly() {
      if (errno() != null) {
        count++;
        lower();
      }
    }
  }

  /** An error, raised and lowered [8.7]. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void raise() {
    Raiser raiser = new Raiser();
    run(raiser);
    check(raiser.count, TIMES);
  }
}
