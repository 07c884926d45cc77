// SPDX-License-Identifier: Apache-2.0
/**
 * Example programs of micro-threads, most of them counterparts of mnvkd's.
 *
 * <p>Each is one class on one page; the packages below have the larger services. A counterpart of
 * {@code vk_test_err2} is named {@code Err2}: {@code scripts/mt_test err2} runs it, and its log
 * lines can be compared with mnvkd's.
 */
@NullMarked
package dev.weft.examples.micro;

import org.jspecify.annotations.NullMarked;
