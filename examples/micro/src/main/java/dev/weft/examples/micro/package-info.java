// SPDX-License-Identifier: Apache-2.0
/**
 * Example programs of micro-threads, most of them counterparts of mnvkd's.
 *
 * <p>Each is one class on one page; the packages below have the larger services.
 */
@NullMarked
package dev.weft.examples.micro;

import org.jspecify.annotations.NullMarked;
