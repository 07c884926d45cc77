// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Values made one by one, by code that runs only when the next one is asked for. A {@link
 * Coroutine} in the clothes of an {@link Iterable}: what is said there of threads, fibers and
 * exceptions is so here too.
 *
 * <p>
 *
 * {@snippet :
 * try (Generator<Integer> squares =
 *     Generator.of(
 *         out -> {
 *           for (int i = 0; ; i++) {
 *             out.yield(i * i);
 *           }
 *         })) {
 *   for (int square : squares) {
 *     if (square > 100) {
 *       break; // close() unwinds the body
 *     }
 *   }
 * }
 * }
 *
 * @param <T> the type of the values
 */
public final class Generator<T extends @Nullable Object> implements Iterable<T>, AutoCloseable {
  /**
   * What makes the values.
   *
   * @param <T> their type
   */
  @FunctionalInterface
  public interface Body<T extends @Nullable Object> {
    /**
     * Yields all values.
     *
     * @param out its {@code yield} takes them; what that returns is always null
     * @throws Exception what ends it early; goes to whoever asked for the next value
     */
    void run(Coroutine.Out<T, @Nullable Void> out) throws Exception;
  }

  /*   UNKNOWN -> READY -> UNKNOWN    by hasNext, by next
   *         \--> ENDED
   */
  private enum Next {
    /** The body has to be asked. */
    UNKNOWN,
    READY,
    ENDED
  }

  private final Coroutine<T, @Nullable Void, @Nullable Void> coroutine;
  private boolean iterated;

  @SuppressWarnings("NullAway") // it takes the parameter of the lambda for an Out<T, Void>
  private Generator(Body<T> body) {
    coroutine =
        Coroutine.<T, @Nullable Void, @Nullable Void>of(
            out -> {
              body.run(out);
              return null;
            });
  }

  /**
   * Makes a generator. Nothing runs yet.
   *
   * @param <T> the type of the values
   * @param body makes them
   * @return to be iterated over once
   * @throws UnsupportedOperationException if the JVM does not let us; names the flag that helps
   */
  public static <T extends @Nullable Object> Generator<T> of(Body<T> body) {
    return new Generator<>(Objects.requireNonNull(body, "body"));
  }

  /**
   * The values.
   *
   * @return an iterator, whose {@code hasNext} runs the body as far as the next value
   * @throws IllegalStateException if it, or {@link #stream}, has been called before
   */
  @Override
  public Iterator<T> iterator() {
    if (iterated) {
      throw new IllegalStateException("iterator: " + this + " can be iterated over once");
    }
    iterated = true;
    return new Values();
  }

  /**
   * The values as a stream, which is sequential and closes this generator when it is closed.
   *
   * @return lazy
   * @throws IllegalStateException if it, or {@link #iterator}, has been called before
   */
  public Stream<T> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED), false)
        .onClose(this::close);
  }

  /**
   * Ends the generator early, as {@link Coroutine#close} does. Whoever iterates over it finds no
   * more values.
   */
  @Override
  public void close() {
    coroutine.close();
  }

  @Override
  public String toString() {
    return "generator of " + coroutine;
  }

  private final class Values implements Iterator<T> {
    private Next next = Next.UNKNOWN;
    private @Nullable T value;

    @Override
    public boolean hasNext() {
      if (next == Next.UNKNOWN) {
        value = ask();
        next = coroutine.state() == Coroutine.State.DONE ? Next.ENDED : Next.READY;
      }
      return next == Next.READY;
    }

    private @Nullable T ask() {
      return switch (coroutine.state()) {
        case START -> coroutine.start();
        case DONE -> null;
        case ACTIVE, SUSPENDED -> coroutine.resume(null);
      };
    }

    @Override
    @SuppressWarnings("NullAway") // a yielded value: null only if T may be
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException("next: " + Generator.this + " has ended");
      }
      T made = value;
      value = null;
      next = Next.UNKNOWN;
      return made;
    }
  }
}
