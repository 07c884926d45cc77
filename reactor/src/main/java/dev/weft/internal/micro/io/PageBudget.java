// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

/** The pages of a micro-heap, of which something beside its blocks reserves some. */
public interface PageBudget {
  /** Reserves pages; returns false if too few are left. */
  boolean reservePages(int pages);

  void unreservePages(int pages);

  /** Changes the number of reserved pages that are resident at present. */
  void resident(int change);
}
