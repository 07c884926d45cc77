// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.micro.FiberCallMode.Actor;
import dev.weft.process.ChildProcess;
import dev.weft.process.Command;
import dev.weft.process.Redirect;
import dev.weft.text.ByteReader;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Micro-threads start child processes and wait for them, as fibers do. */
@Tag("needs-weaving") // and runs in each form
@Tag("needs-io-uring")
@Timeout(60)
class ChildCallTest {
  private static final class Starter extends Actor {
    Starter() {
      super("starter");
    }

    @Override
    protected void run() throws Exception {
      Command command = Command.of("sh", "-c", "echo hello; exit 3").withOutput(Redirect.PIPE);
      try (ChildProcess child = command.start()) {
        note(new ByteReader(child.output()).readLine(10));
        note(child.await().code());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadReadsTheOutputOfAChildAndGetsItsStatus(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Starter starter = new Starter();
          mode.start(starter).join();
          assertEquals(List.of("hello", "3"), starter.notes);
        });
  }
}
