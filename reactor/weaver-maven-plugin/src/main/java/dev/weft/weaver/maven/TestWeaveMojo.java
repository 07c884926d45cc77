// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.maven;

import java.io.File;
import java.util.List;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;
import org.jspecify.annotations.Nullable;

/** Weaves the module's tests in place. */
@Mojo(
    name = "testWeave",
    defaultPhase = LifecyclePhase.PROCESS_TEST_CLASSES,
    requiresDependencyResolution = ResolutionScope.TEST,
    threadSafe = true)
public final class TestWeaveMojo extends AbstractWeaveMojo {
  /** The folder to weave. */
  @Parameter(defaultValue = "${project.build.testOutputDirectory}")
  private @Nullable File classes;

  /** Where the classes are kept as the compiler made them. */
  @Parameter(defaultValue = "${project.build.directory}/test-classes-unwoven")
  private @Nullable File unwoven;

  @Parameter(defaultValue = "${project.testClasspathElements}", readonly = true)
  private @Nullable List<String> classPath;

  @Override
  Input input() {
    return new Input(classes, unwoven, classPath);
  }
}
