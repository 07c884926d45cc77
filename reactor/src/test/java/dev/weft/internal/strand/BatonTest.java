// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ReactorGroup;
import dev.weft.sync.Channel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When the loop takes the baton back from a strand that is blocked. */
@Tag("mode-independent")
class BatonTest {
  private final Baton baton = new Baton();

  @Test
  void theLoopTakesItBackFromAStrandThatStaysOutsideOfWeft() {
    baton.handToStrand();
    long look = baton.look();
    assertTrue(baton.takeBack(look));
    assertFalse(baton.isStrands());
    assertFalse(baton.enter(), "the strand has to wait for it");
  }

  /**
   * The thread was seen blocked, continues and calls Weft, all before the loop has taken it back.
   */
  @Test
  void aStrandThatHasCalledWeftSinceTheLookKeepsIt() {
    baton.handToStrand();
    long look = baton.look();
    assertTrue(baton.enter());
    assertFalse(baton.takeBack(look));
    assertTrue(baton.isStrands());
    assertTrue(baton.takeBack(baton.look()));
  }

  @Test
  void aBatonThatWasHandedOverIsNotTakenBack() {
    baton.handToStrand();
    long look = baton.look();
    baton.handToLoop();
    assertFalse(baton.takeBack(look));
    assertFalse(baton.takeBack(baton.look()));
    assertTrue(baton.enter(), "the loop holds it, but has not taken it from the strand");
  }

  @Test
  void whatIsTakenBackCanBeHandedToTheStrandAgain() {
    baton.handToStrand();
    assertTrue(baton.takeBack(baton.look()));
    assertFalse(baton.enter());
    baton.handToStrand();
    assertTrue(baton.isStrands());
    assertTrue(baton.enter());
  }

  /** A public class can wait for the initialisation of an internal one in the middle of a call. */
  @Test
  void publicAndInternalClassesOfTheLibraryAreItsCode() {
    assertTrue(LibraryCode.contains(ReactorGroup.class.getName()));
    assertTrue(LibraryCode.contains(Channel.class.getName()));
    assertTrue(LibraryCode.contains(EventLoop.class.getName()));
  }

  @Test
  void otherClassesAreNotEvenInItsPackages() {
    assertFalse(LibraryCode.contains(BatonTest.class.getName()));
    assertFalse(LibraryCode.contains("dev.weft.NoSuchClass"));
    assertFalse(LibraryCode.contains(String.class.getName()));
  }
}
