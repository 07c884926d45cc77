// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;

/** A thread with an end of a pair. It logs its errors and lowers all but faults. */
final class PairActor extends MicroThread {
  /** What all threads of a test have logged. */
  static final List<String> LOG = new ArrayList<>();

  /** What a thread does with its end. */
  interface Body {
    void run(PairActor thread) throws Exception;
  }

  private final String name;
  private final Body body;

  PairActor(String name, Body body) {
    this.name = name;
    this.body = body;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  protected void run() throws Exception {
    body.run(this);
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      note(errno().name());
      if (errno() != Errno.EFAULT) {
        lower();
      }
    }
  }

  void note(String text) {
    LOG.add(name + " " + text);
  }

  MicroPair makePair() throws Exception {
    return pair();
  }

  /** Starts a sibling with that end. */
  void sibling(MicroConnection end, PairActor thread) throws Exception {
    accepted(thread, end);
    play(thread);
  }

  MicroSocket take(MicroConnection end) throws Exception {
    return adopt(end);
  }

  /** Waits for the default socket, so that the process moves and releases what it can. */
  void letPump() throws Exception {
    literal(".");
    flush();
  }

  void say(String text) throws Exception {
    literal(text);
  }

  void say(int count) throws Exception {
    write(new byte[count]);
  }

  void endMessage() throws Exception {
    hup();
    note("hup returned");
  }

  /** Reads to the end of the message or of the stream. */
  void hear() throws Exception {
    hear(socket());
  }

  void hear(MicroSocket socket) throws Exception {
    MicroBlock block = calloc(1, 64);
    StringBuilder text = new StringBuilder();
    for (int count; (count = socket.read(block, 1)) > 0; ) {
      text.append(block.string(count));
    }
    free();
    note("hears " + text + (socket.pollhup() ? "." : ""));
  }

  void acknowledge() throws Exception {
    readhup();
  }

  long hearMany(long count) throws Exception {
    MicroBlock block = calloc(1, 1000);
    long done = 0;
    for (int length; done < count && (length = read(block, 1000)) > 0; ) {
      done += length;
    }
    free();
    return done;
  }

  void await(int count) throws Exception {
    pollread(count);
  }

  MicroHeap memory() {
    return process().heap();
  }
}
