// SPDX-License-Identifier: Apache-2.0
/**
 * The weaver: rewrites bytecode so that methods that may suspend need no stack. {@link
 * dev.weft.weaver.Weaver} rewrites classes in memory, {@link dev.weft.weaver.ClassFolder} the
 * classes of a folder. The command line, the Maven goals and the agent call these, and so write the
 * same bytes.
 *
 * <p>A run goes through these steps, in internal packages over {@code model}: infer which methods
 * suspend ({@code analysis.SuspendInference}), check what can't be woven ({@code
 * analysis.WeavabilityChecks}), decide what each suspension saves ({@code codegen.SpillPlan}, from
 * ControlFlow and FrameTypes), split loops ({@code LoopSplitting}), and emit the code ({@code
 * ClassWeaver}, {@code BodyWeaver}, {@code FrameWeaver}, {@code SuspendCodegen}). These packages
 * read classes from the {@link dev.weft.weaver.ClassPath}, and report to {@link
 * dev.weft.weaver.Diagnostics}.
 */
@NullMarked
package dev.weft.weaver;

import org.jspecify.annotations.NullMarked;
