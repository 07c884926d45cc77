// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import org.jspecify.annotations.Nullable;

/** The detached bundles that a bundle or the reactor owns, and closes when it ends itself. */
public final class Wards {
  /** The bundle that owns them; null for the reactor. */
  final @Nullable BundleState owner;

  private @Nullable BundleState newest;

  Wards(@Nullable BundleState owner) {
    this.owner = owner;
  }

  /** The bundle that was added last, or null. */
  @Nullable BundleState newest() {
    return newest;
  }

  void add(BundleState ward) {
    ward.newerWard = null;
    ward.olderWard = newest;
    if (newest != null) {
      newest.newerWard = ward;
    }
    newest = ward;
  }

  void remove(BundleState ward) {
    BundleState newer = ward.newerWard;
    BundleState older = ward.olderWard;
    if (newer == null) {
      newest = older;
    } else {
      newer.olderWard = older;
    }
    if (older != null) {
      older.newerWard = newer;
    }
    ward.newerWard = null;
    ward.olderWard = null;
  }
}
