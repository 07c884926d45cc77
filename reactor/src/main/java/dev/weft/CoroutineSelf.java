// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The body's side of a coroutine, and the first frame on its stack. */
final class CoroutineSelf<
        Y extends @Nullable Object, I extends @Nullable Object, R extends @Nullable Object>
    implements Coroutine.Out<Y, I>, Runnable {
  private final Coroutine<Y, I, R> coroutine;
  private final Coroutine.Body<Y, I, R> body;

  CoroutineSelf(Coroutine<Y, I, R> coroutine, Coroutine.Body<Y, I, R> body) {
    this.coroutine = coroutine;
    this.body = body;
  }

  @Override
  public void run() {
    coroutine.runBody(body);
  }

  @Override
  @SuppressWarnings("NamedLikeContextualKeyword")
  public I yield(Y value) {
    return coroutine.suspend("yield", value, null);
  }

  @Override
  public I yieldThen(Y value, FiberTask then) {
    return coroutine.suspend("yieldThen", value, Objects.requireNonNull(then, "then"));
  }

  @Override
  public Coroutine<Y, I, ?> coroutine() {
    return coroutine;
  }
}
