// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import org.jspecify.annotations.Nullable;

/** The detached bundles that one bundle, or the reactor, owns: it closes them at its own end. */
final class Wards {
  /** Whose they are; null if the reactor's. */
  final @Nullable BundleState owner;

  private @Nullable BundleState newest;

  Wards(@Nullable BundleState owner) {
    this.owner = owner;
  }

  /** The one that came last, or null. */
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
