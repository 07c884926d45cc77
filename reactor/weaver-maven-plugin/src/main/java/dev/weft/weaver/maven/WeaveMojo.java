// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.maven;

import java.io.File;
import java.util.List;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;
import org.jspecify.annotations.Nullable;

/** Weaves the classes of the module in place. */
@Mojo(
    name = "weave",
    defaultPhase = LifecyclePhase.PROCESS_CLASSES,
    requiresDependencyResolution = ResolutionScope.COMPILE,
    threadSafe = true)
public final class WeaveMojo extends AbstractWeaveMojo {
  /** The folder to weave. */
  @Parameter(defaultValue = "${project.build.outputDirectory}")
  private @Nullable File classes;

  @Parameter(defaultValue = "${project.compileClasspathElements}", readonly = true)
  private @Nullable List<String> classPath;

  @Override
  Input input() {
    return new Input(classes, classPath);
  }
}
