// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.failure.Failures;
import dev.weft.internal.routine.InnerRoutine;
import dev.weft.routine.Suspends;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lazy sequence of values: a {@link Coroutine} as an {@link Iterable}. The body runs only when the
 * next value is requested. The coroutine's rules for threads, fibers and exceptions apply here too.
 *
 * <p>The values are taken by {@link #next()}, or by an iterator or stream of the JDK. The body may
 * wait in a fiber: then {@code next} suspends. An iterator can suspend in a fiber with a stack, but
 * not in one that is woven, because the JDK's interfaces are not: use {@code next} there.
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
   * The code that produces the values.
   *
   * @param <T> the type of the values
   */
  @FunctionalInterface
  public interface Body<T extends @Nullable Object> {
    /**
     * Yields all values.
     *
     * @param out takes each value with {@code yield}, which always returns null
     * @throws Exception ends the generator; thrown by the call that requested the next value
     */
    @Suspends
    void run(Coroutine.Out<T, @Nullable Void> out) throws Exception;
  }

  /*   UNKNOWN -> READY -> UNKNOWN    by hasNext, by next
   *         \--> ENDED
   */
  private enum Next {
    /** The body must be run to find the next value. */
    UNKNOWN,
    READY,
    ENDED
  }

  private final Coroutine<T, @Nullable Void, @Nullable Void> coroutine;

  /** Whether an iterator or stream has been made, which takes the values. */
  private boolean iterated;

  /** Whether a value has been taken by {@link #next()}. */
  private boolean begun;

  @SuppressWarnings("NullAway") // it infers Out<T, Void> for the lambda's parameter
  private Generator(Body<T> body) {
    coroutine =
        new Coroutine<T, @Nullable Void, @Nullable Void>(
            out -> {
              body.run(out);
              return null;
            },
            body,
            null);
  }

  /**
   * Creates a generator. Nothing runs yet.
   *
   * @param <T> the type of the values
   * @param body produces the values
   * @return a generator that can be iterated over once
   * @throws UnsupportedOperationException if the JVM denies access to continuations; the message
   *     names the flag that helps
   */
  public static <T extends @Nullable Object> Generator<T> of(Body<T> body) {
    return new Generator<>(Objects.requireNonNull(body, "body"));
  }

  /**
   * Runs the body up to the next value, or finds the end: for loops over all values. The caller
   * suspends while the body waits.
   *
   * <p>
   *
   * {@snippet :
   * for (String line; (line = lines.next()) != null; ) {
   *   print(line);
   * }
   * }
   *
   * @return the value; null if the body has ended, or has yielded null
   * @throws IllegalStateException if {@link #iterator} or {@link #stream} has been called before
   */
  public @Nullable T next() {
    if (iterated) {
      throw new IllegalStateException("next: an iterator takes the values of " + this);
    }
    begun = true;
    return ask();
  }

  /**
   * As {@link #next()}, with a deadline for the waits of the body, as {@link Fiber#within(Deadline,
   * FiberCall)} sets it. To be called in a fiber, which suspends while the body waits. The wait
   * that it ends throws in the body, which ends unless it handles that.
   *
   * @param deadline when to stop waiting
   * @return the value; null if the body has ended, or has yielded null
   * @throws dev.weft.error.DeadlineExceededException if the deadline has ended the body
   * @throws IllegalStateException if {@link #iterator} or {@link #stream} has been called before
   */
  @SuppressWarnings("NullAway") // it infers that the call returns no null
  public @Nullable T next(Deadline deadline) {
    try {
      return Fiber.within(deadline, () -> next());
    } catch (Exception e) {
      throw Failures.unchecked(e);
    }
  }

  private @Nullable T ask() {
    return switch (coroutine.body.phase) {
      case InnerRoutine.NEW -> coroutine.start();
      case InnerRoutine.ENDED -> null;
      default -> coroutine.resume(null);
    };
  }

  /**
   * {@return an iterator over the values; its {@code hasNext} runs the body up to the next value}
   *
   * @throws IllegalStateException if this, {@link #stream} or {@link #next()} has been called
   *     before
   */
  @Override
  public Iterator<T> iterator() {
    if (iterated || begun) {
      throw new IllegalStateException("iterator: " + this + " can be iterated over once");
    }
    iterated = true;
    return new Values();
  }

  /**
   * {@return a lazy sequential stream of the values; closing it closes this generator}
   *
   * @throws IllegalStateException if this, {@link #iterator} or {@link #next()} has been called
   *     before
   */
  public Stream<T> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED), false)
        .onClose(this::close);
  }

  /** Ends the generator early, as {@link Coroutine#close} does. Its iterator has no more values. */
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
        // Calls nothing: if the stack overflowed here, the value would be lost.
        next = coroutine.body.phase == InnerRoutine.ENDED ? Next.ENDED : Next.READY;
      }
      return next == Next.READY;
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
