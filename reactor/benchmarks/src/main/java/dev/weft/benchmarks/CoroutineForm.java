// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** How the bodies of coroutines run. The build has woven them; each trial is a JVM of its own. */
@State(Scope.Benchmark)
public class CoroutineForm {
  /** Whether they run woven, or on continuations of the JDK. */
  @Param({"true", "false"})
  private boolean woven = true;

  /** Made by JMH. */
  public CoroutineForm() {}

  /** Sets the property that the library reads when it makes the first coroutine. */
  @Setup(Level.Trial)
  public void set() {
    System.setProperty("dev.weft.stackful", String.valueOf(!woven));
  }
}
