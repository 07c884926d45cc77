// SPDX-License-Identifier: Apache-2.0
/**
 * Command-line programs on fibers: {@code iou_cat}, {@code iou_dns}, {@code iou_port7} and others.
 *
 * <p>Each is a picocli command; {@link dev.weft.examples.cli.Main} lists them.
 */
@NullMarked
package dev.weft.examples.cli;

import org.jspecify.annotations.NullMarked;
