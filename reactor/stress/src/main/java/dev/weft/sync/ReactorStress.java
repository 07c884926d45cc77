// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.ReactorUnavailableException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;

/** A fiber waits on a reactor that sleeps or is about to, and another thread wakes the fiber. */
public final class ReactorStress {
  private static final int ENTRIES = 8;

  private ReactorStress() {}

  /** The object that both share: made by the fiber, empty if io_uring is unavailable. */
  private static final class Shared<T> {
    private final CompletableFuture<Optional<T>> made = new CompletableFuture<>();

    void awaitInReactor(Supplier<T> make, Consumer<T> await) throws Exception {
      ReactorOptions options =
          ReactorOptions.defaults()
              .withCpu(ReactorOptions.UNPINNED)
              .withQueueEntries(ENTRIES)
              .withoutStallHandler();
      try (Reactor reactor = Reactor.open(options)) {
        reactor.run(
            () -> {
              T object = make.get();
              made.complete(Optional.of(object));
              await.accept(object);
            });
      } catch (ReactorUnavailableException e) {
        made.complete(Optional.empty());
      }
    }

    void use(Consumer<T> action) {
      made.join().ifPresent(action);
    }
  }

  /** A message in a mailbox. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "it gets it")
  @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "it sleeps on")
  @State
  public static class MailWakesIt {
    private final Shared<Mailbox<Integer>> mailbox = new Shared<>();

    /** Waits. */
    @Actor
    public void receiver() throws Exception {
      mailbox.awaitInReactor(Mailbox::unbounded, Mailbox::receive);
    }

    /** Sends. */
    @Signal
    public void sender() {
      mailbox.use(opened -> opened.offer(1));
    }
  }

  /** The end of a mailbox. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "it sees the end")
  @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "it sleeps on")
  @State
  public static class TheEndOfAMailboxWakesIt {
    private final Shared<Mailbox<Integer>> mailbox = new Shared<>();

    /** Waits. */
    @Actor
    public void receiver() throws Exception {
      mailbox.awaitInReactor(Mailbox::unbounded, TheEndOfAMailboxWakesIt::awaitEnd);
    }

    private static void awaitEnd(Mailbox<Integer> opened) {
      try {
        opened.receive();
      } catch (ChannelClosedException e) {
        return;
      }
      throw new AssertionError("received a value that was never sent");
    }

    /** Closes the mailbox. */
    @Signal
    public void closer() {
      mailbox.use(Mailbox::close);
    }
  }

  /** A signal of an event. */
  @JCStressTest(Mode.Termination)
  @Outcome(id = "TERMINATED", expect = Expect.ACCEPTABLE, desc = "the fiber continues")
  @Outcome(id = "STALE", expect = Expect.FORBIDDEN, desc = "it sleeps on")
  @State
  public static class ASignalWakesIt {
    private final Shared<AsyncEvent> event = new Shared<>();

    /** Waits. */
    @Actor
    public void waiter() throws Exception {
      event.awaitInReactor(AsyncEvent::create, AsyncEvent::await);
    }

    /** Signals the event. */
    @Signal
    public void signaller() {
      event.use(AsyncEvent::signal);
    }
  }
}
