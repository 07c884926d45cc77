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

  @Parameter(defaultValue = "${project.testClasspathElements}", readonly = true)
  private @Nullable List<String> classPath;

  @Override
  Input input() {
    return new Input(classes, classPath);
  }
}
