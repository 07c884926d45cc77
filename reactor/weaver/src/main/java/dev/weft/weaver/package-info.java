// SPDX-License-Identifier: Apache-2.0
/**
 * The weaver. {@link dev.weft.weaver.Weaver} rewrites classes in memory, {@link
 * dev.weft.weaver.ClassFolder} those of a folder; the command line, the Maven goal and the agent
 * are thin, and make the same bytes.
 */
@NullMarked
package dev.weft.weaver;

import org.jspecify.annotations.NullMarked;
