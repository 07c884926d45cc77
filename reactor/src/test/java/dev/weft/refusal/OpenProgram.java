// SPDX-License-Identifier: Apache-2.0
package dev.weft.refusal;

import dev.weft.Reactor;
import dev.weft.error.ReactorUnavailableException;

/** Opens a reactor and prints why it can't, if it can't. */
final class OpenProgram {
  private OpenProgram() {}

  public static void main(String[] arguments) {
    try (Reactor reactor = Reactor.open()) {
      System.out.println("opened " + reactor);
    } catch (ReactorUnavailableException e) {
      System.out.println(e.getMessage());
    }
  }
}
