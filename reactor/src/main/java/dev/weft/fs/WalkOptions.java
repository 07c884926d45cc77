// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

/** How a {@link FileWalk} goes. Immutable. */
public final class WalkOptions {
  private static final WalkOptions DEFAULTS = new WalkOptions(Integer.MAX_VALUE, false, false);

  private final int depthMax;
  private final boolean followsLinks;
  private final boolean contentsFirst;

  private WalkOptions(int depthMax, boolean followsLinks, boolean contentsFirst) {
    this.depthMax = depthMax;
    this.followsLinks = followsLinks;
    this.contentsFirst = contentsFirst;
  }

  /** {@return any depth, symbolic links not followed, directories before what is in them} */
  public static WalkOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Sets the depth from which on no directory is entered.
   *
   * @param depthMax the largest {@link WalkEntry#depth} that comes: 0 for the root alone, 1 for
   *     what is in it too
   * @return options with that depth
   */
  public WalkOptions withDepthMax(int depthMax) {
    if (depthMax < 0) {
      throw new IllegalArgumentException("depthMax must not be negative: " + depthMax);
    }
    return new WalkOptions(depthMax, followsLinks, contentsFirst);
  }

  /**
   * Sets whether a symbolic link stands for what it leads to. A directory is then entered by each
   * link to it, but not by one that is below it, see {@link WalkEntry#failure}: it is known by its
   * device and inode. A link that leads nowhere stands for itself.
   *
   * @param followsLinks whether links are followed
   * @return options with that
   */
  public WalkOptions withFollowedLinks(boolean followsLinks) {
    return new WalkOptions(depthMax, followsLinks, contentsFirst);
  }

  /**
   * Sets whether a directory comes after what is in it, as needed to delete it.
   *
   * @param contentsFirst whether it comes after
   * @return options with that
   */
  public WalkOptions withContentsFirst(boolean contentsFirst) {
    return new WalkOptions(depthMax, followsLinks, contentsFirst);
  }

  /** {@return the largest depth that comes} */
  public int depthMax() {
    return depthMax;
  }

  /** {@return whether links are followed} */
  public boolean followsLinks() {
    return followsLinks;
  }

  /** {@return whether a directory comes after what is in it} */
  public boolean contentsFirst() {
    return contentsFirst;
  }

  @Override
  public String toString() {
    return "WalkOptions[depthMax="
        + depthMax
        + ", followsLinks="
        + followsLinks
        + ", contentsFirst="
        + contentsFirst
        + "]";
  }
}
