// SPDX-License-Identifier: Apache-2.0
/**
 * The weaver: rewrites bytecode so that methods that may suspend need no stack. {@link
 * dev.weft.weaver.Weaver} rewrites classes in memory, {@link dev.weft.weaver.ClassFolder} the
 * classes of a folder. The command line, the Maven goals and the agent call these, and so write the
 * same bytes.
 *
 * <p>A run goes through these steps, each in a package-private class: infer which methods suspend
 * (SuspendInference), check what can't be woven (WeavabilityChecks), decide what each suspension
 * saves (SpillPlan, from ControlFlow and FrameTypes), split loops (LoopSplitting), and emit the
 * code (ClassWeaver, BodyWeaver, FrameWeaver, SuspendCodegen).
 */
@NullMarked
package dev.weft.weaver;

import org.jspecify.annotations.NullMarked;
