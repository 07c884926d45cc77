// SPDX-License-Identifier: Apache-2.0
/**
 * The weaver as a Maven plugin.
 *
 * <p>The goals {@code weave} and {@code testWeave} weave a module's classes and test classes in
 * place.
 */
@NullMarked
package dev.weft.weaver.maven;

import org.jspecify.annotations.NullMarked;
